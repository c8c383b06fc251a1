// node --import tsx bench/at-rest.ts [--json FILE] [--docs]
//   Measures what the options for data at rest cost: compares this store with each option to this
//   store with none, in turns, in one run. --docs writes the table into docs/security.md.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import pg from 'pg';
import type { PgSessionStore, StoreOptions } from '../src/index.js';
import { quotedName } from '../test/support/stores.js';
import { build, importBuild } from './support/build.js';
import { tableOf, writeDocs } from './support/docs-tables.js';
import { median, OPERATIONS, run } from './support/load.js';
import { startServer } from './support/postgres.js';
import { openFilledStore } from './support/stores.js';

const { values } = parseArgs({
  options: { json: { type: 'string' }, docs: { type: 'boolean', default: false } },
});
const ROUNDS = 7;
const MS = 400;
const MEASURED = OPERATIONS.filter((operation) => operation !== 'touch');
const ROLE = 'bench_app';

const NONE = 'none';
const encryption = { keys: [Buffer.from([...Array(32).keys()])] };
const OPTIONS: Record<string, StoreOptions> = {
  [NONE]: {},
  "hashIds: 'upgrade'": { hashIds: 'upgrade' },
  'hashIds: true': { hashIds: true },
  encryption: { encryption },
  lifetime: { lifetime: 86_400 },
  'hashIds, encryption and lifetime': { hashIds: true, encryption, lifetime: 86_400 },
};
const ROW_LEVEL_SECURITY = 'row-level security';

build();
const server = await startServer();
const restricted = new pg.Pool({ connectionString: server.url, options: `-c role=${ROLE}` });
restricted.on('error', () => {});
try {
  const stores = new Map<string, PgSessionStore>();
  for (const [name, options] of Object.entries(OPTIONS))
    stores.set(name, (await openFilledStore(name, server.pool, undefined, options)) as PgSessionStore);
  stores.set(ROW_LEVEL_SECURITY, await openRestricted());

  const rates: Record<string, Record<string, number>> = {};
  for (const atOnce of [1, 128]) {
    for (const operation of MEASURED) {
      const samples = new Map<string, number[]>([...stores.keys()].map((name) => [name, []]));
      for (let round = 0; round <= ROUNDS; round++) {
        for (const [name, store] of stores) {
          const { rate } = await run(store, operation, { atOnce, ms: MS });
          if (round > 0) samples.get(name)!.push(rate);
        }
      }
      rates[`${operation}, ${atOnce} at once`] = Object.fromEntries(
        [...samples].map(([name, all]) => [name, median(all)]),
      );
    }
  }
  const text = tableOf(
    ['', ...Object.keys(rates)],
    [...stores.keys()].map((name) => [
      name === NONE ? 'none, thousands per second' : name,
      ...Object.values(rates).map((by) => (name === NONE ? by[NONE]! / 1000 : by[name]! / by[NONE]!).toFixed(2)),
    ]),
  );
  console.log(text);
  if (values.docs) writeDocs('settings', text, 'security.md');
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ postgres: server.version, rates }, null, 2)}\n`);
} finally {
  await restricted.end();
  await server.stop();
}

/** Opens a store that shares its table as docs/security.md says. */
async function openRestricted(): Promise<PgSessionStore> {
  await openFilledStore(ROW_LEVEL_SECURITY, server.pool, undefined);
  const names = { schemaName: `bench ${ROW_LEVEL_SECURITY}`, tableName: 'session' };
  const table = quotedName(names);
  for (const statement of [
    `CREATE ROLE ${ROLE}`,
    `GRANT USAGE ON SCHEMA ${pg.escapeIdentifier(names.schemaName)} TO ${ROLE}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${ROLE}`,
    `ALTER TABLE ${table} ADD app name NOT NULL DEFAULT '${ROLE}'`,
    `ALTER TABLE ${table} ALTER app SET DEFAULT current_user`,
    `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`,
    `CREATE POLICY own_sessions ON ${table} USING (app = current_user)`,
    `VACUUM ANALYZE ${table}`,
  ])
    await server.pool.query(statement);
  const { PgSessionStore } = await importBuild();
  return new PgSessionStore({ ...names, pool: restricted, pruneSessionInterval: false, touchAfter: 0 });
}
