// The options of createTable(). In a file without imports, so that the main entry's types do not
// load those of @pgtyped/runtime, which are ES modules only.

/** Options of `createTable`, which fails with a `TypeError` if an option is unknown. */
export interface CreateTableOptions {
  /**
   * Whether to create the schema if it does not exist. Without the store's option `schemaName`,
   * `createTable` fails with a `TypeError`.
   *
   * @default `false`
   */
  createSchema?: boolean;
  /**
   * Whether to create the table as `UNLOGGED`; a table that exists stays as it is. Then writes do
   * not wait for the disk, but **a crash of PostgreSQL empties the table**, which signs out every
   * user, and standbys do not hold the sessions. A clean restart of PostgreSQL and a crash of the
   * app keep them. Redis without persistence is about as durable.
   *
   * @default `false`
   */
  unlogged?: boolean;
  /**
   * The path to the user in a session, such as `['passport', 'user']`, to create an index on.
   * `find` and `revokeUser` of connect-pg-typed/admin use the index; every save then updates it. An
   * empty path is a `TypeError`.
   *
   * @default no index
   */
  userPath?: readonly string[];
  /**
   * The role that may own the table, or several such roles. A table's triggers run with the rights
   * of the role that writes to it, so `createTable` refuses the table of an unknown owner. It
   * always accepts its own role, the roles it belongs to, superusers, and the owners of the schema
   * and of the database.
   *
   * @default the store's `trustOwner`
   */
  trustOwner?: string | readonly string[];
  /**
   * Lets the extension Citus distribute the table over its workers by the hash of `sid`, in
   * `shardCount` shards: a whole number from 2 to 64,000, by default 8. Four to eight for each
   * worker that you may add later are enough. While Citus distributes an existing table, stores may
   * use it (`create_distributed_table_concurrently`), which needs `wal_level = logical`. A table
   * that is already distributed does not change. `createTable` fails on a server without Citus.
   *
   * @default the table is not distributed
   */
  distributed?: { shardCount?: number };
}
