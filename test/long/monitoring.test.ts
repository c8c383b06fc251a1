// The programs of docs/monitoring.md, with the tools that they are for. Run
// `npm ci --prefix examples/monitoring` first.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as assert from 'uvu/assert';
import { compiled } from '../support/compiled.js';
import { freshPool, freshStore, OPTIONS, session, storedId } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';

const folder = fileURLToPath(new URL('../../examples/monitoring/', import.meta.url));
const test = suite('monitoring', { timeout: 120_000, needs: 'examples/monitoring' });

interface Span {
  name: string;
  traceId: string;
  attributes: { key: string; value: any }[];
}

const attribute = (span: Span, key: string) => span.attributes.find((one) => one.key === key)?.value;

/** The server that an OpenTelemetry exporter sends to. */
async function startCollector() {
  const spans: Span[] = [];
  const server = http.createServer(async (request, response) => {
    const { resourceSpans } = (await json(request)) as any;
    for (const { scopeSpans } of resourceSpans) for (const scope of scopeSpans) spans.push(...scope.spans);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  return { spans, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const REQUESTS = 60;

/**
 * The spans of an app that gets 60 requests at once, four times: sign in, change, read, sign out.
 */
async function tracedSpans(max: number): Promise<Span[]> {
  const { pool, names } = await freshStore();
  const { spans, url } = await startCollector();
  const options = JSON.stringify({ ...OPTIONS, ...names, max });
  const args = ['--import', './tracing.mjs', 'app.mjs', pathToFileURL(compiled('src/index.ts')).href, options];
  const { connectionString } = pool.options;
  const env = { ...process.env, DATABASE_URL: connectionString, OTEL_EXPORTER_OTLP_ENDPOINT: url };
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  onEnd(() => child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  const app = String(line).trim();
  const cookies: string[] = Array(REQUESTS).fill('');
  for (const path of ['/change/dark', '/change/light', '/', '/sign-out']) {
    const visit = async (n: number) => {
      const response = await fetch(app + path, { headers: { cookie: cookies[n]! } });
      assert.is(response.status, 200, path);
      cookies[n] ||= response.headers.getSetCookie()[0]!.split(';')[0]!;
    };
    await Promise.all(cookies.map((_, n) => visit(n)));
  }
  child.kill('SIGTERM');
  await once(child, 'exit');
  return spans;
}

for (const max of [1, 4]) {
  test(`OpenTelemetry shows each statement in a request that it serves, with a pool of ${max}`, async () => {
    const spans = await tracedSpans(max);
    const sids = new Map<string, string>();
    for (const span of spans) {
      const sid = attribute(span, 'test.sid')?.stringValue;
      if (sid) sids.set(span.traceId, storedId(sid));
    }
    assert.is(sids.size, 4 * REQUESTS);

    const queries = spans.filter(({ name }) => name.startsWith('pg.query'));
    const valuesOf = (span: Span) => JSON.stringify(attribute(span, 'db.postgresql.values'));
    const foreign = queries.filter((span) => !valuesOf(span).includes(sids.get(span.traceId) ?? 'no request'));
    const batches = queries.flatMap((span) => attribute(span, 'db.operation.batch.size')?.intValue ?? []);
    const sent = `${queries.length} statements, ${batches.length} of them batches`;
    console.log(`pool of ${max}: ${sent}, ${foreign.length} in a request that they do not serve`);
    assert.equal(foreign, []);
    const calls = 7 * REQUESTS; // set; get, set; get, touch; get, destroy
    const served = batches.reduce((sum, size) => sum + size, queries.length - batches.length);
    assert.is(served, calls);
    assert.ok(batches.length > 0 || OPTIONS.batch === false, sent);

    const others = spans.filter(({ name, traceId }) => name.startsWith('pg') && !sids.has(traceId));
    assert.equal(others, []);
  });
}

test('prom-client shows the counters and durations, and each metric that an alert needs', async () => {
  const { countStats, measureCalls } = await import(`${folder}metrics.mjs`);
  const { default: client } = await import(`${folder}node_modules/prom-client/index.js`);
  onEnd(() => client.register.clear());
  const { store, pool, table } = await freshStore();
  countStats(store);
  measureCalls();
  await store.set('a', session());
  await Promise.all([store.get('a'), store.get('b')]);
  await pool.query(`DROP TABLE ${table}`);
  await store.get('a').catch(() => {});
  for (const scrape of ['first', 'second']) {
    const lines = (await client.register.metrics()).split('\n');
    for (const line of [
      'session_store_calls_total{method="get"} 3',
      'session_store_calls_total{method="touch"} 0',
      'session_store_errors_total{code="DATABASE"} 1',
      'session_store_errors_total{code="OVERLOADED"} 0',
      'session_store_events_total{event="pruned"} 0',
      'session_store_call_seconds_count{method="get"} 3',
      'session_store_call_seconds_bucket{le="5",method="set"} 1',
    ]) {
      assert.ok(lines.includes(line), `${line} at the ${scrape} scrape of\n${lines.join('\n')}`);
    }
  }
  const lines = (await client.register.metrics()).split('\n');
  const [, alerts] = readFileSync('docs/monitoring.md', 'utf8').split('\n## Alerts');
  const needed = [...alerts!.matchAll(/(session_store_\w+)(?:\{(\w+="\w+")\})?/g)];
  assert.ok(needed.length > 5);
  for (const [metric, name, label = ''] of needed) {
    const isShown = lines.some((line: string) => line.startsWith(`${name}{`) && line.includes(label));
    assert.ok(isShown, metric);
  }
});

/** What each logger writes of an idle connection that the server ends. Each line is JSON. */
async function logged(errorLogs: ((message: string, error: unknown) => void)[]): Promise<void> {
  const { pool } = await freshStore({
    pool: freshPool(),
    errorLog: (message, error) => {
      for (const errorLog of errorLogs) errorLog(message, error);
    },
  });
  const { rows } = await pool.query('SELECT pg_backend_pid() AS pid');
  await freshPool().query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
  while (pool.totalCount > 0) await sleep(20);
}

test('pino and winston log the message, the code and the stack of an error, and not its client', async () => {
  const { pinoLog, winstonLog } = await import(`${folder}logging.mjs`);
  const { default: pino } = await import(`${folder}node_modules/pino/pino.js`);
  const { default: winston } = await import(`${folder}node_modules/winston/lib/winston.js`);
  const makePino = (stream: PassThrough) => pino(stream);
  const makeWinston = (stream: PassThrough) =>
    winston.createLogger({
      format: winston.format.json(),
      transports: [new winston.transports.Stream({ stream })],
    });
  const bound = (logger: any) => logger.error.bind(logger);
  const streams = Array.from({ length: 4 }, () => new PassThrough());
  const [one, two, three, four] = streams;
  await logged([
    pinoLog(makePino(one!)),
    winstonLog(makeWinston(two!)),
    bound(makePino(three!)),
    bound(makeWinston(four!)),
  ]);

  const [ofPino, ofWinston, ofBoundPino, ofBoundWinston] = streams.map((stream) => JSON.parse(String(stream.read())));
  for (const { err, msg, message = msg, ...others } of [ofPino, ofWinston]) {
    assert.is(message, 'An idle connection of the pool failed:');
    assert.is(err.code, '57P01');
    assert.match(err.stack, /^error: terminating connection due to administrator command\n {4}at /);
    assert.not('client' in err || 'client' in others);
  }
  assert.equal([ofBoundPino.msg, ofBoundPino.err], [ofPino.msg, undefined]);
  assert.ok(ofBoundWinston.client.connectionParameters.user);
});
