// node --import tsx bench/at-rest.ts [--json FILE] [--docs]   What the settings for data at rest cost: this store with each of
// them beside itself with none, in turn, in one run. With --docs, docs/security.md has it.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { PgSessionStore, type StoreOptions } from '../src/index.js';
import { quotedName } from '../test/support/stores.js';
import { tableOf, writeDocs } from './support/docs-tables.js';
import { median, OPERATIONS, run } from './support/load.js';
import { startServer } from './support/postgres.js';
import { openContender } from './support/stores.js';

const { values } = parseArgs({
  options: { json: { type: 'string' }, docs: { type: 'boolean', default: false } },
});
const ROUNDS = 7;
const MS = 400;
const MEASURED = OPERATIONS.filter((operation) => operation !== 'touch');
const ROLE = 'bench_app';

const NONE = 'none';
const encryption = { keys: [Buffer.alloc(32, 'key')] };
const SETTINGS: Record<string, StoreOptions> = {
  [NONE]: {},
  "hashIds: 'upgrade'": { hashIds: 'upgrade' },
  'hashIds: true': { hashIds: true },
  encryption: { encryption },
  lifetime: { lifetime: 86_400 },
  'hashIds, encryption and lifetime': { hashIds: true, encryption, lifetime: 86_400 },
};
const ROW_LEVEL_SECURITY = 'row-level security';

const server = await startServer();
const restricted = new pg.Pool({ connectionString: server.url, options: `-c role=${ROLE}` });
restricted.on('error', () => {});
try {
  const stores = new Map<string, PgSessionStore>();
  for (const [name, options] of Object.entries(SETTINGS))
    stores.set(name, (await openContender(name, server.pool, undefined, options)) as PgSessionStore);
  stores.set(ROW_LEVEL_SECURITY, await openRestricted());

  const rates: Record<string, Record<string, number>> = {};
  for (const atOnce of [1, 128]) {
    for (const operation of MEASURED) {
      const taken = new Map<string, number[]>([...stores.keys()].map((name) => [name, []]));
      for (let round = 0; round <= ROUNDS; round++) {
        for (const [name, store] of stores) {
          const { rate } = await run(store, operation, { atOnce, ms: MS });
          if (round > 0) taken.get(name)!.push(rate);
        }
      }
      rates[`${operation}, ${atOnce} at once`] = Object.fromEntries(
        [...taken].map(([name, all]) => [name, median(all)]),
      );
    }
  }
  const text = tableOf(
    ['', ...Object.keys(rates)],
    [...stores.keys()].map((name) => [
      name === NONE ? 'thousands a second with none' : name,
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

/** As docs/security.md says to share a table. */
async function openRestricted(): Promise<PgSessionStore> {
  await openContender(ROW_LEVEL_SECURITY, server.pool, undefined);
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
  return new PgSessionStore({ ...names, pool: restricted, pruneSessionInterval: false, touchAfter: 0 });
}
