// Whole requests through Express and express-session, each of 64 connections with a session of its own.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { RequestAppOptions } from './request-app.js';

/** As far as it is used here: the root's type check must not need bench/node_modules. */
type Autocannon = (options: {
  url: string;
  connections: number;
  /** Whole seconds. */
  duration: number;
  setupClient: (client: { setHeaders(headers: Record<string, string>): void }) => void;
}) => Promise<{ errors: number; non2xx: number; duration: number; requests: { total: number } }>;

const CONNECTIONS = 64;

export interface RequestApp {
  /** Answers a second. */
  rate(path: '/read' | '/write', seconds: number): Promise<number>;
  stop(): Promise<void>;
}

export async function startRequestApp(options: RequestAppOptions): Promise<RequestApp> {
  const script = fileURLToPath(new URL('request-app.ts', import.meta.url));
  const child: ChildProcess = fork(script, [JSON.stringify(options)]);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the app on ${options.name} ended with ${code}`);
  });
  ended.catch(() => {}); // at the end it is meant to
  const [port] = (await Promise.race([once(child, 'message'), ended])) as [number];
  const autocannon: Autocannon = createRequire(import.meta.url)('autocannon');
  const urlOf = (path: string) => `http://127.0.0.1:${port}${path}`;
  const signIn = async () => (await fetch(urlOf('/write'))).headers.getSetCookie()[0]!.split(';')[0]!;
  const cookies = await Promise.all(Array.from({ length: CONNECTIONS }, signIn));

  return {
    async rate(path, seconds) {
      const left = [...cookies];
      const { errors, non2xx, requests, duration } = await autocannon({
        url: urlOf(path),
        connections: CONNECTIONS,
        duration: seconds,
        setupClient: (client) => client.setHeaders({ cookie: left.pop()! }),
      });
      if (errors + non2xx > 0)
        throw new Error(`${path} on ${options.name}: ${errors} errors, ${non2xx} not answered with 200`);
      return requests.total / duration;
    },
    async stop() {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}
