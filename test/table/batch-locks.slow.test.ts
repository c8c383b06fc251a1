// Batches lock rows in the order of their ids, so that two batches never wait for each other.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { compiled } from '../support/compiled.js';
import { freshStore, isCitus, PARTITIONS } from '../support/fresh-store.js';
import { suite } from '../support/harness.js';

const test = suite('batch locks', { timeout: 60_000 });
const PROCESSES = 4;
const SECONDS = Number(process.env.BATCHES_SECONDS ?? 2);
const LEAST_BATCHES = isCitus ? 20 : 100;

// PostgreSQL reads such a small table in physical order. So batches can deadlock, and are retried.
const TINY = 60;
const expected = (rows: number) => (rows === TINY ? 'few deadlocks' : 'no deadlock');

// In partitions, four of 24 batches of a tiny table deadlocked. So few rows need no partitions.
const SIZES = PARTITIONS === 1 ? [TINY, 2000, 20_000] : [2000, 20_000];

for (const rows of SIZES) {
  test(`four processes that write batches of 32 to ${Math.min(rows, 500)} of ${rows} sessions cause ${expected(rows)}`, async () => {
    const { pool, names, table } = await freshStore();
    await pool.query(`INSERT INTO ${table} SELECT 'session ' || n, '{"cookie":{}}', now() + interval '1 day'
      FROM generate_series(0, ${rows - 1}) AS n ORDER BY random()`);
    await pool.query(`ANALYZE ${table}`);
    const BATCHES = JSON.stringify({
      names,
      sessions: Math.min(rows, 500),
      ms: SECONDS * 1000,
      leastBatches: LEAST_BATCHES / PROCESSES + 1,
    });
    const runs = Array.from({ length: PROCESSES }, () =>
      promisify(execFile)(process.execPath, ['--enable-source-maps', compiled('test/support/batch-writer.ts')], {
        env: { ...process.env, BATCHES },
      }),
    );
    const counts = (await Promise.all(runs)).map(({ stdout }) => JSON.parse(stdout));
    const sum = (key: string) => counts.reduce((total, count) => total + count[key], 0);
    const summary = `${rows} rows: ${sum('batches')} batches, ${sum('replaced')} replaced, ${sum('deadlocks')} deadlocks`;
    console.log(summary);
    assert.ok(sum('deadlocks') <= (rows === TINY ? sum('batches') / 100 : 0), summary);
    assert.ok(sum('batches') > LEAST_BATCHES && sum('replaced') > 100, summary);
  });
}
