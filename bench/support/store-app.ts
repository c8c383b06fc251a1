// A process with one of the stores, for store-process.ts. The first argument holds the options as
// JSON. The process fills its table, tells its parent, and then runs each load that the parent asks
// for. It exits when the parent disconnects.
import { Session } from 'node:inspector/promises';
import pg from 'pg';
import { type Load, type Operation, run } from './load.js';
import { openFilledStore } from './stores.js';

export interface StoreAppOptions {
  name: string;
  url: string;
  redisPort: number | undefined;
}

export interface LoadRequest extends Omit<Load, 'nextSession'> {
  operation: Operation;
  /** Whether to write a CPU profile. */
  isProfiled?: boolean;
}

const { name, url, redisPort }: StoreAppOptions = JSON.parse(process.argv[2]!);
const pool = new pg.Pool({ connectionString: url, max: 10 });
pool.on('error', () => {}); // each call gets its own error
const store = await openFilledStore(name, pool, redisPort);

process.on('disconnect', () => process.exit());
process.on('message', async ({ operation, isProfiled = false, ...load }: LoadRequest) => {
  const work = () => run(store, operation, load);
  process.send!(isProfiled ? await withProfile(work) : { measured: await work() });
});
process.send!('ready');

async function withProfile<T>(work: () => Promise<T>) {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 100 }); // microseconds
  await session.post('Profiler.start');
  const measured = await work();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  return { measured, profile };
}
