// The names of indexes in printed SQL are those that PostgreSQL gives.
import * as assert from 'uvu/assert';
import { createTable, tableStatements } from '../../src/table/create-table.js';
import { indexName } from '../../src/table/index-names.js';
import { freshNames, freshPool, useAdministrator } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';
import { quotedName } from '../support/stores.js';

const test = suite('index names');
useAdministrator();

test('indexName() returns the name that PostgreSQL gives, also if it shortens a long name', async () => {
  const pool = freshPool();
  const tables = [
    'session',
    'a "b" $&',
    'x'.repeat(63),
    'é'.repeat(31),
    `x${'é'.repeat(31)}`,
    '😀'.repeat(15),
    `xy${'😀'.repeat(15)}`,
  ];
  for (let bytes = 50; bytes < 60; bytes++) tables.push('y'.repeat(bytes));
  for (const tableName of tables) {
    const names = { ...freshNames(), tableName }; // another schema: in one schema, PostgreSQL numbers equal names
    await createTable({ pool, names }, { createSchema: true, userPath: ['user'] });
    const { rows } = await pool.query(
      'SELECT relname FROM pg_index JOIN pg_class ON oid = indexrelid WHERE indrelid = $1::regclass ORDER BY oid',
      [quotedName(names)],
    );
    assert.equal(
      rows.map(({ relname }) => relname),
      [indexName(names, '', 'pkey'), indexName(names, 'expire'), indexName(names, 'expr')],
      tableName,
    );
  }
});

test('the printed statements can run twice, and after createTable()', async () => {
  for (const isFirst of [true, false]) {
    const [pool, names] = [freshPool(), freshNames()];
    const options = { createSchema: true, userPath: ['user'] };
    if (!isFirst) await createTable({ pool, names }, options);
    for (let run = 0; run < 2; run++) await pool.query((await tableStatements(names, options)).join('\n'));
    const { rowCount } = await pool.query('SELECT FROM pg_index WHERE indrelid = $1::regclass', [quotedName(names)]);
    assert.is(rowCount, 3);
  }
});

test('the printed statements leave a table that is not UNLOGGED as it is', async () => {
  const [pool, names] = [freshPool(), freshNames()];
  await createTable({ pool, names }, { createSchema: true });
  await pool.query((await tableStatements(names, { unlogged: true })).join('\n'));
  const { rows } = await pool.query('SELECT relpersistence FROM pg_class WHERE oid = $1::regclass', [
    quotedName(names),
  ]);
  assert.is(rows[0].relpersistence, 'p');
});
