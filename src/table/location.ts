// Where a session table is, and a connection to it for one call.
import type { IDatabaseConnection } from '@pgtyped/runtime';
import type { Pool } from 'pg';
import { PoolConnection } from '../postgres/connection.js';
import type { Deadline } from '../postgres/deadline.js';
import { type TableNames, tableBinder } from './names.js';

export interface TableLocation {
  pool: Pool;
  names: TableNames;
  /** Roles that may own the table, besides those that `findOwner` trusts. Default: none. */
  trustedOwners?: readonly string[] | undefined;
}

/**
 * A connection for the generated queries, until the deadline. Default: no limit, as for building an
 * index.
 */
export const connectTable = ({ pool, names }: TableLocation, deadline: Deadline = Infinity): IDatabaseConnection =>
  tableBinder(names)(new PoolConnection(pool).until(deadline));
