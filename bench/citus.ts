// TEST_CITUS_URL=postgres://... node --import tsx bench/citus.ts [--rounds 5] [--ms 1500]
//   Compares this store with the same store with batch: false, on the same table of a Citus
//   cluster. Prints calls per second, and CPU per call of this process and of each node on this
//   machine. Exits with 1 if a ratio is below its minimum.
import { parseArgs } from 'node:util';
import pg from 'pg';
import { quotedName } from '../test/support/stores.js';
import { build, importBuild } from './support/build.js';
import { tableOf } from './support/docs-tables.js';
import { median, type Operation, run } from './support/load.js';
import { cpuOfTree } from './support/process-cpu.js';
import { fillTable, SESSIONS } from './support/sessions.js';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, ms: { type: 'string', default: '1500' } },
});
const url = process.env.TEST_CITUS_URL;
if (!url) throw new Error('set TEST_CITUS_URL to the URL of a database with the extension Citus and its workers');

/** The least that calls per second in batches / alone may be. */
const CASES: { shards: number; atOnce: number; minRatios: Partial<Record<Operation, number>> }[] = [
  { shards: 4, atOnce: 128, minRatios: { get: 5, set: 3, 'load, change, save': 2.5, touch: 2 } },
  { shards: 32, atOnce: 1024, minRatios: { get: 4, set: 2.5, touch: 2 } },
];
const MIN_TOUCH_TO_SET = 0.9; // both alone

build();
const { PgSessionStore } = await importBuild();
const admin = new pg.Pool({ connectionString: url, max: 2 });
const { rows: files } = await admin.query('SELECT result FROM run_command_on_all_nodes($1) ORDER BY nodeid', [
  "SELECT pg_read_file('postmaster.pid')",
]);
const nodes = files.map(({ result }) => Number(result.split('\n')[0]));
let isGood = true;

for (const { shards, atOnce, minRatios } of CASES) {
  const names = { schemaName: `bench citus ${shards}`, tableName: 'session' };
  await admin.query(`DROP SCHEMA IF EXISTS ${pg.escapeIdentifier(names.schemaName)} CASCADE`);
  const pools = [0, 1].map(() => new pg.Pool({ connectionString: url, max: 10 }));
  const open = (pool: pg.Pool, batch: boolean) =>
    new PgSessionStore({ pool, ...names, batch, touchAfter: 0, pruneSessionInterval: false, timeout: 30 });
  const stores = { alone: open(pools[0]!, false), batched: open(pools[1]!, true) };
  await stores.alone.createTable({ createSchema: true, distributed: { shardCount: shards } });
  await fillTable(admin, quotedName(names), { to: SESSIONS });
  const rows: string[][] = [];
  const aloneRates: Partial<Record<Operation, number>> = {};
  for (const [operation, minRatio] of Object.entries(minRatios) as [Operation, number][]) {
    const measured = { alone: [] as number[], batched: [] as number[] };
    const cpu = { alone: [] as number[][], batched: [] as number[][] };
    for (let round = 0; round <= Number(values.rounds); round++) {
      for (const kind of ['alone', 'batched'] as const) {
        const before = nodes.map(cpuOfTree);
        const {
          rate,
          cpu: ofNode,
          times,
        } = await run(stores[kind], operation, {
          atOnce,
          ms: Number(values.ms),
        });
        if (round === 0) continue; // a warm-up
        measured[kind].push(rate);
        const ofNodes = nodes.map((pid, n) => (cpuOfTree(pid) - before[n]!) / times.length);
        cpu[kind].push([ofNode, ...ofNodes]);
      }
    }
    const ratio = median(measured.batched.map((rate, n) => rate / measured.alone[n]!));
    aloneRates[operation] = median(measured.alone);
    if (ratio < minRatio) isGood = false;
    const cpuOf = (kind: 'alone' | 'batched') =>
      cpu[kind][0]!.map((_, n) => Math.round(median(cpu[kind].map((one) => one[n]!)))).join(' + ');
    rows.push([
      operation,
      String(Math.round(median(measured.alone))),
      String(Math.round(median(measured.batched))),
      `${ratio.toFixed(2)} (at least ${minRatio})`,
      cpuOf('alone'),
      cpuOf('batched'),
    ]);
  }
  console.log(`\n${shards} shards, ${atOnce} calls at once, ${nodes.length} nodes\n`);
  console.log(
    tableOf(['', 'alone, calls/s', 'batched, calls/s', 'ratio', 'alone, µs: Node + nodes', 'batched, µs'], rows),
  );
  const touchToSet = aloneRates.touch! / aloneRates.set!;
  if (touchToSet < MIN_TOUCH_TO_SET) isGood = false;
  console.log(`touch / set, both alone: ${touchToSet.toFixed(2)} (at least ${MIN_TOUCH_TO_SET})`);
  for (const store of Object.values(stores)) await store.close();
  for (const pool of pools) await pool.end();
  await admin.query(`DROP SCHEMA ${pg.escapeIdentifier(names.schemaName)} CASCADE`);
}
await admin.end();
process.exitCode = isGood ? 0 : 1;
