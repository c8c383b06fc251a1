// Shards move between the workers of a Citus cluster while stores read and write: nothing is lost.
import * as assert from 'uvu/assert';
import { PgSessionStore } from '../../src/index.js';
import { citusSuite, citusTable } from '../support/citus.js';
import { freshPool, session } from '../support/fresh-store.js';
import { onEnd } from '../support/harness.js';

const test = citusSuite('shard moves', { timeout: 300_000 });
const url = process.env.TEST_CITUS_URL!;
const CONNECTIONS = 64;
const STORES = 4;

test('nothing is lost and no call fails while shards move, and while Citus rebalances', async () => {
  const { pool: admin, names, table } = await citusTable(4);
  const stores = Array.from({ length: STORES }, () => {
    const pool = freshPool({ connectionString: url, max: CONNECTIONS / STORES });
    const store = new PgSessionStore({ pool, ...names, pruneSessionInterval: false, touchAfter: 0, timeout: 20 });
    onEnd(() => store.close());
    return store;
  });
  const sids = Array.from({ length: 100 }, (_, n) => `session ${n}`);
  await Promise.all(sids.map((sid) => stores[0]!.set(sid, session({ views: 0 }))));
  const updates = new Map<string, number>();
  const problems: string[] = [];
  let isDone = false;
  let calls = 0;
  let slowest = 0;
  const loop = async (store: PgSessionStore) => {
    for (; !isDone; calls++) {
      const sid = sids[Math.floor(Math.random() * sids.length)]!;
      const begun = performance.now();
      try {
        if (calls % 3 === 0) {
          if (!(await store.get(sid))) problems.push(`get() did not find ${sid}`);
        } else if (calls % 3 === 1) await store.touch(sid, session());
        else if (await store.update(sid, (found) => found.views++)) updates.set(sid, (updates.get(sid) ?? 0) + 1);
        else problems.push(`update() did not find ${sid}`);
      } catch (error) {
        problems.push(String(error));
      }
      slowest = Math.max(slowest, performance.now() - begun);
    }
  };
  const loops = Array.from({ length: CONNECTIONS }, (_, n) => loop(stores[n % STORES]!));
  let moves = 0;
  try {
    for (const mode of ['block_writes', 'auto', 'block_writes', 'auto']) {
      const { rows } = await admin.query(
        `SELECT p.shardid, s.nodename AS from_host, s.nodeport AS from_port, t.nodename AS to_host, t.nodeport AS to_port
         FROM pg_dist_shard JOIN pg_dist_placement AS p USING (shardid) JOIN pg_dist_node AS s ON s.groupid = p.groupid
         JOIN pg_dist_node AS t ON t.groupid <> s.groupid AND t.shouldhaveshards
         WHERE logicalrelid = $1::regclass ORDER BY shardid LIMIT 2`,
        [table],
      );
      for (const { shardid, from_host, from_port, to_host, to_port } of rows) {
        const sql =
          'SELECT citus_move_shard_placement($1, $2::text, $3::int, $4::text, $5::int, $6::citus.shard_transfer_mode)';
        await admin.query(sql, [shardid, from_host, from_port, to_host, to_port, mode]);
        moves++;
      }
    }
    await admin.query('SELECT citus_rebalance_start()');
    await admin.query('SELECT citus_rebalance_wait()');
  } finally {
    isDone = true;
    await Promise.all(loops);
  }
  console.log(`${calls} calls during ${moves} moves, the slowest took ${slowest.toFixed(0)} ms`);
  assert.equal(problems, []);
  assert.is(
    stores.reduce((sum, store) => sum + store.stats().gone, 0),
    0,
  );
  for (const sid of sids) assert.is((await stores[0]!.get(sid))!.views, updates.get(sid) ?? 0, sid);
});
