// A server of a test's own that loses nothing in a crash, and can be killed, stopped in its tracks and started again.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type LocalServer, startLocalServer } from '../../dev/postgres/local-postgres.js';

const SAFE = ['fsync', 'full_page_writes', 'synchronous_commit'];

export class Server {
  readonly #dataDir: string;
  readonly #settings: string[];
  #running: LocalServer | undefined;
  #port: number | undefined;

  private constructor(dataDir: string, settings: string[]) {
    this.#dataDir = dataDir;
    this.#settings = settings;
  }

  /** @param from a folder of which the cluster shall be a copy; default: a new cluster */
  static async start({ settings = [], from }: { settings?: string[]; from?: string } = {}): Promise<Server> {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'test-server-'));
    await fs.chmod(folder, 0o711); // the server runs as another user where we are root
    const server = new Server(path.join(folder, 'data'), settings);
    if (from) await fs.cp(from, server.#dataDir, { recursive: true });
    await server.start();
    return server;
  }

  /** The same on every start. */
  get url(): string {
    return `postgres://postgres:postgres@127.0.0.1:${this.#port}/app`;
  }

  get dataDir(): string {
    return this.#dataDir;
  }

  async start(): Promise<void> {
    const port = this.#port === undefined ? {} : { port: this.#port };
    this.#running = await startLocalServer({ dataDir: this.#dataDir, settings: this.#settings, ...port });
    this.#port = Number(new URL(this.#running.url).port);
    for (const setting of SAFE) {
      const value = (await this.query(`SHOW ${setting}`))[0]![setting];
      if (value !== 'on') throw new Error(`${setting} is ${value}: a crash would prove nothing`);
    }
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  /** Stops it and deletes its cluster. */
  async remove(): Promise<void> {
    this.signal('SIGCONT');
    await this.stop();
    await fs.rm(path.dirname(this.#dataDir), { recursive: true, force: true });
  }

  /** kill -9 of all its processes: none of them can finish what it does. */
  async kill(): Promise<void> {
    const pids = this.signal('SIGKILL');
    while (pids.some(isRunning)) await sleep(2);
    await this.stop();
  }

  /** To all its processes, the first of them first. */
  signal(signal: NodeJS.Signals): number[] {
    if (!this.#running) return [];
    const first = Number(readFileSync(path.join(this.#dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
    const pids = [first, ...childrenOf(first)];
    if (signal === 'SIGSTOP') wakeLater(pids);
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // it ended by itself
      }
    }
    return pids;
  }

  /** On a connection of its own. */
  async query(text: string): Promise<any[]> {
    const client = new pg.Client({ connectionString: this.url });
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  }
}

/** Even if we are killed first: a server that is stopped can't be told to end. */
function wakeLater(pids: number[]): void {
  const wake = ['-c', 'sleep 20; kill -CONT "$@" 2>/dev/null', 'wake', ...pids.map(String)];
  spawn('/bin/sh', wake, { detached: true, stdio: 'ignore' }).unref();
}

/** Linux's table of processes: images without `ps` have it, too. */
function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => statusOf(pid)?.parent === parent);
}

/** One that has ended stays in the table until its parent has asked for it. */
const isRunning = (pid: number): boolean => !/^[ZX]?$/.test(statusOf(pid)?.state ?? '');

function statusOf(pid: number): { state: string; parent: number } | undefined {
  try {
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return { state: state!, parent: Number(parent) };
  } catch {
    return undefined;
  }
}
