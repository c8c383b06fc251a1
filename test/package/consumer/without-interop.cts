// TypeScript that compiles to CommonJS without esModuleInterop, as in many older projects.
import connectPgTyped = require('connect-pg-typed');
import session = require('express-session');

declare module 'express-session' {
  interface SessionData {
    user: string;
  }
}

const PgSessionStore = connectPgTyped(session);
const options: connectPgTyped.StoreOptions = {
  conString: process.env.DATABASE_URL,
  schemaName: process.env.SCHEMA_NAME,
  tableName: process.env.TABLE_NAME,
  createTableIfMissing: true,
};
const store: connectPgTyped.PgSessionStore = new PgSessionStore(options);
session({ store, secret: 'only a test', resave: false, saveUninitialized: false });

async function main() {
  await store.set('a', { cookie: new session.Cookie(), user: 'ada' });
  console.log((await store.get('a'))?.user);
  await store.close();
}

void main();
