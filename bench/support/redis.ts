// Starts a throwaway Redis, and makes connect-redis stores.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import type { Store } from 'express-session';
import { freePort } from '../../dev/postgres/local-postgres.js';

const require = createRequire(import.meta.url);

/** The part of the client in use: the root's type check must not need bench/node_modules. */
export interface RedisClient {
  connect(): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  pExpireTime(key: string): Promise<number>;
}

export interface RedisServer {
  port: number;
  pid: number;
  versions: Record<string, string>;
  stop(): Promise<void>;
}

// This shell outlives the bench. When its stdin closes, it stops the server and deletes the folder.
const KEEPER = `dir=$1; shift; exec 3<&0; "$@" 3<&- & pid=$!
{ cat <&3 >/dev/null; kill $pid; } >/dev/null 2>&1 &
wait $pid; rm -rf "$dir"`;

/** Why connect-redis cannot be measured here. Undefined if it can. */
export function whyNoRedis(): string | undefined {
  try {
    const major = Number(/v=(\d+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8' }))?.[1]);
    if (major < 7) return `redis-server must be version 7 or newer, not ${major}: older versions have no PEXPIRETIME`;
  } catch {
    return 'redis-server is not on the PATH';
  }
  try {
    require.resolve('connect-redis');
  } catch {
    return 'the package is not installed. Run npm ci --prefix bench';
  }
  return undefined;
}

/** @param persistence more settings; default: Redis writes nothing to the disk */
export async function startRedis(persistence: Record<string, string> = {}): Promise<RedisServer> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'redis-bench-'));
  const port = await freePort();
  const settings = { port, bind: '127.0.0.1', dir, save: '', appendonly: 'no', ...persistence };
  const server = ['redis-server', ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])];
  const keeper = spawn('/bin/sh', ['-c', KEEPER, 'keeper', dir, ...server], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const stop = async () => {
    const exited = keeper.exitCode === null ? once(keeper, 'exit') : undefined;
    keeper.stdin.destroy();
    await exited;
  };

  let log = '';
  for await (const text of keeper.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    log += text;
    if (log.includes('Ready to accept connections')) break;
  }
  if (!log.includes('Ready to accept connections')) {
    await stop();
    throw new Error(`Redis did not start:\n${log}`);
  }
  keeper.stdout.resume();

  // connect-redis does not export its package.json.
  const manifest = path.join(path.dirname(require.resolve('connect-redis')), '../package.json');
  const versions = {
    Redis: /Redis version=([\d.]+)/.exec(log)?.[1] ?? 'unknown',
    redis: require('redis/package.json').version,
    'connect-redis': require(manifest).version,
  };
  return { port, pid: Number(/pid=(\d+)/.exec(log)?.[1]), versions, stop };
}

/** A connected client, and a function that makes stores on it. */
export async function redisStore(port: number): Promise<{ client: RedisClient; makeStore: () => Store }> {
  const client: RedisClient = require('redis').createClient({ socket: { host: '127.0.0.1', port } });
  client.on('error', () => {}); // each call gets its own error
  await client.connect();
  const { RedisStore } = require('connect-redis');
  return { client, makeStore: () => new RedisStore({ client }) };
}
