// Settings of the server, a role or a database that change how PostgreSQL reads, writes or plans.
import * as assert from 'uvu/assert';
import { createAdmin } from '../../src/admin/admin.js';
import { migrate } from '../../src/admin/migrate.js';
import { PgSessionStore } from '../../src/index.js';
import { missingParts } from '../../src/table/create-table.js';
import { cookieFor, freshNames, freshPool, session, useAdministrator } from '../support/fresh-store.js';
import { onEnd, suite } from '../support/harness.js';
import { quotedName } from '../support/stores.js';

const test = suite('settings', { timeout: 60_000 });
useAdministrator();

const settings = [
  'standard_conforming_strings=off',
  'standard_conforming_strings=off quote_all_identifiers=on',
  'backslash_quote=off',
  'escape_string_warning=off standard_conforming_strings=off backslash_quote=on',
  'quote_all_identifiers=on',
  'extra_float_digits=-4',
  'extra_float_digits=-8',
  'extra_float_digits=0',
  'extra_float_digits=3',
  'DateStyle=SQL,DMY',
  'DateStyle=German',
  'DateStyle=Postgres,MDY',
  'IntervalStyle=sql_standard',
  'IntervalStyle=postgres_verbose',
  'TimeZone=Asia/Kathmandu',
  'TimeZone=America/New_York',
  'bytea_output=escape',
  'xmlbinary=hex xmloption=document',
  'lc_messages=C',
  'lc_numeric=C lc_monetary=C lc_time=C',
  'array_nulls=off',
  'transform_null_equals=on',
  'default_transaction_isolation=serializable',
  'default_transaction_isolation=repeatable\\ read',
  'default_transaction_deferrable=on',
  'statement_timeout=30000 lock_timeout=30000 idle_in_transaction_session_timeout=30000',
  'row_security=off',
  'search_path=',
  'search_path=pg_catalog',
  'search_path=nowhere',
  'enable_indexscan=off enable_bitmapscan=off enable_indexonlyscan=off',
  'enable_seqscan=off',
  'enable_hashjoin=off enable_mergejoin=off',
  'enable_nestloop=off',
  'enable_material=off enable_sort=off enable_hashagg=off',
  'join_collapse_limit=1 from_collapse_limit=1',
  'geqo_threshold=2',
  'jit=on jit_above_cost=0 jit_inline_above_cost=0 jit_optimize_above_cost=0',
  'plan_cache_mode=force_custom_plan',
  'plan_cache_mode=force_generic_plan',
  'parallel_setup_cost=0 parallel_tuple_cost=0 min_parallel_table_scan_size=0 max_parallel_workers_per_gather=2',
  'default_tablespace=pg_default',
  'check_function_bodies=off',
  'synchronous_commit=off',
  'commit_delay=100',
  'work_mem=64kB maintenance_work_mem=1024kB',
  'client_min_messages=debug1',
  'track_activities=off track_counts=off',
  'gin_fuzzy_search_limit=10',
  'default_toast_compression=pglz',
];

const PATH = ["it's", 'a\\b "c"', 'null'];
const user = (name: string) => ({ "it's": { 'a\\b "c"': { null: name } } });

for (const setting of settings) {
  test(`the store, the admin, doctor and migrate work with ${setting}`, async () => {
    const options = setting
      .split(/(?<!\\) /)
      .map((one) => `-c ${one}`)
      .join(' ');
    const [name] = setting.split('=');
    const known = await freshPool().query('SELECT FROM pg_settings WHERE lower(name) = lower($1)', [name]);
    if (known.rowCount === 0) return void console.log(`skipped, because this server has no such setting: ${name}`);
    const pool = freshPool({ options });
    const names = freshNames();
    const isGeneric = setting === 'plan_cache_mode=force_generic_plan';
    const stores = [{}, { batch: false, prepare: false, hashIds: true }].map((more, n) => {
      const own = { ...names, tableName: `${names.tableName}${n}` };
      const store = new PgSessionStore({ pool, ...own, pruneSessionInterval: false, pruneBatchSize: 2, ...more });
      onEnd(() => store.close());
      return { store, own, more };
    });
    for (const { store, own, more } of stores) {
      await store.createTable({ createSchema: true, userPath: PATH });
      await store.createTable({ createSchema: true, userPath: PATH });
      const location = { pool, names: own };
      assert.equal(await missingParts(location, { userPath: PATH }), []);
      const sids = Array.from({ length: 12 }, (_, n) => `s${n}`);
      await Promise.all(
        sids.map((sid, n) => store.set(sid, session(user(`NULL ${n % 2} \\u0000 \0`), cookieFor(3600)))),
      );
      const found = await Promise.all(sids.map((sid) => store.get(sid)));
      for (const one of found) assert.ok(Math.abs(Number(one!.cookie.expires) - Date.now() - 3_600_000) < 60_000);
      await Promise.all(sids.map((sid) => store.touch(sid, session({}, cookieFor(7200)))));
      await store.update('s0', (one) => Object.assign(one, { n: 1 }));
      assert.is((await store.all()).length, 12);
      await pool.query(
        `INSERT INTO ${quotedName(own)} SELECT $1 || n, '{}', now() - interval '1 min' - n * interval '10.001 ms' FROM generate_series(1, 21) AS n`,
        ['sha256:old'],
      );
      assert.is(await store.pruneSessions(), 21);

      const admin = createAdmin({ pool, ...own, hashIds: 'hashIds' in more, userPath: PATH });
      assert.equal(
        (await admin.doctor()).map(({ code }) => code),
        isGeneric ? ['generic-plans'] : [],
      );
      assert.equal(await migrate(location, { userPath: PATH }), []);
      const pages = [await admin.list({ limit: 7 })];
      pages.push(await admin.list({ limit: 7, after: pages[0]!.next }));
      assert.is(new Set(pages.flatMap(({ sessions }) => sessions.map(({ handle }) => handle))).size, 12);
      assert.is((await admin.find('NULL 1 \\u0000 \0')).length, 6);
      assert.is((await admin.stats()).live, 12);
      assert.ok(await admin.show(store.handle('s1')));
      assert.ok(await admin.revoke(store.handle('s1')));
      assert.is(await admin.revokeUser('NULL 1 \\u0000 \0', { except: store.handle('s3') }), 4);
      await store.destroy('s0');
      await store.clear();
    }
  });
}
