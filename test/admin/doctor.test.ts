// doctor() finds what is wrong with a table, and its advice repairs the table.
import pg from 'pg';
import * as assert from 'uvu/assert';
import { createAdmin, type Finding } from '../../src/admin/admin.js';
import { migrate } from '../../src/admin/migrate.js';
import { createTable } from '../../src/table/create-table.js';
import { freshDatabase } from '../support/fresh-database.js';
import {
  administrator,
  freshNames,
  freshPool,
  freshStore,
  isCitus,
  session,
  untilBlocked,
} from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { pgbouncer, startPgBouncer } from '../support/pgbouncer.js';
import { callStore, makeStore, makeTable, quotedName, type StoreName, sessionFor } from '../support/stores.js';

const test = suite('doctor', { timeout: 60_000 });

const codes = (findings: Finding[]) => findings.map(({ code }) => code);

for (const [name, expected] of [
  ['connect-pg-typed', []],
  ['connect-pg-simple', ['no-time-zone']],
  ['connect-pg-pool', ['no-expire-index', 'no-time-zone']],
] as [StoreName, string[]][]) {
  test(`doctor() finds ${expected.join(' and ') || 'nothing'} in the table of ${name}, and its advice repairs the table`, async () => {
    const place = { pool: freshPool({ max: 1 }), ...freshNames() };
    await makeTable(name, place);
    const admin = createAdmin(place);
    const findings = await admin.doctor();
    assert.equal(codes(findings), expected);
    assert.ok(findings.every(({ severity }) => severity === 'warning'));
    for (const statement of findings.flatMap(({ sql }) => sql)) await place.pool.query(statement);
    assert.equal(await admin.doctor(), []);
  });
}

for (const sess of ['json', 'jsonb', 'text'] as const) {
  test(`doctor() finds nothing wrong with a ${sess} column that a store uses`, async () => {
    const { store, pool, names } = await freshStore({ columns: { sess, expire: 'timestamptz' } });
    await createTable({ pool: administrator(pool), names: names }, { userPath: ['user'] });
    await store.set('a', session({ user: 'ada\0\ud800\ue000', path: 'C:\\u0000', pair: '😀', 'k\\': '\\ud800' }));
    await store.set('b', session());
    assert.equal(await createAdmin({ pool, ...names, userPath: ['user'] }).doctor(), []);
    assert.is(await store.length(), 2);
  });
}

for (const name of ['connect-pg-simple', 'connect-pg-pool'] as const) {
  test(`doctor() gives only warnings for the table of ${name} that has been in use for a day`, async () => {
    const place = { pool: freshPool(), ...freshNames() };
    await makeTable(name, place);
    const other = makeStore(name, place);
    for (const seconds of [60, 800 * 86_400, null]) {
      await callStore(other, 'set', `s${seconds}`, sessionFor(seconds, { user: 'ada é 😀' }));
    }
    await place.pool.query(
      `INSERT INTO ${quotedName(place)} SELECT n, '{"cookie":{}}', now() - interval '1 day' FROM generate_series(1, 9) AS n`,
    );
    const findings = await createAdmin({ ...place, userPath: ['user'] }).doctor();
    assert.ok(codes(findings).includes('not-pruned'));
    assert.equal(
      findings.filter(({ severity }) => severity !== 'warning'),
      [],
    );
  });
}

test('doctor() lists errors before warnings', async () => {
  const place = { pool: freshPool(), ...freshNames() };
  await makeTable('connect-pg-pool', place);
  await place.pool.query(`INSERT INTO ${quotedName(place)} VALUES ('a', '{"a":"\\u0000"}', 'tomorrow')`);
  const findings = await createAdmin({ ...place, userPath: ['user'] }).doctor();
  const severities = findings.map(({ severity }) => severity);
  assert.equal(severities, ['error', 'warning', 'warning', 'warning']);
  assert.is(findings[0]!.code, 'unreadable-sessions');
});

interface Broken {
  fault: string;
  /** The statements that break the table. T stands for its name. */
  statements: string[];
  code: string;
  problem: RegExp;
  userPath?: string[];
}

const ERRORS = ['no-key', 'required-column', 'unreadable-sessions']; // of the faults below

const broken: Broken[] = [
  {
    fault: 'repeated ids and a missing primary key',
    statements: [
      'ALTER TABLE T DROP CONSTRAINT "KEY"',
      `INSERT INTO T SELECT n % 3, '{}', now() + n * interval '1 s' FROM generate_series(1, 9) AS n`,
    ],
    code: 'no-key',
    problem: /no session can be saved/,
  },
  {
    fault: 'a deferrable key',
    statements: ['ALTER TABLE T DROP CONSTRAINT "KEY"', 'ALTER TABLE T ADD UNIQUE (sid) DEFERRABLE'],
    code: 'no-key',
    problem: /no session can be saved/,
  },
  {
    fault: 'a deferrable key beside one that is not',
    statements: ['ALTER TABLE T ADD UNIQUE (sid) DEFERRABLE'],
    code: 'no-key',
    problem: /the key .* is DEFERRABLE/,
  },
  {
    fault: 'a missing index on expire',
    statements: ['DROP INDEX EXPIRE_INDEX'],
    code: 'no-expire-index',
    problem: /reads the whole table/,
  },
  {
    fault: 'an index that PostgreSQL failed to build',
    statements: [
      `INSERT INTO T SELECT n, '{}', 'tomorrow' FROM generate_series(1, 2) AS n`,
      'FAILING CREATE UNIQUE INDEX CONCURRENTLY ON T (expire)',
    ],
    code: 'invalid-index',
    problem: /an index is invalid.*expire_idx/,
  },
  {
    fault: 'a second index on expire',
    statements: ['CREATE INDEX twice ON T (expire)', 'CREATE INDEX backwards ON T (expire DESC)'],
    code: 'duplicate-index',
    problem: /^(?!.*backwards)another index does the same as .*\btwice, which/,
  },
  {
    fault: 'an index on sid beside its key',
    statements: ['CREATE INDEX again ON T (sid)', 'CREATE UNIQUE INDEX "unique too" ON T (sid)'],
    code: 'duplicate-index',
    problem: /does the same as .*"unique too", .*again, which/,
  },
  {
    fault: 'two equal indexes on an expression',
    statements: [
      `CREATE INDEX one ON T ((sess ->> 'a')) WHERE sid > 'a'`,
      `CREATE INDEX two ON T ((sess ->> 'a')) WHERE sid > 'a'`,
      `CREATE INDEX other ON T ((sess ->> 'b')) WHERE sid > 'a'`,
      `CREATE INDEX whole ON T ((sess ->> 'a'))`,
      `CREATE INDEX hashed ON T USING hash ((sess ->> 'a'))`,
    ],
    code: 'duplicate-index',
    problem: /^(?!.*\b(one|other|whole|hashed)\b)another index does the same as .*two, which/,
  },
  {
    fault: 'a required column that the store does not set',
    statements: ['ALTER TABLE T ADD "Tenant" int NOT NULL'],
    code: 'required-column',
    problem: /"Tenant" must not be null/,
  },
  {
    fault: 'a ttl in milliseconds',
    statements: [`INSERT INTO T SELECT n, '{}', now() + interval '86400000 s' FROM generate_series(1, 3) AS n`],
    code: 'far-future',
    problem: /3 sessions live longer than 400 days.*milliseconds/,
  },
  {
    fault: 'expired sessions that were not pruned',
    statements: [`INSERT INTO T SELECT n, '{}', now() - interval '2 h' FROM generate_series(1, 3) AS n`],
    code: 'not-pruned',
    problem: /3 sessions expired more than an hour ago/,
  },
  {
    fault: 'sessions that PostgreSQL cannot read',
    statements: [
      `INSERT INTO T SELECT 's' || k || n, ('{"' || k || '":"' || v || '"}')::json, now() + interval '1 h' FROM generate_series(1, 2) AS n,
        (VALUES ('a', '\\u0000'), ('b', '\\\\\\u0000'), ('c', '\\ud800'), ('d', 'x\\udc00'), ('e', '\\ud83d\\u0041'),
        ('f', '\\uD800\\uD800')) AS x(k, v)`,
      `INSERT INTO T SELECT k, ('{"' || k || '":"' || v || '"}')::json, now() + interval '1 h'
        FROM (VALUES ('g', '\\\\u0000'), ('h', '\\ud83d\\ude00'), ('i', '\\u0041'), ('j', '\\\\ud800')) AS x(k, v)`,
    ],
    code: 'unreadable-sessions',
    problem: /^12 sessions of another store contain \\u0000 or half a surrogate pair/,
  },
  {
    fault: 'many dead rows',
    statements: [
      'ALTER TABLE T SET (autovacuum_enabled = false)',
      `INSERT INTO T SELECT n, '{}', now() + interval '1 h' FROM generate_series(1, 11000) AS n`,
      'DELETE FROM T WHERE sid <> $$1$$',
    ],
    code: 'bloat',
    problem: /10999 rows are dead and 1 are live/,
  },
];

for (const { fault, statements, code, problem, userPath } of broken) {
  test(`doctor() finds only ${fault}, and its advice repairs the table`, async () => {
    const { store, pool, names, table } = await freshStore({ pool: freshPool({ max: 1 }) });
    const schema = pg.escapeIdentifier(names.schemaName);
    const { rows } = await pool.query(
      `SELECT c.relname AS name, i.indisprimary AS key FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
       WHERE i.indrelid = $1::regclass`,
      [table],
    );
    const nameOf = (key: boolean) => pg.escapeIdentifier(rows.find((row) => row.key === key).name);
    for (const statement of statements) {
      const sql = statement
        .replace('FAILING ', '')
        .replace('"KEY"', () => nameOf(true))
        .replace('EXPIRE_INDEX', () => `${schema}.${nameOf(false)}`)
        .replace(/\bT\b/g, () => table);
      const result = pool.query(sql);
      await (statement.startsWith('FAILING') ? result.catch(() => {}) : result);
    }
    await pool.query('SELECT pg_stat_force_next_flush()').catch(() => {}); // exists since PostgreSQL 15
    const admin = createAdmin({ pool, ...names, userPath });
    let findings = await admin.doctor();
    while (code === 'bloat' && findings.length === 0) findings = await admin.doctor(); // PostgreSQL updates its statistics late

    assert.equal(codes(findings), [code]);
    assert.is(findings[0]!.severity, ERRORS.includes(code) ? 'error' : 'warning');
    assert.match(findings[0]!.problem, problem);
    let left = findings;
    do {
      const canRunTwice = !left[0]!.sql.some((statement) => /ADD PRIMARY KEY|CONCURRENTLY "/.test(statement));
      for (let run = 0; run < (canRunTwice ? 2 : 1); run++) {
        for (const statement of left[0]!.sql) await pool.query(statement);
      }
      await pool.query('SELECT pg_stat_force_next_flush()').catch(() => {});
      left = await admin.doctor();
      // VACUUM keeps the rows that a transaction of another test may still see.
    } while (code === 'bloat' && left.length > 0);
    assert.equal(left, []);
    await store.set('a', session());
    assert.ok(await store.get('a'));
  });
}

/** Runs the SQL of all findings, in their order. */
async function follow(pool: pg.Pool, findings: Finding[]): Promise<void> {
  for (const statement of findings.flatMap(({ sql }) => sql)) await pool.query(statement);
}

/** A table of this store with hash partitions, and no partition and no index on expire yet. */
async function partitionedTable() {
  const { pool, names, table } = await freshStore({ pool: freshPool({ max: 1 }) });
  await pool.query(`DROP TABLE ${table}`);
  await pool.query(`CREATE TABLE ${table} (sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamptz NOT NULL)
    PARTITION BY HASH (sid)`);
  const addPartition = async (modulus: number, remainder: number, settings = '') => {
    const values = `FOR VALUES WITH (MODULUS ${modulus}, REMAINDER ${remainder}) ${settings}`;
    await pool.query(`CREATE TABLE ${table.replace(/"$/, ` ${remainder}"`)} PARTITION OF ${table} ${values}`);
  };
  return { pool, names, table, addPartition };
}

test('the advice of doctor() creates the index on expire of a partitioned table', async () => {
  const { pool, names, table, addPartition } = await partitionedTable();
  const admin = createAdmin({ pool, ...names });
  const findings = await admin.doctor();
  assert.equal(codes(findings), ['no-expire-index']);
  await follow(pool, findings);
  assert.equal(await admin.doctor(), []);
  await addPartition(1, 0);
  await pool.query(`CREATE INDEX ON ONLY ${table} ((sess ->> 'a'))`);
  const invalid = await admin.doctor();
  assert.equal(codes(invalid), ['invalid-index']);
  await follow(pool, invalid);
  assert.equal(await admin.doctor(), []);
});

test('doctor() leaves an index alone that is being built', async () => {
  const { pool, names, table } = await freshStore();
  const admin = createAdmin({ pool, ...names });
  const old = await pool.connect();
  await old.query('BEGIN');
  await old.query(`UPDATE ${table} SET expire = expire`);
  const built = administrator(pool).query(`CREATE INDEX CONCURRENTLY ON ${table} ((sess ->> 'a'))`);
  await untilBlocked(pool);
  const { rows } = await pool.query('SELECT FROM pg_index WHERE indrelid = $1::regclass AND NOT indisvalid', [table]);
  assert.is(rows.length, 1);
  assert.equal(await admin.doctor(), []);
  await old.query('COMMIT');
  old.release();
  await built;
  assert.equal(await admin.doctor(), []);
});

test('doctor() finds dead rows in the partitions of a table', async () => {
  const { pool, names, table, addPartition } = await partitionedTable();
  await pool.query(`CREATE INDEX ON ${table} (expire)`);
  await addPartition(1, 0, 'WITH (autovacuum_enabled = false)');
  await pool.query(`INSERT INTO ${table} SELECT n, '{}', now() + interval '1 h' FROM generate_series(1, 11000) AS n`);
  await pool.query(`DELETE FROM ${table} WHERE sid <> '1'`);
  await pool.query('SELECT pg_stat_force_next_flush()').catch(() => {}); // exists since PostgreSQL 15
  const admin = createAdmin({ pool, ...names });
  let findings = await admin.doctor();
  while (findings.length === 0) findings = await admin.doctor(); // PostgreSQL updates its statistics late
  assert.equal(codes(findings), ['bloat']);
  assert.match(findings[0]!.problem, /10999 rows are dead and 1 are live/);
});

test('doctor() finds that prunes read whole partitions', async () => {
  const { pool, names, table, addPartition } = await partitionedTable();
  await pool.query(`CREATE INDEX ON ${table} (expire)`);
  for (const remainder of [0, 1]) await addPartition(2, remainder);
  await pool.query(`INSERT INTO ${table} SELECT n, '{}', now() + interval '1 h' FROM generate_series(1, 25000) AS n`);
  await pool.query('SELECT pg_stat_force_next_flush()').catch(() => {}); // exists since PostgreSQL 15
  await pool.query(`ANALYZE ${table}`);
  const admin = createAdmin({ pool, ...names });
  assert.equal(await admin.doctor(), []);
  const options = '-c enable_indexscan=off -c enable_indexonlyscan=off -c enable_bitmapscan=off';
  const scanning = createAdmin({ pool: freshPool({ options }), ...names });
  let findings = await scanning.doctor();
  while (findings.length === 0) findings = await scanning.doctor(); // PostgreSQL 14 updates its statistics late
  assert.equal(codes(findings), ['unused-expire-index']);
});

for (const [what, rows, partitions] of [
  ['64 small partitions', 11_000, Array.from({ length: 64 }, (_, n) => [64, n])],
  [
    'a small partition beside a large one',
    25_000,
    [
      [2, 0],
      [1024, 1],
    ],
  ],
] as const) {
  test(`doctor() finds nothing wrong with ${what}, though PostgreSQL reads small ones as a whole`, async () => {
    const { pool, names, table, addPartition } = await partitionedTable();
    await pool.query(`CREATE INDEX ON ${table} (expire)`);
    for (const [modulus, remainder] of partitions) await addPartition(modulus!, remainder!);
    const isStored = partitions.map((values) => `satisfies_hash_partition($1::regclass, ${values}, n::varchar)`);
    await pool.query(
      `INSERT INTO ${table} SELECT n, '{}', now() + interval '1 h' FROM generate_series(1, ${rows}) AS n
       WHERE ${isStored.join(' OR ')}`,
      [table],
    );
    await pool.query('SELECT pg_stat_force_next_flush()').catch(() => {}); // exists since PostgreSQL 15
    await pool.query(`ANALYZE ${table}`);
    assert.equal(await createAdmin({ pool, ...names }).doctor(), []);
  });
}

test('after an interrupted index build, the advice of doctor() ends with a valid index on expire', async () => {
  const { pool, names, table } = await freshStore({ columns: { sess: 'json', expire: 'timestamptz' } });
  await pool.query(`INSERT INTO ${table} SELECT n, '{}', 'tomorrow' FROM generate_series(1, 2) AS n`);
  await pool.query(`CREATE UNIQUE INDEX CONCURRENTLY ON ${table} (expire)`).catch(() => {});
  const admin = createAdmin({ pool, ...names });
  const findings = await admin.doctor();
  assert.equal(codes(findings), ['invalid-index', 'no-expire-index']);
  await follow(pool, findings);
  assert.equal(await admin.doctor(), []);
});

test('doctor() finds nothing wrong with a deferrable foreign key on sid', async () => {
  const { pool, names, table } = await freshStore();
  await pool.query(`CREATE TABLE ${table.replace(/"$/, ' device"')} (sid varchar PRIMARY KEY)`);
  await pool.query(
    `ALTER TABLE ${table} ADD FOREIGN KEY (sid) REFERENCES ${table.replace(/"$/, ' device"')} DEFERRABLE`,
  );
  assert.equal(await createAdmin({ pool, ...names }).doctor(), []);
});

test('the advice of doctor() makes sid unique in a table with another primary key', async () => {
  const { store, pool, names, table } = await freshStore();
  await pool.query(`DROP TABLE ${table}`);
  await pool.query(
    `CREATE TABLE ${table} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sid varchar, sess json NOT NULL, expire timestamptz NOT NULL)`,
  );
  await pool.query(`CREATE INDEX ON ${table} (expire)`);
  await pool.query(`INSERT INTO ${table} (sid, sess, expire) SELECT n % 3, '{}', now() + n * interval '1 h'
    FROM generate_series(1, 9) AS n`);
  const admin = createAdmin({ pool, ...names });
  const findings = await admin.doctor();
  assert.equal(codes(findings), ['no-key']);
  await follow(pool, findings);
  const again = await follow(pool, findings).catch((error) => error.message);
  assert.match(String(again), /already exists/);
  assert.equal(await admin.doctor(), []);
  await store.set('a', session());
  assert.is(await store.length(), 4);
});

test('the advice of doctor() replaces a deferrable primary key by one that is not deferrable', async () => {
  const { pool, names, table } = await freshStore();
  await pool.query(`DROP TABLE ${table}`);
  await pool.query(
    `CREATE TABLE ${table} (sid varchar PRIMARY KEY DEFERRABLE, sess json NOT NULL, expire timestamptz NOT NULL)`,
  );
  await pool.query(`CREATE INDEX ON ${table} (expire)`);
  const admin = createAdmin({ pool, ...names });
  await follow(pool, await admin.doctor());
  assert.equal(await admin.doctor(), []);
  const { rows } = await pool.query('SELECT FROM pg_index WHERE indrelid = $1::regclass AND indisprimary', [table]);
  assert.is(rows.length, 1);
});

test('doctor() advises a default for a required column of the primary key', async () => {
  const { pool, names, table } = await freshStore();
  await pool.query(`DROP TABLE ${table}`);
  await pool.query(`CREATE TABLE ${table} (id uuid PRIMARY KEY, tenant int NOT NULL, sid varchar UNIQUE, sess json NOT NULL,
    expire timestamptz NOT NULL)`);
  await pool.query(`CREATE INDEX ON ${table} (expire)`);
  const admin = createAdmin({ pool, ...names });
  const [finding] = await admin.doctor();
  assert.is(finding!.code, 'required-column');
  assert.match(finding!.advice, /id is in the primary key, so give it a default/);
  await follow(pool, [finding!]);
  assert.match((await admin.doctor())[0]!.problem, /^id must not be null/);
  await pool.query(`ALTER TABLE ${table} ALTER COLUMN id SET DEFAULT md5(random()::text)::uuid`);
  assert.equal(await admin.doctor(), []);
});

test('the advice of doctor() keeps a unique index beside a deferrable key', async () => {
  const { store, pool, names, table } = await freshStore();
  await pool.query(`DROP TABLE ${table}`);
  await pool.query(
    `CREATE TABLE ${table} (sid varchar NOT NULL UNIQUE DEFERRABLE, sess json NOT NULL, expire timestamptz NOT NULL)`,
  );
  await pool.query(`CREATE INDEX ON ${table} (expire)`);
  await pool.query(`CREATE UNIQUE INDEX ON ${table} (sid)`);
  const admin = createAdmin({ pool, ...names });
  await follow(pool, await admin.doctor());
  assert.equal(await admin.doctor(), []);
  await store.set('a', session());
});

test('a table that is partitioned by a range of expire is refused in clear words', async () => {
  const { store, pool, names, table } = await freshStore();
  await pool.query(`DROP TABLE ${table}`);
  await pool.query(`CREATE TABLE ${table} (sid varchar, sess json NOT NULL, expire timestamptz, PRIMARY KEY (sid, expire))
    PARTITION BY RANGE (expire)`);
  await pool.query(`CREATE TABLE ${table.replace(/"$/, ' default"')} PARTITION OF ${table} DEFAULT`);
  await pool.query(`CREATE INDEX ON ${table} (expire)`);
  const [finding, ...more] = await createAdmin({ pool, ...names }).doctor();
  assert.equal([finding!.code, finding!.sql, more], ['no-key', [], []]);
  assert.match(
    finding!.problem,
    /partitioned by RANGE \(expire\), so sid alone is not unique, and no session can be saved/,
  );
  const error = await store.set('a', session()).catch((reason) => reason);
  assert.match(
    error.message,
    /sid needs a primary key or a unique index of its own. `npx connect-pg-typed doctor` says/,
  );
});

test('doctor() finds a missing table, and its advice creates the table', async () => {
  const place = { pool: freshPool(), ...freshNames() };
  const [finding, ...more] = await createAdmin(place).doctor();
  assert.equal([finding!.code, more], ['missing-table', []]);
  for (const statement of finding!.sql) await place.pool.query(statement);
  assert.equal(await createAdmin(place).doctor(), []);
});

const failing = {
  sid: ['getSession', 'setSession', 'touchSessions', 'revokeUser', 'pruneSessions'],
  sess: ['getSession', 'setSession', 'replaceSessions', 'revokeUser', 'sessionStats'],
  expire: ['getSession', 'setSession', 'touchSession', 'countSessions', 'pruneSessions'],
};
for (const [column, queries] of Object.entries(failing)) {
  test(`doctor() names only the queries that fail when ${column} has another name`, async () => {
    const { pool, names, table } = await freshStore();
    await pool.query(`ALTER TABLE ${table} RENAME COLUMN ${column} TO other`);
    const [finding, ...more] = await createAdmin({ pool, ...names }).doctor();
    assert.equal([finding!.code, more], ['query-fails', []]);
    for (const query of queries) assert.match(finding!.problem, new RegExp(`\\b${query}\\b`));
    assert.match(finding!.problem, /column .*does not exist/);
    assert.match(finding!.sql.join(), new RegExp(`RENAME COLUMN its_name_now TO ${column};$`));
    if (column === 'sess') assert.not.match(finding!.problem, /touchSession|destroySession|countSessions/);
    await pool.query(finding!.sql[0]!.replace('its_name_now', 'other'));
    assert.equal(await createAdmin({ pool, ...names }).doctor(), []);
  });
}

for (const [column, type, problem] of [
  ['sess', 'bytea', /setSession.*column "sess" is of type bytea but expression is of type json/],
  ['expire', 'bigint', /getSession.*(cannot cast type bigint|operator does not exist)/],
] as const) {
  test(`doctor() names the queries that fail when ${column} is ${type}`, async () => {
    const { pool, names, table } = await freshStore();
    await pool.query(`DROP TABLE ${table}`);
    const types = { sid: 'varchar', sess: 'json', expire: 'timestamptz', [column]: type };
    await pool.query(
      `CREATE TABLE ${table} (sid ${types.sid} PRIMARY KEY, sess ${types.sess}, expire ${types.expire})`,
    );
    await pool.query(`CREATE INDEX ON ${table} (expire)`);
    const findings = await createAdmin({ pool, ...names }).doctor();
    assert.equal(codes(findings), ['query-fails']);
    assert.match(findings[0]!.problem, problem);
  });
}

test('doctor() finds nothing wrong with a text sid and with additional columns', async () => {
  const { pool, names, table } = await freshStore();
  await pool.query(
    `ALTER TABLE ${table} ALTER sid TYPE text, ADD made timestamptz NOT NULL DEFAULT now(), ADD note text`,
  );
  assert.equal(await createAdmin({ pool, ...names }).doctor(), []);
});

test('doctor() finds nothing wrong with a view that has the three columns', async () => {
  const { pool, names, table } = await freshStore();
  const schema = pg.escapeIdentifier(names.schemaName);
  await pool.query(`CREATE VIEW ${schema}.seen AS SELECT sid, sess, expire FROM ${table}`);
  assert.equal(await createAdmin({ pool, schemaName: names.schemaName, tableName: 'seen' }).doctor(), []);
});

for (const type of ['char(64)', 'name']) {
  test(`doctor() reports a view with a sid of the type ${type}, which the server accepts`, async () => {
    const { pool, names, table } = await freshStore();
    await pool.query(`ALTER TABLE ${table} ALTER sid TYPE ${type}`);
    const schema = pg.escapeIdentifier(names.schemaName);
    await pool.query(`CREATE VIEW ${schema}.seen AS SELECT sid, sess, expire FROM ${table}`);
    const findings = await createAdmin({ pool, schemaName: names.schemaName, tableName: 'seen' }).doctor();
    assert.equal(codes(findings), ['query-fails']);
    assert.match(findings[0]!.problem, /^getSessions: its parameters are (character|name)\[\] here, but were text\[\]/);
  });
}

test('doctor() names the grants that its role lacks, and its advice adds them', async () => {
  const { pool, names, table } = await freshStore();
  const user = `Admin "${process.pid}"`;
  const role = pg.escapeIdentifier(user);
  await pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'admin'`);
  onEnd(async () => {
    await pool.query(`DROP OWNED BY ${role}`);
    await pool.query(`DROP ROLE ${role}`);
  });
  const url = Object.assign(new URL(process.env.TEST_SERVER_URL!), {
    username: encodeURIComponent(user),
    password: 'admin',
  });
  const admin = createAdmin({ pool: freshPool({ connectionString: url.href }), ...names });

  const [allMissing, ...more] = await admin.doctor();
  assert.equal([allMissing!.code, more], ['missing-grants', []]);
  assert.is(allMissing!.sql.length, 2);
  await pool.query(`GRANT USAGE ON SCHEMA ${pg.escapeIdentifier(names.schemaName)} TO ${role}`);
  await pool.query(`GRANT SELECT, DELETE ON ${table} TO ${role}`);
  const [someMissing] = await admin.doctor();
  assert.equal(someMissing!.sql, [`GRANT INSERT, UPDATE ON ${table} TO ${role};`]);
  for (const statement of allMissing!.sql) await pool.query(statement);
  assert.equal(await admin.doctor(), []);
});

test('doctor() names the roles and databases with another TimeZone when expire has no time zone', async () => {
  const { database, url } = await freshDatabase(); // doctor() in other tests must not find this role
  const pool = freshPool({ connectionString: url });
  const { names } = await freshStore({ pool, columns: { sess: 'json', expire: 'timestamp' } });
  await pool.query(
    `CREATE INDEX ON "${names.schemaName.replaceAll('"', '""')}"."${names.tableName.replaceAll('"', '""')}" (expire)`,
  );
  const role = `traveller ${process.pid}`;
  await pool.query(`CREATE ROLE "${role}"`);
  onEnd(() => pool.query(`DROP ROLE "${role}"`));
  await pool.query(`ALTER ROLE "${role}" IN DATABASE ${database} SET TimeZone = 'Asia/Tokyo'`);
  const [finding] = await createAdmin({ pool, ...names }).doctor();
  assert.is(finding!.code, 'time-zones-differ');
  assert.match(finding!.problem, `role ${role}, database ${database}, Asia/Tokyo`);
});

test('doctor() and migrate() take a TimeZone in other letters for the same one', async () => {
  const { database, url } = await freshDatabase();
  await freshPool({ connectionString: url }).query(`ALTER DATABASE ${database} SET TimeZone = 'uTc'`);
  const pool = freshPool({ connectionString: url });
  const { names } = await freshStore({ pool, columns: { sess: 'json', expire: 'timestamp' } });
  assert.ok(codes(await createAdmin({ pool, ...names }).doctor()).includes('no-time-zone'));
  assert.equal(await migrate({ pool, names }), ['expire as timestamptz, with TimeZone UTC', 'the index on expire']);
});

test('doctor() finds a missing or unused index of users only if the admin has a userPath', async () => {
  const { pool, names } = await freshStore();
  const withPath = { ...names, userPath: ['user', 'id'] };
  assert.equal(codes(await createAdmin({ pool, ...withPath }).doctor()), ['no-user-index']);
  await createAdmin({ pool: administrator(pool), ...withPath }).createUserIndex();
  assert.equal(await createAdmin({ pool, ...withPath }).doctor(), []);
  const generic = freshPool({ options: '-c plan_cache_mode=force_generic_plan' });
  assert.equal(codes(await createAdmin({ pool: generic, ...withPath }).doctor()), ['generic-plans']);
  const withoutPath = codes(await createAdmin({ pool: generic, ...names }).doctor());
  assert.equal(withoutPath, isCitus ? ['generic-plans'] : []); // Citus refuses batches with such plans
});

test('doctor() finds an unused index on expire in a large table, but not in a small one', async () => {
  const { pool, names, table } = await freshStore();
  const withoutIndexScans = freshPool({
    options: '-c enable_indexscan=off -c enable_indexonlyscan=off -c enable_bitmapscan=off',
  });
  const codesOf = async (one: pg.Pool) => codes(await createAdmin({ pool: one, ...names }).doctor());
  assert.equal(await codesOf(withoutIndexScans), []);
  await pool.query(
    `INSERT INTO ${table} SELECT n, '{}', now() + n * interval '1 s' FROM generate_series(1, 12000) AS n`,
  );
  await pool.query(`ANALYZE ${table}`);
  let found = await codesOf(withoutIndexScans);
  while (found.length === 0) found = await codesOf(withoutIndexScans); // PostgreSQL 14 updates them late
  assert.equal(found, ['unused-expire-index']);
  assert.equal(await codesOf(pool), []);
});

test('doctor() ends although it gets only one client of the pool', async () => {
  const { names } = await freshStore();
  const pool = freshPool({ max: 2 });
  const held = await pool.connect();
  onEnd(() => held.release());
  assert.equal(await createAdmin({ pool, ...names }).doctor(), []);
});

if (pgbouncer) {
  test('doctor() finds a pooler that loses prepared statements', async () => {
    const { names } = await freshStore();
    const pool = freshPool({ connectionString: await startPgBouncer(), max: 2 });
    assert.equal(codes(await createAdmin({ pool, ...names }).doctor()), ['prepared-statements-lost']);
  });
} else {
  console.log('left out, because pgbouncer is not on the PATH: doctor() finds a pooler that loses prepared statements');
}

test('doctor() changes nothing', async () => {
  const { store, pool, names, table } = await freshStore();
  await store.set('a', session({ user: 'ada' }));
  await pool.query(`INSERT INTO ${table} VALUES ('b', '{}', now() - interval '1 day')`);
  const rows = async () => (await pool.query(`SELECT sid, sess::text, expire, xmin FROM ${table} ORDER BY 1`)).rows;
  const before = await rows();
  await createAdmin({ pool, ...names }).doctor();
  assert.equal(await rows(), before);
});
