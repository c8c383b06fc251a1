// What a command is, and what it works with.
import pg, { type Pool } from 'pg';
import type { Admin } from '../admin/admin.js';
import { connectionConfig, connectionStringError, isConnectionString } from '../postgres/connect.js';
import type { UserPath } from '../session/user-path.js';
import type { TableLocation } from '../table/location.js';
import type { TableNames } from '../table/names.js';
import { trustedOwners } from '../table/owner.js';
import { type Arguments, emptyVariable, type Options, pathOf, stringOf, UsageError, type Values } from './arguments.js';
import { encryptionOf } from './keys.js';

/** The outcome of a command: for people, for programs and as an exit code. */
export interface Outcome {
  text: string;
  json: unknown;
  /** 1 if nothing was found, or a problem was found. Default: 0. */
  exitCode?: 0 | 1;
  /** What may be wrong though the command succeeded, for standard error. */
  warning?: string | undefined;
}

export interface Command {
  /** The parameters after its name. */
  usage: string;
  summary: string;
  details?: string;
  options: Options;
  /** Two command lines, without the program's name. */
  examples: [string, string];
  run(context: Context): Promise<Outcome>;
}

/** A command's arguments, the table's names, and a connection that is made at first use. */
export interface Context {
  positionals: string[];
  values: Values;
  names: TableNames;
  userPath: UserPath | undefined;
  /** Connects, and returns where the table is. */
  location(): TableLocation;
  /** Connects too. It loads the admin at its first use: not each command needs it. */
  admin(): Promise<Admin>;
  /** Closes the connection, if there is one. */
  end(): Promise<void>;
}

/** @param options the command's own. SESSION_KEYS is read only for commands that decrypt */
export function createContext({ positionals, values }: Arguments, options: Options): Context {
  const names = { schemaName: stringOf(values.schema), tableName: stringOf(values.table) };
  const trustOwner = stringOf(values['trust-owner']);
  const userPath = pathOf(stringOf(values['user-path']));
  let pool: Pool | undefined;
  const connect = () => {
    pool ??= createPool(stringOf(values.url));
    return pool;
  };
  return {
    positionals,
    values,
    names,
    userPath,
    location: () => ({ pool: connect(), names, trustedOwners: trustedOwners(trustOwner) }),
    admin: async () => {
      const { createAdmin } = await import('../admin/admin.js');
      const encryption = 'keys-file' in options ? encryptionOf(values, userPath) : undefined;
      return createAdmin({ pool: connect(), ...names, userPath, encryption, trustOwner });
    },
    end: async () => pool?.end(),
  };
}

/** @throws {TypeError} if no database is given, or the URL is not a connection string */
function createPool(url: string | undefined): Pool {
  if (url === undefined && process.env.DATABASE_URL === '') throw new UsageError(emptyVariable('DATABASE_URL'));
  const config = connectionConfig(url);
  if (!config) throw new TypeError('no database given. Pass --url, or set DATABASE_URL or the PG* variables');
  if (config.connectionString !== undefined && !isConnectionString(config.connectionString)) {
    throw connectionStringError('the URL', config.connectionString);
  }
  // pg would take a part of the password for the host, the port or the database, and errors name
  // those.
  if (/^\w+:\/\/[^/?#@]*:[^/?#@]*(?:[/#][^?]*|\?[^=]*)@/.test(config.connectionString ?? '')) {
    throw new TypeError('the URL has an @ after its host. In a password, write / as %2F, ? as %3F and # as %23');
  }
  const pool = new pg.Pool({ ...config, application_name: 'connect-pg-typed', connectionTimeoutMillis: 10_000 });
  pool.on('error', () => {}); // the statements of that client fail by themselves
  return pool;
}
