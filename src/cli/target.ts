// Where a command works, in words: the host, the database and the table.
import type { Client } from 'pg';
import { findTable } from '../generated/catalog.js';
import { connectTable, type TableLocation } from '../table/location.js';
import { catalogNames } from '../table/names.js';

export interface Target {
  /** `localhost:5432`, or the folder of the socket. */
  host: string;
  database: string;
  /** Null if no schema is given, and the search_path leads to no such table. */
  schema: string | null;
  table: string;
}

/** Connects, and looks for the table. */
export async function targetOf(location: TableLocation): Promise<Target> {
  const names = catalogNames(location.names);
  const [found] = await findTable.run(names, connectTable(location));
  const client = (await location.pool.connect()) as unknown as Client & { release(): void };
  client.release();
  return {
    host: client.host.startsWith('/') ? client.host : `${client.host}:${client.port}`,
    database: client.database!,
    schema: found?.schemaName ?? names.schemaName,
    table: names.tableName,
  };
}

export const tableText = ({ schema, table }: Target): string => (schema === null ? table : `${schema}.${table}`);

export const targetText = (target: Target): string =>
  `the table ${tableText(target)} of the database ${target.database} on ${target.host}`;
