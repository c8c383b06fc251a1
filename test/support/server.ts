// A PostgreSQL server for one test, with fsync on. A test can kill, pause, stop and restart it.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type LocalServer, startLocalServer } from '../../dev/postgres/local-postgres.js';

const DURABILITY_SETTINGS = ['fsync', 'full_page_writes', 'synchronous_commit'];

export interface ServerOptions {
  settings?: string[];
  from?: string;
  home?: string | undefined;
}

export class Server {
  readonly #dataDir: string;
  readonly #settings: string[];
  readonly #home: string | undefined;
  #running: LocalServer | undefined;
  #port: number | undefined;

  private constructor(dataDir: string, settings: string[], home: string | undefined) {
    this.#dataDir = dataDir;
    this.#settings = settings;
    this.#home = home;
  }

  /**
   * @param from a data folder to copy; default: create a new cluster
   * @param home the folder of the server's programs; default: startLocalServer()'s
   */
  static async start({ settings = [], from, home }: ServerOptions = {}): Promise<Server> {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'test-server-'));
    await fs.chmod(folder, 0o711); // if we are root, the server runs as another user
    const server = new Server(path.join(folder, 'data'), settings, home);
    if (from) await fs.cp(from, server.#dataDir, { recursive: true });
    await server.start();
    return server;
  }

  /** Stays the same after a restart. */
  get url(): string {
    return `postgres://postgres:postgres@127.0.0.1:${this.#port}/app`;
  }

  get dataDir(): string {
    return this.#dataDir;
  }

  async start(): Promise<void> {
    const port = this.#port === undefined ? {} : { port: this.#port };
    const home = this.#home === undefined ? {} : { home: this.#home };
    this.#running = await startLocalServer({ dataDir: this.#dataDir, settings: this.#settings, ...port, ...home });
    this.#port = Number(new URL(this.#running.url).port);
    for (const setting of DURABILITY_SETTINGS) {
      const value = (await this.query(`SHOW ${setting}`))[0]![setting];
      if (value !== 'on') throw new Error(`${setting} is ${value}: a crash would prove nothing`);
    }
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  /** Stops the server and deletes its cluster. */
  async remove(): Promise<void> {
    this.signal('SIGCONT');
    await this.stop();
    await fs.rm(path.dirname(this.#dataDir), { recursive: true, force: true });
  }

  /** Kills all its processes with SIGKILL, so that none of them can clean up. */
  async kill(): Promise<void> {
    const pids = this.signal('SIGKILL');
    while (pids.some(isRunning)) await sleep(2);
    await this.stop();
  }

  /** Sends the signal to all its processes, the postmaster first. */
  signal(signal: NodeJS.Signals): number[] {
    if (!this.#running) return [];
    const postmaster = Number(readFileSync(path.join(this.#dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
    const pids = [postmaster, ...childrenOf(postmaster)];
    if (signal === 'SIGSTOP') resumeLater(pids);
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // the process has ended already
      }
    }
    return pids;
  }

  /** Runs the statement on a new connection. */
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

/** Resumes the processes after 20 s, even if this process dies: a paused server cannot stop. */
export function resumeLater(pids: number[]): void {
  const args = ['-c', 'sleep 20; kill -CONT "$@" 2>/dev/null', 'resume', ...pids.map(String)];
  spawn('/bin/sh', args, { detached: true, stdio: 'ignore' }).unref();
}

/** Reads /proc, because some container images have no `ps`. */
export function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => statusOf(pid)?.parent === parent);
}

/** A process that has ended stays in /proc as a zombie until its parent waits for it. */
const isRunning = (pid: number): boolean => !/^[ZX]?$/.test(statusOf(pid)?.state ?? '');

function statusOf(pid: number): { state: string; parent: number } | undefined {
  try {
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return { state: state!, parent: Number(parent) };
  } catch {
    return undefined;
  }
}
