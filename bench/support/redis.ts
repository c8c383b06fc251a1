// A throwaway Redis without persistence, and what connect-redis needs, where they are there.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Store } from 'express-session';

const require = createRequire(import.meta.url);

/** What the benchmarks ask of the client, typed here: the root's type check must not need bench/node_modules. */
export interface RedisClient {
  connect(): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  pExpireTime(key: string): Promise<number>;
}

export interface RedisServer {
  port: number;
  versions: Record<string, string>;
  stop(): Promise<void>;
}

// Outlives us: when our end of its stdin closes, however we died, it stops the server and clears the folder.
const KEEPER = `dir=$1; shift; exec 3<&0; "$@" 3<&- & pid=$!
{ cat <&3 >/dev/null; kill $pid; } >/dev/null 2>&1 &
wait $pid; rm -rf "$dir"`;

/** Why connect-redis can't be compared here, or undefined. */
export function whyNoRedis(): string | undefined {
  try {
    const major = Number(/v=(\d+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8' }))?.[1]);
    if (major < 7) return `redis-server is ${major}, and 7 is the first that says when a key expires`;
  } catch {
    return 'there is no redis-server on the PATH';
  }
  try {
    require.resolve('connect-redis');
  } catch {
    return 'it is not installed: npm ci --prefix bench';
  }
  return undefined;
}

export async function startRedis(): Promise<RedisServer> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'redis-bench-'));
  const port = await freePort();
  const settings = { port, bind: '127.0.0.1', dir, save: '', appendonly: 'no' };
  const server = ['redis-server', ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])];
  const keeper = spawn('/bin/sh', ['-c', KEEPER, 'keeper', dir, ...server], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const stop = async () => {
    const gone = keeper.exitCode === null ? once(keeper, 'exit') : undefined;
    keeper.stdin.destroy();
    await gone;
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

  const manifest = path.join(path.dirname(require.resolve('connect-redis')), '../package.json'); // not among its exports
  const versions = {
    Redis: /Redis version=([\d.]+)/.exec(log)?.[1] ?? 'unknown',
    redis: require('redis/package.json').version,
    'connect-redis': require(manifest).version,
  };
  return { port, versions, stop };
}

/** A connected client, and a store on it. */
export async function redisStore(port: number): Promise<{ client: RedisClient; makeStore: () => Store }> {
  const client: RedisClient = require('redis').createClient({ socket: { host: '127.0.0.1', port } });
  client.on('error', () => {}); // each call has its own
  await client.connect();
  const { RedisStore } = require('connect-redis');
  return { client, makeStore: () => new RedisStore({ client }) };
}

async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as net.AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
