// Learns whether Citus distributes the table over several servers.
import type { IDatabaseConnection } from '@pgtyped/runtime';
import { refused } from '../errors.js';
import { findCitus, findDistribution } from '../generated/citus.js';
import type { Deadline } from '../postgres/deadline.js';
import { catalogNames, type TableNames } from './names.js';

type Run = <T>(send: (db: IDatabaseConnection) => Promise<T>, deadline: Deadline) => Promise<T>;

const LEARN_AGAIN_MS = 60_000;

export class Distribution {
  readonly #names: TableNames;
  readonly #run: Run;
  readonly #relaxed: boolean;
  #learning: Promise<void> | undefined;
  #learnAgainAt = Infinity;
  /** Whether `isDistributed` has been learned. */
  isKnown = false;
  isDistributed = false;

  /**
   * @param run runs queries until the deadline
   * @param relaxed whether saves do not wait for the disk
   */
  constructor(names: TableNames, run: Run, relaxed: boolean) {
    this.#names = names;
    this.#run = run;
    this.#relaxed = relaxed;
  }

  /** Whether to learn again: on a server with Citus, the table may be distributed while the app runs. */
  get isStale(): boolean {
    return this.#learnAgainAt !== Infinity && performance.now() > this.#learnAgainAt;
  }

  /** Asks the catalogs. Calls at the same time share the work. */
  learn(deadline: Deadline): Promise<void> {
    this.#learning ??= this.#learn(deadline).finally(() => {
      this.#learning = undefined;
    });
    return this.#learning;
  }

  async #learn(deadline: Deadline): Promise<void> {
    const find = async (db: IDatabaseConnection) => {
      const [citus] = await findCitus.run(undefined, db);
      const [distribution] = citus ? await findDistribution.run(catalogNames(this.#names), db) : [];
      return { hasCitus: citus !== undefined, isDistributed: distribution !== undefined };
    };
    const { hasCitus, isDistributed } = await this.#run(find, deadline);
    // Only the first time. If the table is distributed later, the app goes on, and its saves wait for the disk.
    if (isDistributed && this.#relaxed && !this.isKnown) throw refused(NO_SETTING);
    this.isDistributed = isDistributed;
    this.isKnown = true;
    this.#learnAgainAt = hasCitus ? performance.now() + LEARN_AGAIN_MS : Infinity;
  }
}

const NO_SETTING =
  'synchronousCommit: false does not work with a table that Citus distributes: it would not reach the other servers. ' +
  'Leave the option out. To let no write wait for the disk, run `ALTER SYSTEM SET synchronous_commit = off` and ' +
  '`SELECT pg_reload_conf()` on each worker';

const COLLATION = 'pg_catalog.pg_collation_for(t.sid) AS collation'; // fails if the type of sid has none
const CITUS = "pg_catalog.current_setting('citus.shard_count', true) AS citus"; // null on a server without Citus
const RETURNING_SID = 'RETURNING t.sid';

/**
 * A statement that also returns the collation of sid and, on a server with Citus, a value as `citus`. A
 * destroy returns nothing.
 */
export function withChecks(text: string): string {
  if (text.endsWith('expire = EXCLUDED.expire')) return `${text}\n${RETURNING_SID}, ${COLLATION}, ${CITUS}`;
  return text.endsWith(RETURNING_SID) ? `${text}, ${CITUS}` : text.replace(/^SELECT\s+t\.sid,/, `$& ${CITUS},`);
}
