// Makes calls of each kind for many sessions at once, and prints what the sessions count.
import { promisify } from 'node:util';
import { PgSessionStore } from 'connect-pg-typed';

const store = new PgSessionStore({
  conString: process.env.DATABASE_URL,
  schemaName: process.env.SCHEMA_NAME,
  tableName: process.env.TABLE_NAME,
  touchAfter: 0,
  timeout: 30,
});
const sids = Array.from({ length: 64 }, (_, n) => `session ${n}`);
const load = promisify(store.load).bind(store);
const cookie = { originalMaxAge: null };

await store.set(sids[0], { cookie }); // the store learns how the table is distributed
await Promise.all(sids.map((sid) => store.set(sid, { cookie, views: 0 })));
const loaded = await Promise.all(sids.map((sid) => load(sid)));
await Promise.all(loaded.map((session) => store.set(session.id, Object.assign(session, { views: 1 }))));
await Promise.all(sids.map((sid) => store.touch(sid, { cookie })));
await Promise.all(sids.slice(0, 16).map((sid) => store.destroy(sid)));
const left = await Promise.all(sids.map((sid) => store.get(sid)));
await store.close();
console.log(left.reduce((sum, session) => sum + (session?.views ?? 0), 0));
