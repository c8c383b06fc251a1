import pg from 'pg';
import { createAdmin } from '../admin/admin.js';
import type { UserPath } from '../session/user-path.js';
import type { TableNames } from '../table/names.js';
import { type parse, pathOf, text, type Values } from './arguments.js';
import { encryptionOf } from './keys.js';

/** A pool for one command. It connects when it is first asked. */
export function connect(url = process.env.DATABASE_URL || undefined): Connection {
  if (url !== undefined && !/^(postgres(ql)?:\/\/|socket:|\/)/.test(url)) {
    throw new TypeError('this is no connection string: give one such as postgres://user:password@host/database');
  }
  if (url === undefined && !['PGHOST', 'PGPORT', 'PGDATABASE', 'PGUSER'].some((name) => process.env[name])) {
    throw new TypeError('no database to connect to: give --url, or set DATABASE_URL or PGHOST and its like');
  }
  const pool = new pg.Pool({
    ...(url !== undefined && { connectionString: url }),
    application_name: 'connect-pg-typed',
    connectionTimeoutMillis: 10000,
  });
  pool.on('error', () => {}); // what a client was asked for fails by itself
  return { pool, end: () => pool.end() };
}
export interface Connection {
  pool: pg.Pool;
  end(): Promise<void>;
}

/** What a command was given. */
export interface Given {
  positionals: string[];
  values: Values;
  names: TableNames;
  userPath: UserPath | undefined;
  /** Connects, for as long as the command runs. */
  connection(): Connection;
  admin(): ReturnType<typeof createAdmin>;
}

/** What the command was given, with a connection that is made when it is asked for. */
export function give({ positionals, values }: ReturnType<typeof parse>): Given & { end(): Promise<void> } {
  let made: Connection | undefined;
  const names = { schemaName: text(values.schema), tableName: text(values.table) };
  const userPath = pathOf(text(values['user-path']));
  const connection = () => {
    made ??= connect(text(values.url));
    return made;
  };
  return {
    positionals,
    values,
    names,
    userPath,
    connection,
    admin: () =>
      createAdmin({ pool: connection().pool, ...names, userPath, encryption: encryptionOf(values, userPath) }),
    end: async () => made?.end(),
  };
}
