// Runs the demo (npm start) as a process.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import pg from 'pg';
import * as assert from 'uvu/assert';
import { searchPath } from './fresh-store.js';

export type Env = Record<string, string>;
type Child = ChildProcessByStdio<null, Readable, Readable>;

/** The processes that have not exited yet. */
export const running = new Set<Child>();

export function run(env: Env, options: { detached?: boolean } = {}): Child {
  const { DATABASE_URL, DEMO_DATA_DIR, SESSION_SECRET, ...rest } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/demo/server.ts'], {
    env: { ...rest, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Waits for the exit code and the signal. */
export const exitOf = async (child: Child): Promise<unknown[]> =>
  (child.exitCode ?? child.signalCode) ? [child.exitCode, child.signalCode] : await once(child, 'exit');

export interface Demo {
  url: string;
  /** The password of the administration. */
  password: string;
  /** Ends the demo by a signal, and checks that it exited with 0 and printed no error. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Starts the demo, and waits until it prints its URL. */
export async function serve(env: Env): Promise<Demo> {
  const child = run(env);
  const errors = textOf(child.stderr);
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    const [url] = /http:\S+/.exec(line) ?? [];
    if (url === undefined) continue;
    const end = async (signal: NodeJS.Signals) => {
      child.kill(signal);
      assert.equal(await exitOf(child), [0, null]);
      assert.is(await errors, '');
    };
    const [, password] = /^The password of its administration is (.*)$/m.exec(lines.join('\n'))!;
    return { url, password: password!, end };
  }
  throw new Error(`the demo did not start: ${lines.join('\n')} ${await errors}`);
}

/** Creates a schema on the test server, and returns the variables with which the demo uses it. */
export async function databaseWith(schemaName: string): Promise<Env> {
  const schema = pg.escapeIdentifier(schemaName);
  const pool = new pg.Pool({ connectionString: process.env.TEST_SERVER_URL! });
  await pool.query(`CREATE SCHEMA ${schema}`).finally(() => pool.end());
  const url = new URL(process.env.TEST_SERVER_URL!);
  url.searchParams.set('options', searchPath(schemaName));
  return { DATABASE_URL: url.href };
}
