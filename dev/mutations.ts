// npm run mutations [-- part of a name ...]   Takes out one guard after another, in a copy, and sees a test go red.
import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

interface Mutation {
  /** The guard that is taken out. */
  guard: string;
  file: string;
  from: string;
  to: string;
  /** Parts of the names of the test files of which one must fail. */
  tests: string[];
}

const SESSION_SQL = 'src/queries/session.ts'; // what runs; sql/ is only compiled
const ADMIN_SQL = 'src/queries/admin.ts';
const mutations: Mutation[] = [
  {
    guard: 'a touch is only of a live row',
    file: SESSION_SQL,
    from: ':sid! AND t.expire > now()\\nRETURNING',
    to: ':sid!\\nRETURNING',
    tests: ['races'],
  },
  {
    guard: 'a batch of touches is only of live rows',
    file: SESSION_SQL,
    from: 'ANY(ARRAY[x.sid]) AND t.expire > now()',
    to: 'ANY(ARRAY[x.sid])',
    tests: ['batching'],
  },
  {
    guard: 'a replacement is only of a live row',
    file: SESSION_SQL,
    from: ':loaded! AND t.expire > now()',
    to: ':loaded!',
    tests: ['races'],
  },
  {
    guard: 'a batch of replacements is only of live rows',
    file: SESSION_SQL,
    from: 'IS TRUE AND t.expire > now()',
    to: 'IS TRUE',
    tests: ['batching'],
  },
  {
    guard: 'a replacement is only of what was read',
    file: SESSION_SQL,
    from: 't.sess::text = ',
    to: "'~'::text >=   ", // true, and of the same length, since pgtyped knows parameters by their place in the text
    tests: ['races'],
  },
  {
    guard: 'a batch of replacements is only of what was read',
    file: SESSION_SQL,
    from: '(t.sess::text = x.loaded) IS TRUE',
    to: 'true',
    tests: ['batching'],
  },
  {
    guard: 'a save of a loaded session is an update, never an insert',
    file: 'src/store.ts',
    from: 'if (snapshot) await this.#save',
    to: 'if (snapshot && fields.size < 0) await this.#save',
    tests: ['races'],
  },
  {
    guard: 'a save that changes nothing is a touch',
    file: 'src/store.ts',
    from: 'if (changes.size === 0) return this.#touch(',
    to: 'if (changes.size < 0) return this.#touch(',
    tests: ['races'],
  },
  {
    guard: 'a write that did not change the cookie never brings the expiry forward',
    file: SESSION_SQL,
    from: 'GREATEST(t.expire, ',
    to: "GREATEST('epoch',  ", // of the same length
    tests: ['races'],
  },
  {
    guard: 'what lives longer than its cookie says may be shortened',
    file: 'src/expiry.ts',
    from: 'return secondsLeft > span + 1;',
    to: 'return false;',
    tests: ['races'],
  },
  {
    guard: 'expires is no change of the cookie',
    file: 'src/snapshot.ts',
    from: ', expires: undefined };',
    to: ' };',
    tests: ['races'],
  },
  {
    guard: 'a removed key stays removed',
    file: 'src/snapshot.ts',
    from: 'if (field === undefined) fields.delete(key);',
    to: 'if (field === undefined) continue;',
    tests: ['races'],
  },
  {
    guard: 'the diff is against the Session, not the row',
    file: 'src/snapshot.ts',
    from: 'this.#keys ? new Map(',
    to: '!this.#vault ? new Map(',
    tests: ['races'],
  },
  {
    guard: 'a Session is loaded only under its own id',
    file: 'src/snapshot.ts',
    from: 'return snapshot?.sid === sid ? snapshot : undefined;',
    to: 'return snapshot;',
    tests: ['races'],
  },
  {
    guard: 'only a Session is remembered after its save',
    file: 'src/snapshot.ts',
    from: "if (id !== sid || typeof save !== 'function') return;",
    to: '',
    tests: ['races'],
  },
  {
    guard: 'what was saved is the base of the next save',
    file: 'src/store.ts',
    from: 'this.#snapshots?.saved(sid, session, fields, row);',
    to: '',
    tests: ['races'],
  },
  {
    guard: 'writes of one session wait for each other',
    file: 'src/turns.ts',
    from: 'before ? before.writes.then(work) : work()',
    to: 'work()',
    tests: ['races'],
  },
  {
    guard: 'a get waits for the writes before it',
    file: 'src/store.ts',
    from: 'if (before) await before;',
    to: '',
    tests: ['races'],
  },
  {
    guard: 'a get waits for no touch',
    file: 'src/turns.ts',
    from: 'isTouch ? before?.changes : ended',
    to: 'ended',
    tests: ['races'],
  },
  {
    guard: 'retries end',
    file: 'src/replace.ts',
    from: 'if (performance.now() > deadline - GIVE_UP_MS)',
    to: 'if (performance.now() > Infinity)',
    tests: ['races'],
  },
  {
    guard: 'a save under the cookie of another does not move the expiry',
    file: 'src/store.ts',
    from: 'ttl: 0, mayShorten: false }',
    to: 'ttl, mayShorten: false }',
    tests: ['races', 'model'],
  },
  {
    guard: 'batches lock rows in the order of their ids',
    file: SESSION_SQL,
    from: '  ORDER BY 1\\n) AS x, ss__settings\\nWHERE t.sid = ANY(ARRAY[x.sid])',
    to: ') AS x, ss__settings\\nWHERE t.sid = x.sid',
    tests: ['batches'],
  },
  {
    guard: 'a row that is refused or locked goes alone',
    file: 'src/rows.ts',
    from: "OF_ONE_ROW.test((error as SessionStoreError).sqlState ?? '')",
    to: '!OF_ONE_ROW && Boolean(error as SessionStoreError)',
    tests: ['batching'],
  },
  {
    guard: 'a batch does not wait for a locked row',
    file: 'src/rows.ts',
    from: "const LOCK_TIMEOUT = '200ms';",
    to: "const LOCK_TIMEOUT = '0';",
    tests: ['batching'],
  },
  {
    guard: 'what the server took back is sent again',
    file: 'src/retry.ts',
    from: 'tries < TRIES ? Infinity',
    to: 'tries < 1 ? Infinity',
    tests: ['batching'],
  },
  {
    guard: 'batches are bounded by count',
    file: 'src/coalescer.ts',
    from: 'const MOST_ITEMS = 512;',
    to: 'const MOST_ITEMS = 51200;',
    tests: ['batching'],
  },
  {
    guard: 'batches are bounded by bytes',
    file: 'src/coalescer.ts',
    from: 'if (count > 0 && bytes > MOST_BYTES) break;',
    to: '',
    tests: ['batching'],
  },
  {
    guard: 'calls share a statement',
    file: 'src/coalescer.ts',
    from: 'const MOST_ITEMS = 512;',
    to: 'const MOST_ITEMS = 1;',
    tests: ['batching'],
  },
  {
    guard: 'only touches are relaxed',
    file: SESSION_SQL,
    from: 'AS x(sid, sess, ttl), ss__settings',
    to: "AS x(sid, sess, ttl), ss__settings, (SELECT set_config('synchronous_commit', 'off', true)) AS ss__off",
    tests: ['batching'],
  },
  {
    guard: 'a pooler that knows no names costs no call',
    file: 'src/connection.ts',
    from: "else if (UNKNOWN_NAME.test(sqlState ?? '')) isNamed = false;",
    to: '',
    tests: ['prepare'],
  },
  {
    guard: 'an altered table costs no call',
    file: 'src/connection.ts',
    from: 'sqlState === CACHED_PLAN',
    to: 'sqlState === undefined',
    tests: ['prepare'],
  },
  {
    guard: 'a touch that moves little is not written',
    file: 'src/expiry.ts',
    from: 'return moves >= ',
    to: 'return moves >= 0 * ',
    tests: ['expiry'],
  },
  {
    guard: 'the response waits for the save',
    file: 'src/save-before-response.ts',
    from: 'session.save((error) => {',
    to: 'session.save(() => {}); setImmediate((error?: unknown) => {',
    tests: ['save-before'],
  },
  {
    guard: 'a response without a change is not held back',
    file: 'src/save-before-response.ts',
    from: ' || !isChanged(session)',
    to: '',
    tests: ['save-before'],
  },
  {
    guard: 'a failed save sets no cookie',
    file: 'src/save-before-response.ts',
    from: 'Object.assign(req, { sessionID: undefined });',
    to: '',
    tests: ['save-before'],
  },
  {
    guard: 'the admin revokes all of a user where none is excepted',
    file: ADMIN_SQL,
    from: 'IS DISTINCT FROM :except',
    to: '<>               :except', // of the same length
    tests: ['admin.test'],
  },
  {
    guard: 'the admin revokes the session of a user only from that user',
    file: ADMIN_SQL,
    from: ':users!::text[]) AND CASE',
    to: ':users!::text[]) OR  CASE',
    tests: ['admin.test'],
  },
  {
    guard: "the admin's pages repeat nothing",
    file: ADMIN_SQL,
    from: ') > (:expire!',
    to: ')>= (:expire!',
    tests: ['admin.test'],
  },
  {
    guard: 'the admin finds only live sessions',
    file: ADMIN_SQL,
    from: ':users!::text[]) AND t.expire > now()',
    to: ':users!::text[])',
    tests: ['admin.test'],
  },
  {
    guard: 'the admin takes a handle and no session id',
    file: 'src/admin.ts',
    from: "if (typeof handle === 'string' && HANDLE.test(handle)) return handle;",
    to: 'if (handle) return handle;',
    tests: ['admin.test'],
  },
  {
    guard: 'the admin looks for a user as he is stored',
    file: 'src/user-path.ts',
    from: "if (typeof user === 'string') return storedText(user);",
    to: "if (typeof user === 'string') return user;",
    tests: ['admin.test'],
  },
  {
    guard: 'the admin puts the path where its stand-in is, not where the table is called so',
    file: 'src/schema.ts',
    from: 'text.lastIndexOf(PATH_STAND_IN)',
    to: 'text.indexOf(PATH_STAND_IN)',
    tests: ['admin-index'],
  },
  {
    guard: 'the admin takes no partial index for one',
    file: 'src/queries/catalog.ts',
    from: 'i.indisvalid AND i.indpred IS NULL\\n  AND replace',
    to: 'i.indisvalid AND true             \\n  AND replace', // of the same length
    tests: ['admin-index'],
  },
  {
    guard: 'the doctor compares types with those of the compilation',
    file: 'src/doctor.ts',
    from: 'if (reason) misfits.push',
    to: 'if (!reason) continue; else if (reason.length < 0) misfits.push',
    tests: ['doctor'],
  },
  {
    guard: 'the doctor takes varchar for text',
    file: 'src/doctor.ts',
    from: "type.replace(/^character varying/, 'text')",
    to: 'type',
    tests: ['doctor'],
  },
  {
    guard: 'the doctor takes no deferrable key for one',
    file: 'src/findings.ts',
    from: '(hasKey && deferrableKeys.length === 0)',
    to: 'hasKey',
    tests: ['doctor'],
  },
  {
    guard: 'the doctor knows an escaped backslash before u0000',
    file: 'src/findings.ts',
    from: 'String.raw`(?<!\\\\)(\\\\\\\\)*',
    to: 'String.raw`',
    tests: ['doctor'],
  },
  {
    guard: 'the doctor calls the column that lacks its name, not the one that has another',
    file: 'src/findings.ts',
    from: ' || misfits.length > 0) return undefined',
    to: ') return undefined',
    tests: ['doctor'],
  },
  {
    guard: 'at rest: a stolen hash is not looked up in clear',
    file: 'src/hashed-rows.ts',
    from: 'isId(sid) && !isHashed(sid)',
    to: 'isId(sid) || isHashed(sid)',
    tests: ['hash-ids'],
  },
  {
    guard: 'at rest: an id of absurd length costs no query',
    file: 'src/hashed-rows.ts',
    from: 'sid.length > 0 && sid.length <= LONGEST_ID',
    to: 'sid.length >= 0 || LONGEST_ID > 0',
    tests: ['hash-ids'],
  },
  {
    guard: 'at rest: destroy removes a session under both forms',
    file: 'src/hashed-rows.ts',
    from: 'if (mayBeInClear(sid)) await rows.destroy(sid, deadline); //',
    to: '//',
    tests: ['hash-ids'],
  },
  {
    guard: 'at rest: who finds nothing in clear looks under the hash again',
    file: 'src/hashed-rows.ts',
    from: '?? hashed.read(sid, deadline)',
    to: '?? undefined',
    tests: ['hash-ids'],
  },
  {
    guard: 'at rest: an expired row under the hash does not keep a live one from moving',
    file: 'src/queries/hash-ids.ts',
    from: 'h.expire <= now()',
    to: 'false            ',
    tests: ['hash-ids'],
  },
  {
    guard: 'at rest: a row opens only for the session that it was sealed for',
    file: 'src/vault.ts',
    from: '[handle, JSON.stringify(rest)]',
    to: '[JSON.stringify(rest)]',
    tests: ['encryption'],
  },
  {
    guard: 'at rest: the hash of the user can not be altered',
    file: 'src/vault.ts',
    from: '[handle, JSON.stringify(rest)]',
    to: '[handle]',
    tests: ['encryption'],
  },
  {
    guard: 'at rest: base64 has one spelling only',
    file: 'src/vault.ts',
    from: " && sealed === [id, bytes.toString('base64')].join('.')",
    to: '',
    tests: ['encryption'],
  },
  {
    guard: 'at rest: a row in clear is read only where it may be',
    file: 'src/vault.ts',
    from: 'if (this.#allowPlaintext) return this.#format',
    to: 'if (this.#format) return this.#format',
    tests: ['encryption'],
  },
  {
    guard: 'at rest: encrypting a table leaves expiries alone',
    file: 'src/encrypt.ts',
    from: 'mayShorten: open.map(() => false)',
    to: 'mayShorten: open.map(() => true)',
    tests: ['encryption'],
  },
  {
    guard: 'at rest: a session whose lifetime is over is not read',
    file: 'src/store.ts',
    from: 'if (left === 0) return null;',
    to: '',
    tests: ['lifetime'],
  },
  {
    guard: 'at rest: an app can not set the birth',
    file: 'src/store.ts',
    from: 'return this.#lifetime ? withoutBirth(fields) : fields;',
    to: 'return fields;',
    tests: ['lifetime'],
  },
  {
    guard: 'at rest: a touch reaches no further than the lifetime',
    file: 'src/store.ts',
    from: 'return this.#lifetime ? Math.min(ttl, this.#lifetime.left(session)) : ttl;',
    to: 'return ttl;',
    tests: ['lifetime'],
  },
];

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const wanted = process.argv.slice(2);
for (const { guard, file, from } of mutations) {
  if (!fs.readFileSync(file, 'utf8').includes(from)) {
    throw new Error(`${guard}: ${file} no longer holds what is to be taken out`);
  }
}
const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'mutations-'));
process.on('exit', () => fs.rmSync(copy, { recursive: true }));
for (const file of execFileSync('git', ['ls-files'], { encoding: 'utf8' }).trim().split('\n')) {
  fs.cpSync(file, path.join(copy, file));
}
fs.symlinkSync(path.resolve('node_modules'), path.join(copy, 'node_modules'));

const chosen = mutations.filter(({ guard }) => wanted.length === 0 || wanted.some((part) => guard.includes(part)));
if (chosen.length === 0) throw new Error(`no guard is called ${wanted.join(', ')}`);
const untouched = run([...new Set(chosen.flatMap(({ tests }) => tests))]);
if (!untouched.isGreen) throw new Error(`not green with all guards in place: ${untouched.red.join(', ')}`);
const survivors: string[] = [];
for (const { guard, file, from, to, tests } of chosen) {
  const target = path.join(copy, file);
  const original = fs.readFileSync(target, 'utf8');
  fs.writeFileSync(
    target,
    original.replaceAll(from, () => to),
  );
  const { red } = run(tests);
  fs.writeFileSync(target, original);
  if (red.length === 0) survivors.push(guard);
  console.log(red.length > 0 ? `killed by ${red.length}: ${guard} (${red[0]})` : `SURVIVED: ${guard}`);
}
console.log(survivors.length > 0 ? `${survivors.length} survived` : 'all killed');
process.exitCode = survivors.length > 0 ? 1 : 0;

/** Runs these test files, and says which tests fail. A run that broke off is not green, and names none. */
function run(tests: string[]): { isGreen: boolean; red: string[] } {
  const args = ['--import', 'tsx', 'test/run.ts', ...tests];
  const { status, stdout } = spawnSync('node', args, { cwd: copy, encoding: 'utf8' });
  const red = [...stdout.matchAll(/FAIL {2}(.*)$/gm)].map(([, name]) => name!.replaceAll('"', '').trim());
  return { isGreen: status === 0, red };
}
