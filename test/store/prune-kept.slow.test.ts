// Expired sessions that PostgreSQL does not delete: pruning passes them, reports them and goes on.
import pg from 'pg';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { type KeptEvent, PgSessionStore, type SessionStoreError } from '../../src/index.js';
import { handleOf } from '../../src/session/handle.js';
import { freshPool, freshStore, isCitus, lockRows, OPTIONS, session } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { failure, freshLimitedRole } from '../support/limited-role.js';
import { addTrigger } from '../support/triggers.js';

const test = suite('sessions that pruning cannot delete', { timeout: 40_000 });

const sidOf = (n: number) => `expired ${n}`;
const isKept = (n: number) => n % 5 === 2;

/** Inserts expired sessions, first to expire first. */
async function insertExpired(pool: pg.Pool, table: string, count = 25): Promise<void> {
  await pool.query(
    `INSERT INTO ${table} SELECT 'expired ' || n, '{"cookie":{}}', now() - interval '1 s' * ($1::int - n)
     FROM generate_series(0, $1::int - 1) n`,
    [count],
  );
}

interface Kept {
  pool: pg.Pool;
  table: string;
  /** SQL for an array of session ids. */
  sids: string[];
}
const inList = (sids: string[]) => sids.map(pg.escapeLiteral).join();

const FAULTS: Record<string, (kept: Kept) => Promise<unknown>> = {
  'a foreign key': (kept) => addChild(kept, ''),
  'a deferred foreign key': (kept) => addChild(kept, 'DEFERRABLE INITIALLY DEFERRED'),
  'a trigger that raises an error': ({ pool, table, sids }) =>
    onDelete(pool, table, sids, "RAISE EXCEPTION USING ERRCODE = 'XX000'"),
  'a trigger that raises a deadlock': ({ pool, table, sids }) =>
    onDelete(pool, table, sids, "RAISE EXCEPTION USING ERRCODE = '40P01'"),
  'a trigger that skips the row': ({ pool, table, sids }) => onDelete(pool, table, sids, 'RETURN NULL'),
  'a lock of another transaction': async ({ table, sids }) => {
    onEnd(await lockRows(freshPool(), table, sids));
  },
};

async function addChild({ pool, table, sids }: Kept, when: string) {
  const child = table.replace(/"$/, ' child"');
  await pool.query(`CREATE TABLE ${child} (sid varchar REFERENCES ${table} ${when})`);
  if (isCitus) await pool.query("SELECT create_distributed_table($1, 'sid', colocate_with => $2)", [child, table]);
  await pool.query(`INSERT INTO ${child} SELECT unnest($1::text[])`, [sids]);
}

const onDelete = (pool: pg.Pool, table: string, sids: string[], statement: string) =>
  addTrigger(pool, table, 'DELETE', `IF OLD.sid IN (${inList(sids)}) THEN ${statement}; END IF;`);

const storedSids = async (pool: pg.Pool, table: string): Promise<string[]> =>
  (await pool.query(`SELECT sid FROM ${table} ORDER BY expire`)).rows.map(({ sid }) => sid);

/** A store with 25 expired sessions, of which the fault keeps some. Collects the events. */
async function keptStore(fault: string, kept: string[], pruneBatchSize = 1000) {
  const { store, pool, table, names } = await freshStore({ pruneBatchSize, errorLog: () => {} });
  await insertExpired(pool, table);
  await FAULTS[fault]!({ pool, table, sids: kept });
  const events: KeptEvent[] = [];
  store.on('kept', (event: KeptEvent) => events.push(event));
  return { store, pool, table, names, events };
}

for (const fault of Object.keys(FAULTS)) {
  for (const batchSize of [1000, 4, 1]) {
    if (fault.includes('lock') && batchSize < 1000) continue; // each locked row takes a second
    test(`pruning passes five of 25 sessions that ${fault} keeps, and reports each once, in batches of ${batchSize}`, async () => {
      const kept = Array.from({ length: 25 }, (_, n) => n)
        .filter(isKept)
        .map(sidOf);
      const { store, pool, table, events } = await keptStore(fault, kept, batchSize);
      for (let run = 0; run < 2; run++) {
        assert.is(await store.pruneSessions(), run === 0 ? 20 : 0);
        assert.equal(await storedSids(pool, table), kept);
        assert.equal(events.map(({ handle }) => handle).sort(), kept.map(handleOf).sort());
        assert.equal([...new Set(events.map(({ error }) => error.code))], ['DATABASE']);
        events.length = 0;
      }
    });
  }

  test(`pruning passes the first ten sessions, more than a batch, that ${fault} keeps`, async () => {
    const kept = Array.from({ length: 10 }, (_, n) => sidOf(n));
    const { store, pool, table, events } = await keptStore(fault, kept, 4);
    if (!fault.includes('lock')) await pool.query(`UPDATE ${table} SET expire = '2001-02-03 04:05:06.789123Z'`);
    assert.is(await store.pruneSessions(), 15);
    assert.equal((await storedSids(pool, table)).sort(), kept.sort());
    assert.equal(events.map(({ handle }) => handle).sort(), kept.map(handleOf).sort());
  });
}

test('pruning passes sessions that row-level security hides from DELETE', async () => {
  const { pool, names, table } = await freshStore();
  const { role, limitedPool } = await freshLimitedRole(pool);
  await pool.query(`GRANT USAGE ON SCHEMA ${pg.escapeIdentifier(names.schemaName)} TO ${role}`);
  await pool.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${role}`);
  await pool.query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
  await pool.query(`CREATE POLICY see ON ${table} FOR SELECT USING (true)`);
  await pool.query(`CREATE POLICY prune ON ${table} FOR DELETE USING (sid > 'expired 12')`);
  await insertExpired(pool, table);
  const kept = (await storedSids(pool, table)).filter((sid) => sid <= 'expired 12');
  const handles: string[] = [];
  const admin = createAdmin({ pool: limitedPool, ...names });
  assert.is(await admin.prune({ batchSize: 3, onKept: (handle) => handles.push(handle) }), 25 - kept.length);
  assert.equal(handles.sort(), kept.map(handleOf).sort());
});

test('pruning passes a session with a trigger that is slower than the statement_timeout', async () => {
  const { pool: otherPool, table, names } = await freshStore();
  const pool = freshPool({ options: '-c statement_timeout=200' });
  const store = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, errorLog: () => {}, ...OPTIONS });
  await insertExpired(otherPool, table);
  await onDelete(otherPool, table, [sidOf(7)], 'PERFORM pg_sleep(1)');
  assert.is(await store.pruneSessions(), 24);
  assert.equal(await storedSids(otherPool, table), [sidOf(7)]);
});

test('the timer reports sessions that it could not delete in one message a run, with their handles', async () => {
  const logged: [string, unknown][] = [];
  const { pool, table, names } = await freshStore();
  const kept = [sidOf(3), sidOf(9)];
  await onDelete(pool, table, kept, "RAISE EXCEPTION 'kept'");
  await insertExpired(pool, table);
  const store = new PgSessionStore({
    pool,
    ...names,
    pruneSessionInterval: 0.05,
    pruneSessionRandomizedInterval: false,
    errorLog: (message, error) => logged.push([message, error]),
    ...OPTIONS,
  });
  while (logged.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  await store.close();
  for (const [message, error] of logged) {
    assert.is(message, `Pruning could not delete 2 expired sessions: ${kept.map(handleOf).join(', ')}`);
    assert.is((error as SessionStoreError).sqlState, 'P0001');
  }
  assert.equal(await storedSids(pool, table), kept);
});

test('pruning fails with one error if the role lacks the grant to delete', async () => {
  const { pool, names, table } = await freshStore();
  const { role, limitedPool } = await freshLimitedRole(pool);
  await pool.query(`GRANT USAGE ON SCHEMA ${pg.escapeIdentifier(names.schemaName)} TO ${role}`);
  await pool.query(`GRANT SELECT ON ${table} TO ${role}`);
  await insertExpired(pool, table);
  const store = new PgSessionStore({ pool: limitedPool, ...names, pruneSessionInterval: false, ...OPTIONS });
  onEnd(() => store.close());
  let kept = 0;
  store.on('kept', () => kept++);
  assert.is((await failure(store.pruneSessions())).sqlState, '42501');
  assert.is(kept, 0);
});

test('pruning without kept sessions sends no more statements than before', async () => {
  const { store, pool, table } = await freshStore({ pruneBatchSize: 10 });
  await store.set('live', session()); // the first call asks whether Citus distributes the table
  await insertExpired(pool, table, 35);
  let statements = 0;
  pool.on('acquire', () => statements++);
  assert.is(await store.pruneSessions(), 35);
  assert.is(statements, 5);
});
