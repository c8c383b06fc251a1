// In which shard of a distributed table a session is, and on which server.
import type { IDatabaseConnection } from '@pgtyped/runtime';
import type { Pool } from 'pg';
import { type FindDistributionResult, findShards, findShardsOfSids } from '../generated/citus.js';
import { hashtext } from '../postgres/hashtext.js';
import { Worker } from './worker.js';

/** A part of the table, on one server. */
export interface Shard {
  id: string;
  /** The smallest hash in it. */
  min: number;
  worker: Worker;
}

export class Shards {
  readonly #byHash: Shard[];

  /**
   * @param shards in the order of their hashes
   * @param key a text that is the same for the same shards on the same servers
   */
  constructor(
    shards: Shard[],
    readonly key: string,
  ) {
    this.#byHash = shards;
  }

  of(sid: string): Shard {
    const hash = hashtext(sid);
    let [low, high] = [0, this.#byHash.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#byHash[middle]!.min <= hash) low = middle;
      else high = middle - 1;
    }
    return this.#byHash[low]!;
  }
}

const TEXT_TYPES = ['text', 'character varying'];

/** Ids of each length that the hash treats in its own way, and with letters of 1 to 4 bytes. */
const SAMPLES = [...Array.from({ length: 26 }, (_, length) => 'x'.repeat(length)), 'sid é', 'sid €', 'sid 😀'];

/**
 * Undefined if the shard of a session cannot be computed here: the table is not distributed by the
 * hash of a text in UTF-8, or the server finds one of the samples in another shard.
 */
export async function readShards(
  { table, method, column, sidType, encoding }: FindDistributionResult,
  db: IDatabaseConnection,
  pool: Pool,
): Promise<Shards | undefined> {
  if (method !== 'h' || column !== 'sid' || encoding !== 'UTF8' || !TEXT_TYPES.includes(sidType!)) return undefined;
  const found = await findShards.run({ table }, db);
  if (found.length === 0) return undefined;
  const ofPool = found.map(({ shard, min, worker }) => ({ id: shard, min, worker: Worker.of(pool, worker) }));
  const shards = new Shards(ofPool, JSON.stringify(found));
  const placed = await findShardsOfSids.run({ table, sids: SAMPLES }, db);
  return placed.every(({ sid, shard }) => shards.of(sid).id === shard) ? shards : undefined;
}
