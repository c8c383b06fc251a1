import connectPgTyped from 'connect-pg-typed';
import session from 'express-session';
import setAndGet from './set-and-get.cjs';

await setAndGet(connectPgTyped(session));
