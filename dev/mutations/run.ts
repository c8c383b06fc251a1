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

const SESSION_SQL = 'src/generated/session.ts'; // what runs; sql/ is only compiled
const ADMIN_SQL = 'src/generated/admin.ts';
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
    tests: ['batcher'],
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
    tests: ['batcher'],
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
    tests: ['batcher'],
  },
  {
    guard: 'a save of a loaded session is an update, never an insert',
    file: 'src/store/store.ts',
    from: 'if (snapshot) await this.#save',
    to: 'if (snapshot && fields.size < 0) await this.#save',
    tests: ['races'],
  },
  {
    guard: 'a save that changes nothing is a touch',
    file: 'src/store/store.ts',
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
    file: 'src/session/expiry.ts',
    from: 'return secondsLeft > span + 1;',
    to: 'return false;',
    tests: ['races'],
  },
  {
    guard: 'expires is no change of the cookie',
    file: 'src/store/snapshots.ts',
    from: ', expires: undefined };',
    to: ' };',
    tests: ['races'],
  },
  {
    guard: 'a removed key stays removed',
    file: 'src/store/snapshots.ts',
    from: 'if (field === undefined) fields.delete(key);',
    to: 'if (field === undefined) continue;',
    tests: ['races'],
  },
  {
    guard: 'the diff is against the Session, not the row',
    file: 'src/store/snapshots.ts',
    from: 'return this.#keys ? new Map',
    to: 'return !this ? new Map',
    tests: ['races'],
  },
  {
    guard: 'a Session is loaded only under its own id',
    file: 'src/store/snapshots.ts',
    from: 'return snapshot?.sid === sid ? snapshot : undefined;',
    to: 'return snapshot;',
    tests: ['races'],
  },
  {
    guard: 'only a Session is remembered after its save',
    file: 'src/store/snapshots.ts',
    from: "if (id !== sid || typeof save !== 'function') return;",
    to: '',
    tests: ['races'],
  },
  {
    guard: 'what was saved is the base of the next save',
    file: 'src/store/store.ts',
    from: 'this.#snapshots?.saved(sid, session, fields, row);',
    to: '',
    tests: ['races'],
  },
  {
    guard: 'writes of one session wait for each other',
    file: 'src/store/session-queue.ts',
    from: 'before ? before.writes.then(work) : work()',
    to: 'work()',
    tests: ['races'],
  },
  {
    guard: 'a get waits for the writes before it',
    file: 'src/store/store.ts',
    from: 'if (before) await before;',
    to: '',
    tests: ['races'],
  },
  {
    guard: 'a get waits for no touch',
    file: 'src/store/session-queue.ts',
    from: 'isTouch ? before?.changes : ended',
    to: 'ended',
    tests: ['races'],
  },
  {
    guard: 'retries end',
    file: 'src/store/compare-and-swap.ts',
    from: 'if (performance.now() > deadline - GIVE_UP_MS) {',
    to: 'if (performance.now() > Infinity) {',
    tests: ['races'],
  },
  {
    guard: 'a save under the cookie of another does not move the expiry',
    file: 'src/store/store.ts',
    from: 'ttl: 0, mayShorten: false }',
    to: 'ttl, mayShorten: false }',
    tests: ['races', 'model'],
  },
  {
    guard: 'batches lock rows in the order of their ids',
    file: SESSION_SQL,
    from: '  ORDER BY 1\\n) AS x, ss__settings\\nWHERE t.sid = ANY(ARRAY[x.sid])',
    to: ') AS x, ss__settings\\nWHERE t.sid = x.sid',
    tests: ['batch-locks'],
  },
  {
    guard: 'a row that is refused or locked goes alone',
    file: 'src/table/session-rows.ts',
    from: "OF_ONE_ROW.test((error as SessionStoreError).sqlState ?? '')",
    to: '!OF_ONE_ROW && Boolean(error as SessionStoreError)',
    tests: ['batcher'],
  },
  {
    guard: 'a batch does not wait for a locked row',
    file: 'src/table/session-rows.ts',
    from: "const LOCK_TIMEOUT = '200ms';",
    to: "const LOCK_TIMEOUT = '0';",
    tests: ['batcher'],
  },
  {
    guard: 'what the server took back is sent again',
    file: 'src/postgres/retry.ts',
    from: 'tries < TRIES ? Infinity : 0',
    to: 'tries < 0 ? Infinity : 0',
    tests: ['batcher'],
  },
  {
    guard: 'batches are bounded by count',
    file: 'src/table/batcher.ts',
    from: 'const MOST_ITEMS = 512;',
    to: 'const MOST_ITEMS = 51200;',
    tests: ['batcher'],
  },
  {
    guard: 'batches are bounded by bytes',
    file: 'src/table/batcher.ts',
    from: 'if (count > 0 && bytes > MOST_BYTES) break;',
    to: '',
    tests: ['batcher'],
  },
  {
    guard: 'calls share a statement',
    file: 'src/table/batcher.ts',
    from: 'const MOST_ITEMS = 512;',
    to: 'const MOST_ITEMS = 1;',
    tests: ['batcher'],
  },
  {
    guard: 'only touches are relaxed',
    file: SESSION_SQL,
    from: 'AS x(sid, sess, ttl), ss__settings',
    to: "AS x(sid, sess, ttl), ss__settings, (SELECT set_config('synchronous_commit', 'off', true)) AS ss__off",
    tests: ['batcher'],
  },
  {
    guard: 'a pooler that knows no names costs no call',
    file: 'src/postgres/connection.ts',
    from: "else if (UNKNOWN_NAME.test(sqlState ?? '')) isNamed = false;",
    to: '',
    tests: ['prepare'],
  },
  {
    guard: 'an altered table costs no call',
    file: 'src/postgres/connection.ts',
    from: 'sqlState === CACHED_PLAN',
    to: 'sqlState === undefined',
    tests: ['prepare'],
  },
  {
    guard: 'a call is answered by its deadline',
    file: 'src/store/in-flight-calls.ts',
    from: 'this.#list.after.deadline <= now',
    to: 'this.#list.after.deadline < 0',
    tests: ['faults-server'],
  },
  {
    guard: 'what is too much is refused',
    file: 'src/store/in-flight-calls.ts',
    from: 'if (this.#underWay < this.#most) return undefined;',
    to: 'if (this.#underWay >= 0) return undefined;',
    tests: ['faults-network', 'faults.test'],
  },
  {
    guard: 'a closed store refuses',
    file: 'src/store/in-flight-calls.ts',
    from: 'if (this.#closed)',
    to: 'if (this.#closed && this.count < 0)',
    tests: ['faults-network', 'pruning'],
  },
  {
    guard: 'close() waits for what is under way',
    file: 'src/store/in-flight-calls.ts',
    from: 'if (this.#underWay > 0) await',
    to: 'if (this.#underWay < 0) await',
    tests: ['faults-network'],
  },
  {
    guard: 'a client that is late is cut off',
    file: 'src/postgres/connection.ts',
    from: '    cutOff(client);\n  });',
    to: '  });',
    tests: ['faults-network', 'faults-database'],
  },
  {
    guard: 'what lies in a buffer is dropped',
    file: 'src/postgres/connection.ts',
    from: 'stream.resetAndDestroy();',
    to: '// nothing',
    tests: ['faults-network'],
  },
  {
    guard: 'the server is asked to stop for a client that is late',
    file: 'src/postgres/connection.ts',
    from: '  cancel(client);',
    to: '',
    tests: ['faults-database'],
  },
  {
    guard: 'an error of SQL costs no connection',
    file: 'src/postgres/connection.ts',
    from: 'if (!answeredByServer(failed)) lost',
    to: 'lost',
    tests: ['store/store', 'faults-database'],
  },
  {
    guard: 'a connection to a standby is given up',
    file: 'src/postgres/connection.ts',
    from: '08|57P|25006',
    to: '08|57P',
    tests: ['faults-database'],
  },
  {
    guard: 'a broken connection is tried again',
    file: 'src/postgres/retry.ts',
    from: 'if (isUnsure(error)) return twice ? Infinity : 0;',
    to: 'if (isUnsure(error)) return 0;',
    tests: ['faults-network', 'faults-database'],
  },
  {
    guard: 'an update is not done twice',
    file: 'src/store/compare-and-swap.ts',
    from: 'if (!twice || !isUnsure(error)) throw error;',
    to: 'if (!isUnsure(error)) throw error;',
    tests: ['faults-database'],
  },
  {
    guard: 'what became of a save is found out',
    file: 'src/store/compare-and-swap.ts',
    from: 'if (!twice || !isUnsure(error)) throw error;',
    to: 'throw error;',
    tests: ['faults-database'],
  },
  {
    guard: "the pool's line holds nobody who no longer waits",
    file: 'src/postgres/client-queue.ts',
    from: '    this.#waiting.delete(waiter);\n    waiter.reject(timedOut());',
    to: '    waiter.reject(timedOut());',
    tests: ['faults-network', 'faults.test'],
  },
  {
    guard: 'connections that are never answered are given up',
    file: 'src/postgres/client-queue.ts',
    from: 'if (now - since > this.#connectMs)',
    to: 'if (now - since < 0)',
    tests: ['faults-network'],
  },
  {
    guard: 'somebody listens to a client from the first moment',
    file: 'src/postgres/client-queue.ts',
    from: "      client.on('error', waiter.onError);\n      waiter.resolve(client);",
    to: "      waiter.resolve(client);\n      setImmediate(() => client.on('error', waiter.onError));",
    tests: ['faults-database', 'faults-network'],
  },
  {
    guard: 'a statement that takes long keeps no others waiting',
    file: 'src/table/batcher.ts',
    from: 'if (now - sent.since >= SLOW_MS) this.#forget(sent);',
    to: '',
    tests: ['faults-database', 'batcher'],
  },
  {
    guard: 'what is late is not sent',
    file: 'src/table/batcher.ts',
    from: '    this.#dropLate();\n',
    to: '',
    tests: ['faults-network', 'batcher'],
  },
  {
    guard: 'a touch is put aside at once only when nothing else of its session is under way',
    file: 'src/store/store.ts',
    from: 'this.#turns.isFree(sid) && ',
    to: '',
    tests: ['expiry'],
  },
  {
    guard: 'two cookies that are spelled otherwise but for what moves are not the same',
    file: 'src/store/snapshots.ts',
    from: 'return one.slice(a[0].length) === other.slice(b[0].length);',
    to: 'return true;',
    tests: ['races', 'store/store', 'expiry', 'model'],
  },
  {
    guard: 'a batch of gets keeps its plan',
    file: 'src/table/session-rows.ts',
    from: 'sids: padded(sids)',
    to: 'sids',
    tests: ['prepare'],
  },
  {
    guard: 'the doctor finds an index on expire that is not used',
    file: 'src/admin/doctor.ts',
    from: 'return isKnown && /',
    to: 'return false && /',
    tests: ['admin/doctor'],
  },
  {
    guard: 'many calls leave in halves, so that the server and we work at once',
    file: 'src/table/batcher.ts',
    from: 'length >= WORTH_HALVING',
    to: 'false',
    tests: ['batcher'],
  },
  {
    guard: 'a second statement does not leave with a few',
    file: 'src/table/batcher.ts',
    from: 'this.#waiting.length >= this.#itemsUnderWay / 2',
    to: 'true',
    tests: ['batcher'],
  },
  {
    guard: 'a cookie whose age is no number makes no session',
    file: 'src/session/payload.ts',
    from: "if (typeof (age ?? 0) !== 'number')",
    to: "if (typeof age === 'bigint')",
    tests: ['faults-rows'],
  },
  {
    guard: 'a batch of a prune begins where the last one ended',
    file: 'src/store/prune-timer.ts',
    from: 'since = Math.max(since, expired - 0.001)',
    to: 'since = Math.max(since, -Infinity)',
    tests: ['pruning'],
  },
  {
    guard: 'a touch that moves little is not written',
    file: 'src/session/expiry.ts',
    from: 'return moves >= ',
    to: 'return moves >= 0 * ',
    tests: ['expiry'],
  },
  {
    guard: 'the response waits for the save',
    file: 'src/store/save-before-response.ts',
    from: 'session.save((error) => {',
    to: 'session.save(() => {}); setImmediate((error?: unknown) => {',
    tests: ['save-before'],
  },
  {
    guard: 'a response without a change is not held back',
    file: 'src/store/save-before-response.ts',
    from: ' || !isChanged(session)',
    to: '',
    tests: ['save-before'],
  },
  {
    guard: 'a failed save sets no cookie',
    file: 'src/store/save-before-response.ts',
    from: 'Object.assign(req, { sessionID: undefined });',
    to: '',
    tests: ['save-before'],
  },
  {
    guard: 'the admin revokes all of a user where none is excepted',
    file: ADMIN_SQL,
    from: 'IS DISTINCT FROM :except',
    to: '<>               :except', // of the same length
    tests: ['admin/admin'],
  },
  {
    guard: 'the admin revokes the session of a user only from that user',
    file: ADMIN_SQL,
    from: ':users!::text[]) AND CASE',
    to: ':users!::text[]) OR  CASE',
    tests: ['admin/admin'],
  },
  {
    guard: "the admin's pages repeat nothing",
    file: ADMIN_SQL,
    from: ') > (:expire!',
    to: ')>= (:expire!',
    tests: ['admin/admin'],
  },
  {
    guard: 'the admin finds only live sessions',
    file: ADMIN_SQL,
    from: ':users!::text[]) AND t.expire > now()',
    to: ':users!::text[])',
    tests: ['admin/admin'],
  },
  {
    guard: 'the admin takes a handle and no session id',
    file: 'src/admin/admin.ts',
    from: "if (typeof handle === 'string' && HANDLE.test(handle)) return handle;",
    to: 'if (handle) return handle;',
    tests: ['admin/admin'],
  },
  {
    guard: 'the admin looks for a user as he is stored',
    file: 'src/session/user-path.ts',
    from: "if (typeof user === 'string') return storedText(user);",
    to: "if (typeof user === 'string') return user;",
    tests: ['admin/admin'],
  },
  {
    guard: 'the admin puts the path where its stand-in is, not where the table is called so',
    file: 'src/table/create-table.ts',
    from: 'text.lastIndexOf(PATH_STAND_IN)',
    to: 'text.indexOf(PATH_STAND_IN)',
    tests: ['user-index'],
  },
  {
    guard: 'the admin takes no partial index for one',
    file: 'src/generated/catalog.ts',
    from: 'i.indisvalid AND i.indpred IS NULL\\n  AND replace',
    to: 'i.indisvalid AND true             \\n  AND replace', // of the same length
    tests: ['user-index'],
  },
  {
    guard: 'the doctor compares types with those of the compilation',
    file: 'src/admin/doctor.ts',
    from: 'if (reason) misfits.push',
    to: 'if (!reason) continue; else if (reason.length < 0) misfits.push',
    tests: ['admin/doctor'],
  },
  {
    guard: 'the doctor takes varchar for text',
    file: 'src/admin/doctor.ts',
    from: "type.replace(/^character varying/, 'text')",
    to: 'type',
    tests: ['admin/doctor'],
  },
  {
    guard: 'the doctor takes no deferrable key for one',
    file: 'src/admin/findings.ts',
    from: '(hasKey && deferrableKeys.length === 0)',
    to: 'hasKey',
    tests: ['admin/doctor'],
  },
  {
    guard: 'the doctor knows an escaped backslash before u0000',
    file: 'src/admin/findings.ts',
    from: 'String.raw`(?<!\\\\)(\\\\\\\\)*',
    to: 'String.raw`',
    tests: ['admin/doctor'],
  },
  {
    guard: 'the doctor calls the column that lacks its name, not the one that has another',
    file: 'src/admin/findings.ts',
    from: ' || misfits.length > 0) return undefined',
    to: ') return undefined',
    tests: ['admin/doctor'],
  },
  {
    guard: 'migrate reads old times under the zone that they were written in',
    file: 'src/generated/migrate.ts',
    from: "set_config('TimeZone', ",
    to: "set_config('My.Zone',  ", // of the same length
    tests: ['admin/migrate'],
  },
  {
    guard: 'migrate asks where roles have other zones',
    file: 'src/admin/migrate.ts',
    from: 'if (differing.length === 0) return timeZone;',
    to: 'if (differing.length >= 0) return timeZone;',
    tests: ['admin/migrate'],
  },
  {
    guard: 'migrate keeps no saver waiting while it makes an index',
    file: 'src/admin/migrate.ts',
    from: '() => queries.createExpireIndexConcurrently.run(',
    to: '() => createExpireIndex.run(',
    tests: ['admin/migrate'],
  },
  {
    guard: 'a dry run of migrate changes nothing',
    file: 'src/admin/migrate.ts',
    from: 'if (!options.dryRun) for',
    to: 'for',
    tests: ['admin/migrate'],
  },
  {
    guard: 'the command line prints nothing that steers a terminal',
    file: 'src/cli/print.ts',
    from: 'text.replace(/[',
    to: 'text.replace(/[^\\s\\S',
    tests: ['--package', 'cli'],
  },
  {
    guard: 'a revocation says no ids',
    file: SESSION_SQL,
    from: "encode(sha256(convert_to(t.sid, 'UTF8')), 'hex') END AS handle",
    to: 't.sid::text                                      END AS handle', // of the same length
    tests: ['revocations'],
  },
  {
    guard: 'a revocation says its handles in chunks',
    file: ADMIN_SQL,
    from: ' / 120',
    to: ' / 999', // of the same length
    tests: ['revocations'],
  },
  {
    guard: 'no revocation is said unless the option asks for it',
    file: 'src/store/store.ts',
    from: 'this.#channel = listener && revocationChannel(',
    to: 'this.#channel = revocationChannel(',
    tests: ['revocations'],
  },
  {
    guard: 'a revocation by clear is said',
    file: 'src/store/store.ts',
    from: 'channel === undefined ? clearSessions',
    to: 'channel ? clearSessions',
    tests: ['revocations'],
  },
  {
    guard: 'a revocation may have been missed where nobody listened',
    file: 'src/store/revocation-listener.ts',
    from: 'this.#options.onResync();',
    to: '',
    tests: ['revocations'],
  },
  {
    guard: 'revocations outlive a connection that ends',
    file: 'src/store/revocation-listener.ts',
    from: "client.on('error', (error) => over.abort(error));",
    to: '',
    tests: ['revocations'],
  },
  {
    guard: 'revocations try an ill server less and less often',
    file: 'src/store/revocation-listener.ts',
    from: 'FIRST_PAUSE_MS * 2 ** failures',
    to: 'FIRST_PAUSE_MS',
    tests: ['revocations'],
  },
  {
    guard: 'revocations give up a server that says nothing',
    file: 'src/store/revocation-listener.ts',
    from: 'const timer = setTimeout(cutOff, ',
    to: 'const timer = setTimeout(() => {}, ',
    tests: ['revocations'],
  },
  {
    guard: 'an outage of revocations is logged once',
    file: 'src/store/revocation-listener.ts',
    from: 'if (failures === 0)',
    to: 'if (failures >= 0)',
    tests: ['revocations'],
  },
  {
    guard: 'revocations keep no process alive',
    file: 'src/store/revocation-listener.ts',
    from: 'socketOf(client).unref();',
    to: '',
    tests: ['revocations'],
  },
  {
    guard: 'the end of revocations waits for no server',
    file: 'src/store/revocation-listener.ts',
    from: "signal?.addEventListener('abort', cutOff);",
    to: '',
    tests: ['revocations'],
  },
  {
    guard: 'a revocation is of handles, whatever is said',
    file: 'src/store/revocation-listener.ts',
    from: '.filter((word) => HANDLE.test(word))',
    to: '',
    tests: ['revocations'],
  },
  {
    guard: 'a listener to revocations that throws breaks nothing',
    file: 'src/store/store.ts',
    from: "process.nextTick(() => this.emit('revoked', { handles }))",
    to: "this.emit('revoked', { handles })",
    tests: ['revocations'],
  },
  {
    guard: 'at rest: a stolen hash is not looked up in clear',
    file: 'src/table/hashed-rows.ts',
    from: 'isId(sid) && !isHashed(sid)',
    to: 'isId(sid) || isHashed(sid)',
    tests: ['hash-ids'],
  },
  {
    guard: 'at rest: an id of absurd length costs no query',
    file: 'src/table/hashed-rows.ts',
    from: 'sid.length > 0 && sid.length <= LONGEST_ID',
    to: 'sid.length >= 0 || LONGEST_ID > 0',
    tests: ['hash-ids'],
  },
  {
    guard: 'at rest: destroy removes a session under both forms',
    file: 'src/table/hashed-rows.ts',
    from: 'if (mayBeInClear(sid)) await rows.destroy(sid, deadline); //',
    to: '//',
    tests: ['hash-ids'],
  },
  {
    guard: 'at rest: who finds nothing in clear looks under the hash again',
    file: 'src/table/hashed-rows.ts',
    from: '?? hashed.read(sid, deadline)',
    to: '?? undefined',
    tests: ['hash-ids'],
  },
  {
    guard: 'an expired session under the hash is not in the way of a live one that is taken and put',
    file: 'src/admin/hash-all-ids.ts',
    from: '    await dropExpired.run({ sid: hashed }, db);\n',
    to: '',
    tests: ['hash-ids'],
  },
  {
    guard: 'at rest: an expired row under the hash does not keep a live one from moving',
    file: 'src/generated/hash-ids.ts',
    from: 'h.expire <= now()',
    to: 'false            ',
    tests: ['hash-ids'],
  },
  {
    guard: 'at rest: a row opens only for the session that it was sealed for',
    file: 'src/session/codec.ts',
    from: '[handle, JSON.stringify(rest)]',
    to: '[JSON.stringify(rest)]',
    tests: ['encryption'],
  },
  {
    guard: 'at rest: the hash of the user can not be altered',
    file: 'src/session/codec.ts',
    from: '[handle, JSON.stringify(rest)]',
    to: '[handle]',
    tests: ['encryption'],
  },
  {
    guard: 'at rest: base64 has one spelling only',
    file: 'src/session/codec.ts',
    from: " && sealed === [id, bytes.toString('base64')].join('.')",
    to: '',
    tests: ['encryption'],
  },
  {
    guard: 'at rest: a row in clear is read only where it may be',
    file: 'src/session/codec.ts',
    from: 'if (this.#allowPlaintext) return this.#format',
    to: 'if (this.#format) return this.#format',
    tests: ['encryption'],
  },
  {
    guard: 'at rest: encrypting a table leaves expiries alone',
    file: 'src/admin/encrypt-all.ts',
    from: 'mayShorten: open.map(() => false)',
    to: 'mayShorten: open.map(() => true)',
    tests: ['encryption'],
  },
  {
    guard: 'at rest: a session whose lifetime is over is not read',
    file: 'src/store/store.ts',
    from: 'if (left === 0) return null;',
    to: '',
    tests: ['lifetime'],
  },
  {
    guard: 'at rest: an app can not set the birth',
    file: 'src/store/store.ts',
    from: 'return this.#lifetime ? withoutBirth(fields) : fields;',
    to: 'return fields;',
    tests: ['lifetime'],
  },
  {
    guard: 'at rest: a touch reaches no further than the lifetime',
    file: 'src/store/store.ts',
    from: 'return this.#lifetime ? Math.min(ttl, this.#lifetime.left(session)) : ttl;',
    to: 'return ttl;',
    tests: ['lifetime'],
  },
];

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
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
  const red = [...stdout.matchAll(/(?:FAIL {2}|^PROBLEM (?=outside any test))(.*)$/gm)].map(([, name]) =>
    name!.replaceAll('"', '').trim(),
  );
  return { isGreen: status === 0, red };
}
