// Measures whole requests through Express and express-session: 64 connections, one session each.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { RequestAppOptions } from './request-app.js';

/** The part of autocannon in use: the root's type check must not need bench/node_modules. */
type Autocannon = (options: {
  url: string;
  connections: number;
  /** Seconds, a whole number. */
  duration: number;
  setupClient: (client: { setHeaders(headers: Record<string, string>): void }) => void;
}) => Promise<{
  errors: number;
  non2xx: number;
  duration: number;
  requests: { total: number };
  latency: { p99: number };
}>;

const CONNECTIONS = 64;

export interface RequestApp {
  pid: number;
  /** Sends requests for this time. `rate` is responses per second, `p99` in milliseconds. */
  load(path: '/read' | '/write', seconds: number): Promise<{ rate: number; requests: number; p99: number }>;
  stop(): Promise<void>;
}

export async function startRequestApp(options: RequestAppOptions): Promise<RequestApp> {
  const script = fileURLToPath(new URL('request-app.ts', import.meta.url));
  const child: ChildProcess = fork(script, [JSON.stringify(options)]);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the app with ${options.name} exited with code ${code}`);
  });
  ended.catch(() => {}); // stop() ends the app
  const [port] = (await Promise.race([once(child, 'message'), ended])) as [number];
  const autocannon: Autocannon = createRequire(import.meta.url)('autocannon');
  const urlOf = (path: string) => `http://127.0.0.1:${port}${path}`;
  const signIn = async () => (await fetch(urlOf('/write'))).headers.getSetCookie()[0]!.split(';')[0]!;
  const cookies = await Promise.all(Array.from({ length: CONNECTIONS }, signIn));

  return {
    pid: child.pid!,
    async load(path, seconds) {
      const left = [...cookies];
      const { errors, non2xx, requests, duration, latency } = await autocannon({
        url: urlOf(path),
        connections: CONNECTIONS,
        duration: seconds,
        setupClient: (client) => client.setHeaders({ cookie: left.pop()! }),
      });
      if (errors + non2xx > 0)
        throw new Error(`${path} with ${options.name}: ${errors} errors, ${non2xx} responses without status 2xx`);
      return { rate: requests.total / duration, requests: requests.total, p99: latency.p99 };
    },
    async stop() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}
