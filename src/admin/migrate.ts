// Turns an older table into one of today's, while sessions go on being saved where that can be.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { sqlStateOf } from '../errors.js';
import { findTimeZones, inspectTable } from '../generated/doctor.js';
import * as queries from '../generated/migrate.js';
import { createExpireIndex } from '../generated/schema.js';
import { inTransaction, onPool } from '../postgres/connection.js';
import { makeVault } from '../session/codec.js';
import type { Encryption } from '../session/encryption.js';
import { storedPath, type UserPath } from '../session/user-path.js';
import { bindTable, catalogNames, type TableNames } from '../table/names.js';
import { concurrently, createUserIndex, hasUserIndex } from '../table/user-index.js';
import { encryptAll, rowsToEncrypt } from './encrypt-all.js';
import { hashIds, rowsInClear } from './hash-all-ids.js';

export interface MigrateOptions {
  /** The TimeZone under which a `timestamp` column was written. Default: this connection's, if no role or database differs. */
  timeZone?: string | undefined;
  /** Make the index of users at this path, too. Default: none. */
  userPath?: UserPath | undefined;
  /** Bring all sessions under the hash of their id, while the store runs with `hashIds: 'upgrade'`. Default: false. */
  hashIds?: boolean;
  /** Encrypt all sessions with the first of these keys. Default: none are. */
  encryption?: Encryption | undefined;
  /** Only say what is to be done. Default: false. */
  dryRun?: boolean;
  /** Told how far the index that is being made has come, a few times a second, or how many sessions are done. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

interface Step {
  what: string;
  take(): Promise<unknown>;
}

const WATCH_MS = 200;

/**
 * Makes `expire` a `timestamptz`, which locks the table while it lasts, and what indexes are missing, which does not.
 *
 * @returns what was done, in words; nothing where all is as it should be
 * @throws {TypeError} when nobody can say which TimeZone is the right one, or there is no table
 */
export async function migrate(pool: Pool, names: TableNames, options: MigrateOptions = {}): Promise<string[]> {
  const steps = await stepsOf(pool, names, options);
  if (!options.dryRun) for (const { take } of steps) await take();
  return steps.map(({ what }) => what);
}

async function stepsOf(pool: Pool, names: TableNames, options: MigrateOptions): Promise<Step[]> {
  const connection = onPool(pool)(Infinity);
  const bound = bindTable(connection, names);
  const [table] = await inspectTable.run(catalogNames(names), bound);
  if (!table?.isTable)
    throw new TypeError('there is no such table to migrate: look elsewhere with schemaName and tableName');
  const { userPath, onProgress } = options;
  const steps: Step[] = [];
  if (table.expireType === 'timestamp without time zone') {
    const timeZone = options.timeZone ?? theOnly(table.timeZone, await findTimeZones.run(undefined, bound));
    steps.push({
      what: `expire as timestamptz, under ${timeZone}`,
      take: () => convertExpire(pool, names, timeZone),
    });
  }
  if (table.expireType !== null && !table.hasExpireIndex) {
    const make = () =>
      concurrently(
        () => queries.createExpireIndexConcurrently.run(undefined, bound),
        () => createExpireIndex.run(undefined, bound),
      );
    steps.push({ what: 'the index on expire', take: () => watched(pool, names, make, onProgress) });
  }
  if (userPath && !(await hasUserIndex(storedPath(userPath), names, connection))) {
    const make = () => createUserIndex(pool, names, userPath);
    steps.push({ what: 'the index on the user', take: () => watched(pool, names, make, onProgress) });
  }
  const inClear = options.hashIds ? await rowsInClear(pool, names) : 0;
  if (inClear > 0) {
    let done = 0;
    const onBatch = (rows: number) => {
      done += rows;
      onProgress?.(done, inClear);
    };
    steps.push({ what: `the hash of ${inClear} session ids`, take: () => hashIds(pool, names, { onBatch }) });
  }
  const vault = options.encryption && makeVault({ encryption: options.encryption });
  const toEncrypt = vault ? await rowsToEncrypt(pool, names, vault) : 0;
  if (vault && toEncrypt > 0) {
    let done = 0;
    const onBatch = (rows: number) => {
      done += rows;
      onProgress?.(done, toEncrypt);
    };
    const take = async () => {
      const left = await encryptAll(pool, names, vault, onBatch);
      if (left === 0) return;
      const whatToDo =
        'give the key that they have, or let what is in clear be encrypted by allowPlaintext (--allow-plaintext).' +
        ' What the serializer of an app has written is encrypted anew by the saves of the app only';
      throw new Error(`${left} sessions stay as they are, since no key opens them: ${whatToDo}`);
    };
    steps.push({ what: `${toEncrypt} sessions encrypted with the first key`, take });
  }
  return steps;
}

function theOnly(
  timeZone: string,
  others: { role: string | null; database: string | null; timeZone: string }[],
): string {
  const differing = others.filter((other) => other.timeZone !== timeZone);
  if (differing.length === 0) return timeZone;
  const list = differing.map((other) => `${other.role ?? other.database} ${other.timeZone}`).join(', ');
  throw new TypeError(
    `this connection has the TimeZone ${timeZone}, but there are others: ${list}. Give as timeZone (--time-zone) the one that the app had`,
  );
}

function convertExpire(pool: Pool, names: TableNames, timeZone: string): Promise<void> {
  const work = inTransaction(pool, Infinity, async (client) => {
    const bound = bindTable(client, names);
    await queries.beginConversion.run({ timeZone }, bound);
    await queries.convertExpire.run(undefined, bound);
  });
  return work.catch((error) => {
    const sqlState = error.sqlState ?? sqlStateOf(error);
    if (sqlState === '22023') throw new TypeError(`timeZone: PostgreSQL knows no ${timeZone}`, { cause: error });
    if (sqlState !== '55P03') throw error;
    const whatToDo =
      'the table is in use, and was not to be had within 2 s: nothing was changed. Try again when less is going on';
    throw new Error(whatToDo, { cause: error });
  });
}

/** Makes an index, and looks meanwhile how far it has come. */
async function watched(
  pool: Pool,
  names: TableNames,
  make: () => Promise<unknown>,
  onProgress: MigrateOptions['onProgress'],
): Promise<void> {
  if (!onProgress) return void (await make());
  const bound = bindTable(onPool(pool)(Infinity), names);
  let isMade = false;
  const made = make().finally(() => {
    isMade = true;
  });
  const watching = async () => {
    while (!isMade) {
      const [progress] = await queries.watchIndex.run(catalogNames(names), bound);
      if (progress && progress.total > 0 && !isMade) onProgress(progress.done, progress.total);
      await Promise.race([made, sleep(WATCH_MS)]);
    }
  };
  await Promise.all([made, watching()]);
}
