// Creates the table at first use, for the option createTableIfMissing.
import { findTable } from '../generated/catalog.js';
import type { Deadline } from '../postgres/deadline.js';
import { createTable } from './create-table.js';
import { connectTable, type TableLocation } from './location.js';
import { catalogNames } from './names.js';

/**
 * Returns a function that makes sure that the table exists. Calls share the work. After a failure,
 * the next call tries again.
 */
export function tableEnsurer(location: TableLocation): (deadline: Deadline) => Promise<void> {
  let ready: Promise<void> | undefined;
  return (deadline) => {
    ready ??= ensureTable(location, deadline).catch((error) => {
      ready = undefined;
      throw error;
    });
    return ready;
  };
}

async function ensureTable(location: TableLocation, deadline: Deadline): Promise<void> {
  const found = await findTable.run(catalogNames(location.names), connectTable(location, deadline));
  if (found.length === 0) await createTable(location, {}, deadline);
}
