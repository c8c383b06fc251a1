import { PgSessionStore } from 'connect-pg-typed';
import setAndGet from './set-and-get.cjs';

await setAndGet(PgSessionStore);
