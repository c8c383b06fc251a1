// Tests the public types: each line must compile, except those after @ts-expect-error. It never
// runs.
import connectPgTyped, { type CreateTableOptions, PgSessionStore, type StoreOptions, type Ttl } from 'connect-pg-typed';
import { type Admin, createAdmin, type SessionEntry } from 'connect-pg-typed/admin';
import {
  bindTable,
  countSessions,
  getSessions,
  type ListSessionsResult,
  listSessions,
  pruneSessions,
  type TableNames,
} from 'connect-pg-typed/queries';
import session, { type SessionData } from 'express-session';
import { Client, Pool } from 'pg';

declare module 'express-session' {
  interface SessionData {
    views: number;
  }
}

export const pool = new Pool();
export const store = new PgSessionStore({ pool });
export const madeByFactory: PgSessionStore = new (connectPgTyped(session))({ pool });
export const anyStore: session.Store = store;

export async function sessionsHaveTheTypeOfTheApp() {
  const viewsGot: number | undefined = (await store.get('a'))?.views;
  store.get('a', (error, found) => {
    const viewsFound: number | undefined = found?.views;
    // @ts-expect-error: views is a number. With any it would compile
    const text: string | undefined = found?.views;
    return [error.message, viewsFound, text];
  });
  store.get('a', (error: Error | null, found) => [error?.message, found?.views]);
  // @ts-expect-error: views is a number. With any it would compile
  const text: string | undefined = (await store.get('a'))?.views;
  // @ts-expect-error: the session may be missing
  (await store.get('a')).views;
  // @ts-expect-error: SessionData has no such property
  (await store.get('a'))?.vews;
  return [viewsGot, text];
}

export function eventsAreTyped() {
  const handles: string[] = [];
  store.on('revoked', (event) => handles.push(...event.handles));
  store.once('conflict', ({ handle, keys }) => handles.push(handle, ...keys));
  store.off('gone', ({ during }) => during === 'set');
  store.on('expired', (event) => handles.push(...event.handles));
  store.on('kept', ({ error }) => error.sqlState);
  store.on('resync', () => {});
  // @ts-expect-error: the store has no event with this name
  store.on('revokd', () => {});
  // @ts-expect-error: the store has no event with this name
  store.once('error', () => {});
  // @ts-expect-error: the event has no such property
  store.on('unreadable', ({ sid }) => sid);
  // @ts-expect-error: the event has no parameter
  store.on('resync', (event) => event);
  const emitter: NodeJS.EventEmitter = store;
  return [handles, emitter, store.listenerCount('revoked')];
}

export async function eachMethodTakesACallbackOrReturnsAPromise(data: SessionData) {
  const promises: Promise<void>[] = [
    store.set('a', data),
    store.touch('a', data),
    store.destroy('a'),
    store.clear(),
    store.createTable({ createSchema: true }),
    store.close(),
  ];
  const sessions: SessionData[] = await store.all();
  const counts: number[] = [await store.length(), await store.pruneSessions()];
  store.set('a', data, (error) => error);
  store.length((error, count) => (error ? 0 : count?.toFixed()));
  store.pruneSessions((error, count) => (error ? 0 : count?.toFixed()));
  // @ts-expect-error: a session has a cookie
  await store.set('a', { views: 1 });
  // @ts-expect-error: the count is a number
  const text: string = await store.pruneSessions();
  return [promises, sessions, counts, text];
}

export function optionsAreChecked() {
  const ttl: Ttl = (data) => data.views * 60;
  const create: CreateTableOptions = { createSchema: true };
  const options: StoreOptions = { conObject: { host: 'localhost' }, ttl, pruneSessionInterval: false };
  // @ts-expect-error: the option does not exist
  const unknown: StoreOptions = { pool, schema: 'web' };
  // @ts-expect-error: ttl is a number of seconds
  const wrong: StoreOptions = { pool, ttl: '1 day' };
  // @ts-expect-error: a client is not a pool
  const client: StoreOptions = { pool: new Client() };
  // @ts-expect-error: the factory takes express-session
  connectPgTyped({});
  return [create, options, unknown, wrong, client];
}

export async function queriesAreTyped() {
  const names: TableNames = { schemaName: 'web', tableName: 'user sessions' };
  const table = bindTable(pool, names);
  bindTable(new Client(), names);
  const [counted] = await countSessions.run(undefined, table);
  const count: number | undefined = counted?.count;
  const rows: ListSessionsResult[] = await listSessions.run(undefined, table);
  const sids: string[] = (await getSessions.run({ sids: ['a'] }, table)).map((row) => row.sid);
  // @ts-expect-error: the parameter is called sids
  await getSessions.run({ sid: 'a' }, table);
  // @ts-expect-error: a batch is a number
  await pruneSessions.run({ key: 1, batch: 'all' }, table);
  // @ts-expect-error: the count is a number
  const text: string | undefined = counted?.count;
  // @ts-expect-error: a row has no such column
  rows[0]?.expires;
  return [count, rows, sids, text];
}

export async function adminIsTyped() {
  const admin: Admin = createAdmin({ pool, schemaName: 'web', userPath: ['user', 'id'] });
  const found: SessionEntry[] = await admin.find(42);
  const views: number | undefined = found[0]?.session?.views;
  const counts: number[] = [await admin.count(), await admin.revokeUser('ada', { except: store.handle('a') })];
  const { sessions, next } = await admin.list({ after: null, limit: 10 });
  const { live, firstExpiresIn } = await admin.stats();
  // @ts-expect-error: it is null without sessions
  const left: number = firstExpiresIn;
  // @ts-expect-error: an entry does not have the session id
  sessions[0]?.sid;
  // @ts-expect-error: a user is a string or a number
  await admin.revokeUser({ id: 42 });
  // @ts-expect-error: createAdmin() needs a pool
  createAdmin({ schemaName: 'web' });
  return [views, counts, next, live, left];
}
