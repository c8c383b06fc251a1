// Whole requests through Express and express-session, each of 64 connections with a session of its own.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import type { RequestAppOptions } from './request-app.js';

const CONNECTIONS = 64;

export interface RequestApp {
  /** Answers a second. */
  rate(path: '/read' | '/write', ms: number): Promise<number>;
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
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const get = (path: string, cookie?: string) =>
    new Promise<string | undefined>((resolve, reject) => {
      const headers = cookie ? { cookie } : {};
      http
        .get({ port, host: '127.0.0.1', path, agent, headers }, (response) => {
          if (response.statusCode !== 200) reject(new Error(`${path} was answered with ${response.statusCode}`));
          response.resume().on('end', () => resolve(response.headers['set-cookie']?.[0]?.split(';')[0]));
        })
        .on('error', reject);
    });
  const cookies = await Promise.all(Array.from({ length: CONNECTIONS }, () => get('/write')));

  return {
    async rate(path, ms) {
      let done = 0;
      const begun = performance.now();
      const until = begun + ms;
      await Promise.all(
        cookies.map(async (cookie) => {
          while (performance.now() < until) {
            await get(path, cookie);
            done++;
          }
        }),
      );
      return done / ((performance.now() - begun) / 1000);
    },
    async stop() {
      agent.destroy();
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}
