// Each kind of table accepts each statement.
import * as assert from 'uvu/assert';
import * as citus from '../../src/generated/citus.js';
import { refusedStatements } from '../support/all-statements.js';
import { COLUMNS, citusTable, hasCitus } from '../support/citus.js';
import { freshDatabase } from '../support/fresh-database.js';
import { freshPool } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';

const test = suite('plans', { timeout: 120_000 });

/** Only on a server with Citus. */
const OF_CITUS = Object.keys(citus).filter((query) => query !== 'findCitus');
/** It changes sids. The rows are deleted and inserted instead. */
const CHANGES_SIDS = ['rehashSessions'];

const PARTITIONS = 'FOR VALUES WITH (MODULUS 2, REMAINDER';
for (const [kind, sql] of Object.entries({
  plain: `CREATE TABLE session (${COLUMNS})`,
  'hash-partitioned': `CREATE TABLE session (${COLUMNS}) PARTITION BY HASH (sid);
    CREATE TABLE one PARTITION OF session ${PARTITIONS} 0); CREATE TABLE two PARTITION OF session ${PARTITIONS} 1)`,
})) {
  test(`a ${kind} table accepts each statement`, async () => {
    const { url } = await freshDatabase();
    const pool = freshPool({ connectionString: url });
    await pool.query(sql);
    await pool.query('CREATE SCHEMA s; ALTER TABLE session SET SCHEMA s');
    assert.equal(Object.keys(await refusedStatements(pool, { schemaName: 's' })), OF_CITUS);
  });
}

const withCitus = hasCitus('the plans of reference and distributed tables') ? test : () => {};
for (const [kind, how, refused] of [
  ['reference table', 'reference', []],
  ['table with 4 shards', 4, CHANGES_SIDS],
  ['table with 32 shards', 32, CHANGES_SIDS],
] as const) {
  withCitus(`a ${kind} accepts each statement`, async () => {
    const { pool, names } = await citusTable(how);
    assert.equal(Object.keys(await refusedStatements(pool, names)), refused);
  });
}
