// node --import tsx test/support/batch-writer.ts
// Writes batches in random order to sessions that other processes also write to. Reads its options
// as JSON from BATCHES, and prints its counts as a line of JSON.
import pg from 'pg';
import {
  destroySessions,
  getSessions,
  replaceSessions,
  setSessions,
  touchSessions,
} from '../../src/generated/session.js';
import { bindTable, type TableNames } from '../../src/table/names.js';

/** Writes for `ms` milliseconds, and longer if these were not enough for `leastBatches`. */
interface Options {
  names: TableNames;
  sessions: number;
  ms: number;
  leastBatches: number;
}

const { names, sessions, ms, leastBatches }: Options = JSON.parse(process.env.BATCHES!);
const BATCH = 32;
const CONNECTIONS = 2;
const pool = new pg.Pool({ connectionString: process.env.TEST_SERVER_URL!, max: CONNECTIONS });
const connection = bindTable(pool, names);
const count = { batches: 0, replaced: 0, deadlocks: 0 };

const randomSids = (): string[] => {
  const sids = new Set<string>();
  while (sids.size < Math.min(BATCH, sessions)) sids.add(`session ${Math.floor(Math.random() * sessions)}`);
  return [...sids];
};
const repeat = <T>(sids: string[], value: T): T[] => sids.map(() => value);

async function touch(): Promise<void> {
  const sids = randomSids();
  await touchSessions.run({ sids, ttls: repeat(sids, 1000), mayShorten: repeat(sids, false) }, connection);
}

async function replace(): Promise<void> {
  const rows = await getSessions.run({ sids: randomSids() }, connection);
  rows.sort(() => Math.random() - 0.5);
  const sids = rows.map(({ sid }) => sid);
  const loaded = rows.map(({ sess }) => sess!);
  const payloads = sids.map(() => JSON.stringify({ cookie: {}, n: Math.random() }));
  const params = { sids, loaded, payloads, ttls: repeat(sids, 1000), mayShorten: repeat(sids, true) };
  count.replaced += (await replaceSessions.run(params, connection)).length;
}

async function write(): Promise<void> {
  const sids = randomSids();
  await setSessions.run({ sids, payloads: repeat(sids, '{"cookie":{}}'), ttls: repeat(sids, 1000) }, connection);
}

async function destroyAndWrite(): Promise<void> {
  const sids = randomSids().slice(0, 4);
  await destroySessions.run({ sids }, connection);
  await setSessions.run({ sids, payloads: repeat(sids, '{"cookie":{}}'), ttls: repeat(sids, 1000) }, connection);
}

async function work(): Promise<void> {
  const kinds = [touch, touch, touch, replace, replace, replace, write, destroyAndWrite];
  const endsAt = performance.now() + ms;
  while (performance.now() < endsAt || count.batches < leastBatches) {
    try {
      await kinds[Math.floor(Math.random() * kinds.length)]!();
      count.batches++;
    } catch (error) {
      if ((error as { code?: string }).code !== '40P01') throw error;
      count.deadlocks++;
    }
  }
}

await Promise.all(Array.from({ length: CONNECTIONS }, work));
await pool.end();
console.log(JSON.stringify(count));
