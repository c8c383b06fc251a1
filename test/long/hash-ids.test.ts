// migrate hashes the ids of a large table while clients read and write.
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { migrate } from '../../src/admin/migrate.js';
import { PgSessionStore } from '../../src/index.js';
import { freshStore } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';

const test = suite('long hash ids', { timeout: 600_000 });

test('migrate hashes 100,000 ids while 8 clients read and write, and loses or duplicates no session', async () => {
  const { pool, names, table } = await freshStore();
  const SESSIONS = 100_000;
  await pool.query(`INSERT INTO ${table} SELECT 'session ' || n, ('{"cookie":{},"n":' || n || '}')::json,
    now() + interval '1 day' + n * interval '1 s' FROM generate_series(1, ${SESSIONS}) AS n`);
  await pool.query(`ANALYZE ${table}`);
  let running = true;
  const lost: string[] = [];
  const counts = new Map<string, number>();
  let reads = 0;
  const client = async (id: number) => {
    const store = new PgSessionStore({
      pool,
      ...names,
      pruneSessionInterval: false,
      touchAfter: 0,
      hashIds: 'upgrade',
    });
    onEnd(() => store.close());
    while (running) {
      const sid = `session ${1 + Math.floor(Math.random() * SESSIONS)}`;
      const found = await store.get(sid);
      reads++;
      if (!found) lost.push(`${sid}, read by ${id}`);
      const updated = await store.update(sid, (current) => {
        current.count = (current.count ?? 0) + 1;
      });
      if (updated) counts.set(sid, (counts.get(sid) ?? 0) + 1);
      else lost.push(`${sid}, updated by ${id}`);
    }
  };
  const clients = Array.from({ length: 8 }, (_, id) => client(id));
  const startedAt = performance.now();
  await migrate({ pool, names }, { hashIds: true });
  const ms = performance.now() - startedAt;
  running = false;
  await Promise.all(clients);

  const { rows } = await pool.query(
    `SELECT count(*)::int AS rows, count(DISTINCT (sess->>'n')::int)::int AS sessions,
       (count(*) FILTER (WHERE sid LIKE 'sha256:%'))::int AS hashed,
       sum(coalesce((sess->>'count')::int, 0))::int AS updates FROM ${table}`,
  );
  const updates = [...counts.values()].reduce((sum, count) => sum + count, 0);
  console.log(`${SESSIONS} ids hashed in ${(ms / 1000).toFixed(1)} s during ${reads} reads and ${updates} updates`);
  assert.equal(lost, []);
  assert.equal(rows[0], { rows: SESSIONS, sessions: SESSIONS, hashed: SESSIONS, updates });
  assert.is(await createAdmin({ pool, ...names }).count(), SESSIONS);
  assert.ok(updates > 100);
});
