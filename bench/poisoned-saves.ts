// node --import tsx bench/poisoned-saves.ts [--per-second 100] [--rounds 5] [--ms 2000]
//   [--json FILE]
//   Saves sessions, 128 at once, without and with PER-SECOND saves that a trigger refuses, in
//   turns. Exits with 1 if the refused saves cost the others more than a quarter of their
//   throughput.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Store } from 'express-session';
import { quotedName } from '../test/support/stores.js';
import { build } from './support/build.js';
import { tableOf } from './support/docs-tables.js';
import { median, OPERATIONS, type Operation, quantile, run } from './support/load.js';
import { startServer } from './support/postgres.js';
import { SESSIONS, sessionOf, sidOf } from './support/sessions.js';
import { call, OURS, openFilledStore } from './support/stores.js';

const { values } = parseArgs({
  options: {
    'per-second': { type: 'string', default: '100' },
    rounds: { type: 'string', default: '5' },
    ms: { type: 'string', default: '2000' },
    json: { type: 'string' },
  },
});
const perSecond = Number(values['per-second']);
const rounds = Number(values.rounds);
const ms = Number(values.ms);
const AT_ONCE = 128;
const MIN_RATIO = 0.75;
const REFUSED = 'P0001'; // raise_exception
const REFUSED_SESSIONS = 500; // the ones after the first SESSIONS, which the load saves
const CASES = OPERATIONS.filter((operation) => operation !== 'get' && operation !== 'touch');

interface Sample {
  /** Good calls per second, without and with refused saves. */
  without: number;
  with: number;
  ratio: number;
  /** Milliseconds below which 99 % of the good calls end beside refused saves. */
  p99: number;
  /** The longest refused save, in milliseconds. */
  longestRefused: number;
}

build();
const server = await startServer();
const results: Record<string, Sample> = {};
try {
  const store = await openFilledStore(OURS, server.pool, undefined);
  const table = quotedName({ schemaName: `bench ${OURS}`, tableName: 'session' });
  await server.pool.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'poisoned'; END $$`);
  for (let n = 0; n < REFUSED_SESSIONS; n++) await call(store, 'set', sidOf(SESSIONS + n), sessionOf(SESSIONS + n));
  await server.pool.query(`CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON ${table}
    FOR EACH ROW WHEN (NEW.sid LIKE '${sidOf(0).replace('0', '1____')}') EXECUTE FUNCTION refuse()`);
  for (const operation of CASES) {
    const samples: Sample[] = [];
    for (let round = 0; round <= rounds; round++) {
      const without = await run(store, operation, { atOnce: AT_ONCE, ms });
      const stop = poison(store, operation);
      const beside = await run(store, operation, { atOnce: AT_ONCE, ms });
      const longestRefused = await stop();
      const sample = {
        without: without.rate,
        with: beside.rate,
        ratio: beside.rate / without.rate,
        p99: quantile(beside.times, 0.99),
        longestRefused,
      };
      if (round > 0) samples.push(sample); // the first round is the warm-up
    }
    const of = (key: keyof Sample) => median(samples.map((sample) => sample[key]));
    results[operation] = {
      without: of('without'),
      with: of('with'),
      ratio: of('ratio'),
      p99: of('p99'),
      longestRefused: of('longestRefused'),
    };
  }
} finally {
  await server.stop();
}
const rows = Object.entries(results).map(([operation, sample]) => [
  operation,
  sample.without.toFixed(0),
  sample.with.toFixed(0),
  sample.ratio.toFixed(2),
  sample.p99.toFixed(0),
  sample.longestRefused.toFixed(0),
]);
console.log(`PostgreSQL ${server.version}. Good calls per second, ${AT_ONCE} at once, beside ${perSecond} refused saves a second:

${tableOf(['', 'without', 'with', 'with / without', '99 % of the good, ms', 'longest refused, ms'], rows)}`);
if (values.json) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
const slow = Object.entries(results).filter(([, { ratio }]) => ratio < MIN_RATIO);
for (const [operation, { ratio }] of slow)
  console.log(`too slow: ${operation}: ${ratio.toFixed(2)}, minimum ${MIN_RATIO}`);
process.exit(slow.length > 0 ? 1 : 0);

/**
 * Sends refused saves at an even rate. The returned function stops, and resolves with the longest
 * one in ms.
 */
function poison(store: Store, operation: Operation): () => Promise<number> {
  const begun = performance.now();
  const saves: Promise<void>[] = [];
  let longest = 0;
  const save = async (n: number): Promise<void> => {
    const from = performance.now();
    const state = await run(store, operation, { atOnce: 1, calls: 1, nextSession: () => SESSIONS + n }).then(
      () => 'none',
      (error: { sqlState?: string }) => error.sqlState,
    );
    if (state !== REFUSED) throw new Error(`a refused save ended with ${state}`);
    longest = Math.max(longest, performance.now() - from);
  };
  const timer = setInterval(() => {
    const due = ((performance.now() - begun) / 1000) * perSecond;
    while (saves.length < due) saves.push(save(saves.length % REFUSED_SESSIONS));
  }, 1);
  return async () => {
    clearInterval(timer);
    await Promise.all(saves);
    return longest;
  };
}
