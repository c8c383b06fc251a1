// Turns an older table into a current one. Sessions can be saved meanwhile, if PostgreSQL allows
// it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { IDatabaseConnection } from '@pgtyped/runtime';
import pg from 'pg';
import { hasSqlState, pluralize } from '../errors.js';
import type { InspectSidResult } from '../generated/catalog.js';
import { findIndexProgressOfShards } from '../generated/citus.js';
import { findTimeZones, inspectTable } from '../generated/doctor.js';
import { createExpireIndex } from '../generated/schema.js';
import * as changes from '../generated/schema-changes.js';
import { checkTable } from '../generated/session.js';
import { PoolConnection, type Queryable } from '../postgres/connection.js';
import { keysDeadline, loadKeys, makeCodec } from '../session/codec.js';
import type { Encryption } from '../session/encryption.js';
import { storablePath, type UserPath } from '../session/user-path.js';
import {
  FEATURE_NOT_SUPPORTED,
  INVALID_PARAMETER_VALUE,
  INVALID_TABLE_DEFINITION,
  LOCK_NOT_AVAILABLE,
} from '../sql-states.js';
import { readDistribution } from '../table/distribution.js';
import { connectTable, type TableLocation } from '../table/location.js';
import { bindTable, catalogNames } from '../table/names.js';
import { findSid, problemOfSid } from '../table/sid-type.js';
import { concurrentlyIfPossible, createUserIndex, hasUserIndex } from '../table/user-index.js';
import { NEW_TABLE_ADVICE } from './checks.js';
import { encryptAll, rowsToEncrypt } from './encrypt-all.js';
import { hashAllIds, unhashedRows } from './hash-all-ids.js';

export interface MigrateOptions {
  /**
   * The TimeZone that a `timestamp` column was written with. Default: this connection's, if it is
   * the only one.
   */
  timeZone?: string | undefined;
  /** The path for an index of users. Default: no index. */
  userPath?: UserPath | undefined;
  /**
   * Whether to hash all session ids, while the store runs with `hashIds: 'upgrade'`. Default:
   * false.
   */
  hashIds?: boolean;
  /** Keys, to encrypt all sessions with the first one. Default: sessions are not encrypted. */
  encryption?: Encryption | undefined;
  /** Whether to only return the steps. Default: false. */
  dryRun?: boolean;
  /**
   * Called with the progress of an index build a few times a second, or with the number of finished
   * sessions.
   */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

interface Step {
  what: string;
  run(): Promise<unknown>;
}

const PROGRESS_MS = 200;

/**
 * Converts `expire` to `timestamptz` and a `sid` of another type to `varchar`, which locks the
 * table meanwhile, and creates missing indexes, which does not.
 *
 * @returns the steps in words. Empty if the table needs none
 * @throws {TypeError} if the TimeZone is ambiguous, or the name belongs to something that is not
 *   a table
 * @throws {SessionStoreError} if the table does not exist
 */
export async function migrate(location: TableLocation, options: MigrateOptions = {}): Promise<string[]> {
  const steps = await stepsOf(location, options);
  if (!options.dryRun) for (const step of steps) await step.run();
  return steps.map(({ what }) => what);
}

async function stepsOf(location: TableLocation, options: MigrateOptions): Promise<Step[]> {
  const { names } = location;
  const { userPath, onProgress = () => {} } = options;
  const db = connectTable(location);
  const [table] = await inspectTable.run(catalogNames(names), db);
  if (!table) await checkTable.run(undefined, db); // fails, and names the table
  if (!table?.isTable)
    throw new TypeError('the name belongs to something that is not a table. Set another tableName (--table)');
  // Outside a transaction, this only checks the time zone.
  if (options.timeZone !== undefined)
    await explainTimeZone(options.timeZone, changes.beginConversion.run({ timeZone: options.timeZone }, db));
  const steps: Step[] = [];
  const sid = await findSid(location);
  const isSidUnfit = sid !== undefined && problemOfSid(sid, { isHashed: options.hashIds ?? false }) !== undefined;
  if (isSidUnfit) steps.push({ what: `sid as varchar instead of ${sid.type}`, run: () => convertSid(location, sid) });
  if (table.expireType === 'timestamp without time zone') {
    const timeZone = options.timeZone ?? soleTimeZone(table.timeZone, await findTimeZones.run(undefined, db));
    steps.push({
      what: `expire as timestamptz, with TimeZone ${timeZone}`,
      run: () => convertExpire(location, timeZone),
    });
  }
  if (table.expireType !== null && !table.hasExpireIndex) {
    const create = () =>
      concurrentlyIfPossible(
        () => changes.createExpireIndexConcurrently.run(undefined, db),
        () => createExpireIndex.run(undefined, db),
      );
    steps.push({ what: 'the index on expire', run: () => withProgress(location, create, options.onProgress) });
  }
  if (userPath && !(await hasUserIndex(storablePath(userPath), names, db))) {
    const create = () => createUserIndex(location, userPath);
    steps.push({ what: 'the index on the user', run: () => withProgress(location, create, options.onProgress) });
  }
  if (options.hashIds) {
    // PostgreSQL cannot look for hashes in a sid of another type.
    const unhashed = isSidUnfit ? undefined : await unhashedRows(location);
    const run = async () => hashAllIds(location, countingUp(unhashed ?? (await unhashedRows(location)), onProgress));
    if (unhashed !== 0)
      steps.push({
        what: `the hash of ${unhashed === undefined ? 'all session ids' : pluralize(unhashed, 'session id')}`,
        run,
      });
  }
  const codec = options.encryption && makeCodec({ encryption: options.encryption });
  if (codec) await loadKeys(codec, keysDeadline());
  const toEncrypt = codec ? await rowsToEncrypt(location, codec) : 0;
  if (codec && toEncrypt > 0) {
    const onBatch = countingUp(toEncrypt, onProgress);
    const run = async () => {
      const skipped = await encryptAll(location, codec, onBatch);
      if (skipped > 0) throw new Error(`no key decrypts ${pluralize(skipped, 'session')}. ${ENCRYPT_ADVICE}`);
    };
    steps.push({ what: `${pluralize(toEncrypt, 'session')} encrypted with the first key`, run });
  }
  return steps;
}

const ENCRYPT_ADVICE =
  'Add the key that encrypted them, or allow plaintext sessions with allowPlaintext (--allow-plaintext). ' +
  'Sessions that a serializer of the app wrote are encrypted when the app saves them';

const countingUp = (total: number, onProgress: (done: number, total: number) => void) => {
  let done = 0;
  return (rows: number) => {
    done += rows;
    onProgress(done, total);
  };
};

/** @throws {TypeError} if a role or database has another TimeZone */
function soleTimeZone(
  timeZone: string,
  others: { role: string | null; database: string | null; timeZone: string }[],
): string {
  if (others.length === 0) return timeZone;
  const list = others.map((other) => `${other.role ?? other.database} ${other.timeZone}`).join(', ');
  throw new TypeError(
    `this connection has the TimeZone ${timeZone}, but there are others: ${list}. ` +
      'Set timeZone (--time-zone) to the one that the app used',
  );
}

async function convertExpire(location: TableLocation, timeZone: string): Promise<void> {
  const change = async (db: IDatabaseConnection, client: Queryable) => {
    if (!(await readDistribution(location.names, db))) return changes.convertExpire.run(undefined, db);
    const inZone: Queryable = {
      query: (text, values) =>
        client.query(
          text.replace(/'UTC'$/, () => pg.escapeLiteral(timeZone)),
          values,
        ),
    };
    return changes.convertExpireOfShards.run(undefined, bindTable(inZone, location.names));
  };
  await explainTimeZone(timeZone, convert(location, timeZone, change));
}

async function explainTimeZone(timeZone: string, work: Promise<unknown>): Promise<void> {
  await work.catch((error) => {
    if (!hasSqlState(error, INVALID_PARAMETER_VALUE)) throw error;
    throw new TypeError(`timeZone: PostgreSQL does not know ${timeZone}`, { cause: error });
  });
}

async function convertSid(location: TableLocation, { isBytea }: InspectSidResult): Promise<void> {
  const statement = isBytea ? changes.convertByteaSid : changes.convertSid;
  await convert(location, null, (db) => statement.run(undefined, db)).catch(async (error) => {
    if (!(await dividesTable(location, error))) throw error;
    throw new TypeError(NEW_TABLE_ADVICE, { cause: error });
  });
}

/** Whether sid cannot change because it divides the table into partitions or shards. */
async function dividesTable(location: TableLocation, error: unknown): Promise<boolean> {
  if (!hasSqlState(error, FEATURE_NOT_SUPPORTED)) return hasSqlState(error, INVALID_TABLE_DEFINITION);
  // PostgreSQL has the same code for a column that a view uses.
  return (await readDistribution(location.names, connectTable(location)))?.column === 'sid';
}

/** Changes the type of a column, which locks the table. */
async function convert(
  { pool, names }: TableLocation,
  timeZone: string | null,
  change: (db: IDatabaseConnection, client: Queryable) => Promise<unknown>,
): Promise<void> {
  try {
    await new PoolConnection(pool).transaction(Infinity, async (client) => {
      const db = bindTable(client, names);
      await changes.beginConversion.run({ timeZone }, db);
      await change(db, client);
    });
  } catch (error) {
    if (!hasSqlState(error, LOCK_NOT_AVAILABLE)) throw error;
    const advice = 'the table was in use for 2 s, so nothing was changed. Try again at a quieter time';
    throw new Error(advice, { cause: error });
  }
}

/** Builds an index, and reports the progress meanwhile. */
async function withProgress(
  location: TableLocation,
  create: () => Promise<unknown>,
  onProgress: MigrateOptions['onProgress'],
): Promise<void> {
  if (!onProgress) return void (await create());
  const db = connectTable(location);
  const isDistributed = (await readDistribution(location.names, db)) !== undefined;
  const find = isDistributed ? findIndexProgressOfShards : changes.findIndexProgress;
  let isDone = false;
  const created = create().finally(() => {
    isDone = true;
  });
  const reportProgress = async () => {
    while (!isDone) {
      const finding = find.run(catalogNames(location.names), db).catch(() => []); // only a progress bar lacks it
      const [progress] = await Promise.race([finding, created.then(() => [])]);
      if (progress && progress.total > 0 && !isDone) onProgress(progress.done, progress.total);
      await Promise.race([created, sleep(PROGRESS_MS)]);
    }
  };
  await Promise.all([created, reportProgress()]);
}
