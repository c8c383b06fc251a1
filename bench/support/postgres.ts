// Starts a throwaway PostgreSQL that waits for its disk.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startLocalServer } from '../../dev/postgres/local-postgres.js';

export interface BenchServer {
  url: string;
  pool: pg.Pool;
  version: string;
  /** The process that has started all others of the server. */
  pid: number;
  stop(): Promise<void>;
}

const MUST_BE_ON = ['fsync', 'synchronous_commit', 'full_page_writes'];

/** @param settings PostgreSQL settings that a reload of the configuration applies */
export async function startServer(settings: Record<string, string> = {}): Promise<BenchServer> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'bench-'));
  const server = await startLocalServer({ dataDir, database: 'bench' });
  const pool = new pg.Pool({ connectionString: server.url, max: 10 });
  pool.on('error', () => {});
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= pool
      .removeAllListeners('error') // the stores would log closed connections
      .on('error', () => {})
      .end()
      .then(() => server.stop())
      .then(() => rmSync(dataDir, { recursive: true, force: true }));
    return stopping;
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stop().finally(() => process.exit(1)));
  try {
    for (const [name, value] of Object.entries(settings)) await pool.query(`ALTER SYSTEM SET ${name} = '${value}'`);
    await pool.query('SELECT pg_reload_conf()');
    for (const name of MUST_BE_ON) {
      const { rows } = await pool.query(`SHOW ${name}`);
      if (rows[0][name] !== 'on') throw new Error(`the PostgreSQL setting ${name} must be on, not ${rows[0][name]}`);
    }
    const { rows } = await pool.query(
      "SELECT current_setting('server_version') AS version, split_part(pg_read_file('postmaster.pid'), E'\\n', 1) AS pid",
    );
    return { url: server.url, pool, version: rows[0].version, pid: Number(rows[0].pid), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
