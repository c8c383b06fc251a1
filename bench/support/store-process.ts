// Runs each store in its own process. One store's timers must not take CPU time from another store.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Measured } from './load.js';
import type { LoadRequest, StoreAppOptions } from './store-app.js';

export interface StoreProcess {
  run(load: LoadRequest): Promise<{ measured: Measured; profile?: object }>;
  stop(): Promise<void>;
}

export async function startStore(options: StoreAppOptions): Promise<StoreProcess> {
  const script = fileURLToPath(new URL('store-app.ts', import.meta.url));
  const child: ChildProcess = fork(script, [JSON.stringify(options)]);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the process with ${options.name} exited with code ${code}`);
  });
  ended.catch(() => {}); // stop() ends the process
  const answer = async () => ((await Promise.race([once(child, 'message'), ended])) as unknown[])[0];
  await answer();
  return {
    async run(load) {
      child.send(load);
      return (await answer()) as Awaited<ReturnType<StoreProcess['run']>>;
    },
    async stop() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}
