// Measures a store at the start of a process: the import, the first call and the second call.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median } from './load.js';

export interface Startup {
  /** Milliseconds of the import, without pg and express-session. */
  imported: number;
  /** Milliseconds of the first get, which connects. */
  first: number;
  /** Milliseconds of the second get. */
  second: number;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROCESSES = 11;
const SCRIPT = `
import session from 'express-session';
import pg from 'pg';
const [url, module, schemaName] = process.argv.slice(1);
const times = [performance.now()];
const { default: storeFor } = await import(module);
times.push(performance.now());
const pool = new pg.Pool({ connectionString: url });
const store = new (storeFor(session))({ pool, schemaName, tableName: 'session', pruneSessionInterval: false });
for (let n = 0; n < 2; n++) {
  await new Promise((resolve, reject) => store.get('a', (error) => (error ? reject(error) : resolve())));
  times.push(performance.now());
}
await pool.end();
console.log(JSON.stringify(times));`;

/** Medians over new processes. */
export function startup(url: string, module: string, schemaName: string): Startup {
  const samples = Array.from({ length: PROCESSES }, () => {
    const args = ['--input-type=module', '--eval', SCRIPT, url, module, schemaName];
    const times: number[] = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', cwd: ROOT }));
    return times.slice(1).map((time, n) => time - times[n]!);
  });
  const [imported, first, second] = [0, 1, 2].map((step) => median(samples.map((steps) => steps[step]!)));
  return { imported: imported!, first: first!, second: second! };
}
