// The admin with a million sessions, on a server that waits for its disk.
import pg from 'pg';
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { migrate } from '../../src/admin/migrate.js';
import { handleOf } from '../../src/session/handle.js';
import { suite } from '../support/harness.js';
import { Server } from '../support/server.js';

const test = suite('a million sessions', { timeout: 600_000 });
const ROWS = Number(process.env.MILLION_ROWS ?? 1_000_000);
const SESSIONS_PER_USER = 1000;
const RUNS = 5;

let server: Server;
let pool: pg.Pool;

test.before(async () => {
  server = await Server.start();
  pool = new pg.Pool({ connectionString: server.url });
});

test.after(async () => {
  await pool?.end();
  await server?.remove();
});

/** The median of RUNS runs after a warm-up run, in milliseconds. */
async function median(work: () => Promise<unknown>, prepare: () => Promise<unknown> = async () => {}): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n <= RUNS; n++) {
    await prepare();
    times.push(await once(work));
  }
  return times.slice(1).sort((one, other) => one - other)[Math.floor(RUNS / 2)]!;
}

/** The milliseconds that one run takes. */
async function once(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

const payload = (
  user: string,
) => `'{"cookie":{"originalMaxAge":3600000,"expires":"2030-01-01T00:00:00.000Z","path":"/"},
  "passport":{"user":"' || ${user} || '"},"cart":"' || repeat('x', 300) || '"}'`;

for (const sess of ['json', 'jsonb'] as const) {
  test(`the admin revokes a user's thousand sessions by the index within 50 ms, on ${sess}`, async () => {
    const tableName = `of ${sess}`;
    const table = pg.escapeIdentifier(tableName);
    await pool.query(
      `CREATE TABLE ${table} (sid varchar PRIMARY KEY, sess ${sess} NOT NULL, expire timestamp(6) NOT NULL)`,
    );
    await pool.query(`INSERT INTO ${table} SELECT md5(n::text), (${payload(`n / ${SESSIONS_PER_USER}`)})::${sess},
      now() + n * interval '0.01 s' + interval '1 h' FROM generate_series(1, ${ROWS}) AS n`);
    await pool.query(`VACUUM ANALYZE ${table}`);
    const admin = createAdmin({ pool, tableName });
    const figures: Record<string, number> = { scan: await once(() => admin.find('7')) };

    figures.migrate = await once(() => migrate({ pool, names: { tableName } }, { timeZone: 'UTC' }));
    figures.createUserIndex = await once(() => admin.createUserIndex());
    await pool.query(`ANALYZE ${table}`);

    const insertMine = () =>
      pool.query(`INSERT INTO ${table} SELECT 'mine ' || n, (${payload(`'me'`)})::${sess}, now() + interval '1 h'
        FROM generate_series(1, ${SESSIONS_PER_USER}) AS n ON CONFLICT DO NOTHING`);
    await insertMine();
    figures.find = await median(() => admin.find('me'));
    let revoked = 0;
    figures.revokeUser = await median(async () => {
      revoked = await admin.revokeUser('me');
    }, insertMine);
    assert.is(revoked, SESSIONS_PER_USER);
    await insertMine();
    assert.is(await admin.revokeUser('me', { except: handleOf('mine 5') }), SESSIONS_PER_USER - 1);
    assert.equal(
      (await admin.find('me')).map(({ handle }) => handle),
      [handleOf('mine 5')],
    );
    figures.revokeOfUser = await median(() => admin.revoke(handleOf('mine 5'), { user: 'me' }), insertMine);
    figures.revoke = await median(() => admin.revoke(handleOf('mine 5')), insertMine);
    figures.show = await median(() => admin.show(handleOf('mine 5')));
    figures.list = await median(() => admin.list());
    const expire = `${new Date(Date.now() + 3600_000 + ROWS * 5).toISOString()}/${'0'.repeat(64)}`.replace(
      'Z',
      '+00:00',
    );
    figures.listFromTheMiddle = await median(() => admin.list({ after: expire }));
    figures.stats = await median(() => admin.stats());
    figures.doctor = await median(() => admin.doctor());
    console.log(
      `${sess}: ${JSON.stringify(figures, (_, value) => (typeof value === 'number' ? Math.round(value * 10) / 10 : value))}`,
    );

    assert.ok(figures.revokeUser < 50, `${figures.revokeUser} ms`);
  });
}
