// npm run types            writes the typed queries        (needs no database set up: it brings its own)
// npm run types -- --check fails where they are out of date
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import pg from 'pg';
import { startLocalServer } from './local-postgres.js';

const server = await startLocalServer({ database: 'types' });
const old = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((f) => f.endsWith('.queries.ts'))
  .map((f) => `src/${f}`);
const kept = new Map(old.map((f) => [f, readFileSync(f, 'utf8')]));
try {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query(readFileSync('sql/schema.sql', 'utf8'));
  await client.end();
  for (const f of old) rmSync(f); // pgtyped 2.4.3 exits 0 on a broken query and leaves the old file: make it show
  const child = spawn('node_modules/.bin/pgtyped', ['-c', 'pgtyped.config.json', '--uri', server.url], {
    stdio: ['ignore', 'inherit', 'pipe'],
    timeout: 120_000,
  });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (d: string) => {
    complaints += d;
    process.stderr.write(d);
  });
  const [code] = await once(child, 'close');
  const missing = old.filter((f) => !existsSync(f));
  if (code !== 0 || missing.length || /error/i.test(complaints)) {
    for (const [f, body] of kept) writeFileSync(f, body);
    throw new Error(`pgtyped failed (exit ${code}${missing.length ? `, not written: ${missing}` : ''})`);
  }
  const stale = [...kept].filter(([f, body]) => readFileSync(f, 'utf8') !== body).map(([f]) => f);
  if (process.argv.includes('--check') && stale.length) throw new Error(`out of date, run 'npm run types': ${stale}`);
} finally {
  await server.stop();
}
