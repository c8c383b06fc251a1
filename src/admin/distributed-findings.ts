// The checks of doctor() for a table that Citus distributes.
import { problemOfDistribution } from '../table/distribution.js';
import { type Check, TABLE_TEXT } from './finding.js';

const MAX_SHARDS = 16; // for a worker

export const OF_DISTRIBUTION: Check[] = [
  ({ distribution }) => {
    if (distribution?.method !== 'h' || distribution.column === 'sid') return undefined;
    return {
      code: 'not-by-sid',
      problem: `Citus distributes the table by ${distribution.column}, so sid is not unique, and no session can be saved`,
      advice: 'Distribute it by sid:',
      sql: [
        `SELECT undistribute_table(${TABLE_TEXT})`,
        `SELECT create_distributed_table(${TABLE_TEXT}, 'sid', colocate_with => 'none')`,
      ],
    };
  },

  ({ distribution }) => {
    const found = distribution && problemOfDistribution(distribution);
    return found ? { code: 'wrong-times', ...found, sql: [] } : undefined;
  },

  ({ shards: measured }) => {
    if (!measured || measured.shards <= MAX_SHARDS * measured.workers) return undefined;
    const { shards, workers } = measured;
    return {
      code: 'too-many-shards',
      problem: `the table has ${shards} shards on ${workers} workers: a statement serves the sessions of one shard only`,
      advice: 'Four to eight for each worker that there will ever be are enough:',
      sql: [`SELECT alter_distributed_table(${TABLE_TEXT}, shard_count => ${8 * workers})`],
    };
  },

  ({ distribution }) => {
    if (!distribution || distribution.listeningNodes < 2) return undefined;
    return {
      code: 'listeners-on-several-nodes',
      problem:
        `stores listen for revocations on ${distribution.listeningNodes} servers. A revocation reaches only those on ` +
        'the server where it is made',
      advice: 'Give revocations the connectionString of one server in all processes, and revoke on that server.',
      sql: [],
    };
  },
];
