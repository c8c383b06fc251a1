// A table for one test of the command line.
import * as assert from 'uvu/assert';
import { cli } from '../support/cli.js';
import { cookieFor, freshStore, session } from '../support/fresh-store.js';

export const SID = 'a-secret-session-id-'; // the prefix of each id
export const at = ({ schemaName, tableName }: { schemaName: string; tableName: string }) => [
  '--schema',
  schemaName,
  '--table',
  tableName,
];

/** A table with two sessions of ada and one of bob, and a way to run commands on it. */
export async function fresh() {
  const { store, pool, table, names } = await freshStore();
  for (const [n, user] of ['ada', 'ada', 'bob'].entries()) {
    await store.set(`${SID}${n}`, session({ passport: { user } }, cookieFor(7200 + n * 60)));
  }
  const run = async (command: string, ...args: string[]) => cli([command, ...at(names), ...args]);
  const json = async (command: string, ...args: string[]) => {
    const { code, stdout, stderr } = await run(command, '--json', ...args);
    assert.is(stderr, '');
    return { code, ...(stdout && { json: JSON.parse(stdout) }) };
  };
  const handles = [0, 1, 2].map((n) => store.handle(`${SID}${n}`));
  return { store, pool, table, names, run, json, handles };
}
