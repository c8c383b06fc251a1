// Learns whether Citus distributes the table over several servers, and which sessions each of them
// has.
import type { IDatabaseConnection } from '@pgtyped/runtime';
import type { Pool } from 'pg';
import { clock } from '../clock.js';
import { migrateAdvice, refused } from '../errors.js';
import { type FindDistributionResult, findCitus, findDistribution } from '../generated/citus.js';
import type { Deadline } from '../postgres/deadline.js';
import { connectTable, type TableLocation } from './location.js';
import { catalogNames, type TableNames } from './names.js';
import { readShards, type Shards } from './shards.js';

export interface DistributionOptions {
  names: TableNames;
  pool: Pool;
  /** Runs queries until the deadline. */
  run: <T>(send: (db: IDatabaseConnection) => Promise<T>, deadline: Deadline) => Promise<T>;
  /** Whether saves do not wait for the disk. */
  relaxed: boolean;
}

const LEARN_AGAIN_MS = 60_000;
const SHARD_MOVED_MS = 1000; // how soon to learn again if a shard was split or moved

export class Distribution {
  readonly #options: DistributionOptions;
  #learning: Promise<void> | undefined;
  #learnedAt = 0;
  #learnAgainAt = Infinity;
  /** Whether `isDistributed` has been learned. */
  isKnown = false;
  isDistributed = false;
  /** Undefined if the table is not distributed, or the shard of a session cannot be computed. */
  shards: Shards | undefined;

  constructor(options: DistributionOptions) {
    this.#options = options;
  }

  /** Whether to learn again: with Citus, the table may be distributed while the app runs. */
  get isStale(): boolean {
    return this.#learnAgainAt !== Infinity && clock() > this.#learnAgainAt;
  }

  /** Called when the server refused a statement for sessions of one shard. */
  shardMoved(): void {
    this.#learnAgainAt = this.#learnedAt + SHARD_MOVED_MS;
  }

  /** Asks the catalogs. Calls at the same time share the work. */
  learn(deadline: Deadline): Promise<void> {
    this.#learning ??= this.#learn(deadline).finally(() => {
      this.#learning = undefined;
    });
    return this.#learning;
  }

  async #learn(deadline: Deadline): Promise<void> {
    const { names, pool, run, relaxed } = this.#options;
    this.#learnedAt = clock();
    if (this.isKnown) this.#learnAgainAt = this.#learnedAt + LEARN_AGAIN_MS; // also if this attempt fails
    const find = async (db: IDatabaseConnection) => {
      const found = await checkedDistribution(names, db);
      return { found, shards: found && (await readShards(found, db, pool)) };
    };
    const { found, shards } = await run(find, deadline);
    // Only the first time. If the table is distributed later, the app goes on, and its saves wait
    // for the disk.
    if (found && relaxed && !this.isKnown) throw refused(NO_SETTING);
    if (shards?.key !== this.shards?.key) this.shards = shards;
    this.isDistributed = found !== undefined;
    this.isKnown = true;
    this.#learnAgainAt = this.#learnedAt + LEARN_AGAIN_MS;
  }
}

/** How Citus distributes the table. Undefined if it does not. */
export async function readDistribution(
  names: TableNames,
  db: IDatabaseConnection,
): Promise<FindDistributionResult | undefined> {
  const [citus] = await findCitus.run(undefined, db);
  const [found] = citus ? await findDistribution.run(catalogNames(names), db) : [];
  return found;
}

/**
 * Like `readDistribution`, before statements that compare times. Fails if the servers of a
 * distributed table would read other times: a prune could delete live sessions.
 */
export async function checkedDistribution(
  names: TableNames,
  db: IDatabaseConnection,
): Promise<FindDistributionResult | undefined> {
  const found = await readDistribution(names, db);
  refuse(found && problemOfDistribution(found));
  return found;
}

/** @throws {SessionStoreError} if the servers of Citus would read other times in this column */
export const assertDistributable = (expireType: string | null): void => refuse(problemOfExpire(expireType));

function refuse(found: Problem | undefined): void {
  if (found) throw refused(`${found.problem}. ${found.advice}`);
}

/** A connection for statements that compare times. The first one checks the distribution. */
export function connectForTimes(location: TableLocation): IDatabaseConnection {
  const db = connectTable(location);
  let isChecked = false;
  return {
    async query(text, values) {
      if (!isChecked) await checkedDistribution(location.names, db);
      isChecked = true;
      return db.query(text, values);
    },
  };
}

const NO_SETTING =
  'synchronousCommit: false does not work with Citus: it would not reach the workers. Leave it out, and run ' +
  '`ALTER SYSTEM SET synchronous_commit = off` and `SELECT pg_reload_conf()` on each worker';

interface Problem {
  problem: string;
  advice: string;
}

/** Why a distributed table would get wrong times, and what to do. Undefined if it does not. */
export function problemOfDistribution({ expireType, dateStyle }: FindDistributionResult): Problem | undefined {
  const found = problemOfExpire(expireType);
  if (found || dateStyle.startsWith('ISO')) return found;
  return {
    problem: `DateStyle is '${dateStyle}': the servers of Citus would take the day for the month`,
    advice: "Run ALTER ROLE ... SET DateStyle = 'ISO' for the app's role",
  };
}

/** The same for the type of the column alone. */
export function problemOfExpire(expireType: string | null): Problem | undefined {
  if (expireType !== 'timestamp without time zone') return undefined;
  return {
    problem: 'expire has no time zone, so each server of Citus reads it in its own',
    advice: migrateAdvice('timestamptz'),
  };
}

const COLLATION = 'pg_catalog.pg_collation_for(t.sid) AS collation'; // fails if the type of sid has none
const CITUS = "pg_catalog.current_setting('citus.shard_count', true) AS citus"; // null on a server without Citus
const RETURNING_SID = 'RETURNING t.sid';

/**
 * A statement that also returns the collation of sid and, on a server with Citus, a value as
 * `citus`. A destroy returns nothing.
 */
export function withChecks(text: string): string {
  if (text.endsWith('expire = EXCLUDED.expire')) return `${text}\n${RETURNING_SID}, ${COLLATION}, ${CITUS}`;
  return text.endsWith(RETURNING_SID) ? `${text}, ${CITUS}` : text.replace(/^SELECT\s+t\.sid,/, `$& ${CITUS},`);
}
