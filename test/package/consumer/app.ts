// An Express app in TypeScript without a cast. It compiles as an ES module, as CommonJS and for a
// bundler, and runs.
import type { AddressInfo } from 'node:net';
import connectPgTyped, { type StoreOptions } from 'connect-pg-typed';
import express from 'express';
import session from 'express-session';
import { Pool } from 'pg';

declare module 'express-session' {
  interface SessionData {
    views: number;
  }
}

const PgSessionStore = connectPgTyped(session);
const options: StoreOptions = {
  pool: new Pool({ connectionString: process.env.DATABASE_URL }),
  schemaName: process.env.SCHEMA_NAME,
  tableName: process.env.TABLE_NAME,
  createTableIfMissing: true,
};
const app = express();
app.use(
  session({ store: new PgSessionStore(options), secret: 'only a test', resave: false, saveUninitialized: false }),
);
app.get('/', (request, response) => {
  request.session.views = (request.session.views ?? 0) + 1;
  response.send(`visit ${request.session.views}`);
});

const server = app.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
