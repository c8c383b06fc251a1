// node --import ./tracing.mjs app.mjs STORE OPTIONS   The app of test/long/monitoring.test.ts.
// STORE is the URL of the store's module, and OPTIONS are the store's and the pool's as JSON.
// SIGTERM ends it.
import { trace } from '@opentelemetry/api';
import express from 'express';
import session from 'express-session';
import pg from 'pg';
import { pgInstrumentation, provider } from './tracing.mjs';

const [module, options] = process.argv.slice(2);
const { max, ...storeOptions } = JSON.parse(options);
const { PgSessionStore } = await import(module);

// The test reads the ids of the sessions from the spans. Another app must not show them.
pgInstrumentation.setConfig({ ...pgInstrumentation.getConfig(), enhancedDatabaseReporting: true });

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max });
const store = new PgSessionStore({ ...storeOptions, pool, touchAfter: 0, pruneSessionInterval: false });
const app = express();
app.use(session({ store, secret: 'test', resave: false, saveUninitialized: false }));
app.use((req, _res, next) => {
  trace.getActiveSpan().setAttribute('test.sid', req.sessionID);
  next();
});
app.get('/change/:theme', (req, res) => {
  req.session.theme = req.params.theme;
  res.end();
});
app.get('/sign-out', (req, res, next) => {
  req.session.destroy((error) => (error ? next(error) : res.end()));
});
app.get('/', (_req, res) => res.end());

const server = app.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.once('SIGTERM', async () => {
  server.close();
  server.closeAllConnections();
  await store.close();
  await pool.end();
  await provider.shutdown(); // sends the last spans
});
