// The tests that cannot apply to tables that Citus distributes. npm run test:citus leaves them out.

const OWN_SERVER = 'it starts a PostgreSQL without Citus. test/long/worker-lost tests the same with Citus';
const OLD_TABLE = 'the store refuses a distributed table with timestamps without a time zone';
const NO_PASSWORD = 'a cluster for tests may ask for no password';
const ONLY_HERE = 'its trigger writes to a table that the workers do not have';

/** Suite, title, and why the test cannot apply. */
export const NOT_ON_CITUS: [suite: string, title: string, reason: string][] = [
  ...[
    'with a paused server (SIGSTOP), each call ends in time and later calls succeed',
    'with a paused server (SIGSTOP), browsers stay signed in',
    'with a killed server (kill -9), each call ends in time and later calls succeed',
    'with a killed server (kill -9), browsers stay signed in',
    'with a missing Unix socket, browsers stay signed in',
    'the store keeps acknowledged sessions after kill -9, and destroyed sessions stay deleted',
  ].map((title): [string, string, string] => ['faults of the server', title, OWN_SERVER]),
  ...[
    'doctor() finds no-time-zone in the table of connect-pg-simple, and its advice repairs the table',
    'doctor() finds no-expire-index and no-time-zone in the table of connect-pg-pool, and its advice repairs the table',
    'doctor() gives only warnings for the table of connect-pg-simple that has been in use for a day',
    'doctor() gives only warnings for the table of connect-pg-pool that has been in use for a day',
    'doctor() lists errors before warnings',
    'doctor() names the roles and databases with another TimeZone when expire has no time zone',
    'doctor() and migrate() take a TimeZone in other letters for the same one',
  ].map((title): [string, string, string] => ['doctor', title, OLD_TABLE]),
  [
    'doctor',
    'doctor() finds an unused index on expire in a large table, but not in a small one',
    'its settings do not reach the workers, which plan the statements',
  ],
  ...[
    'doctor() finds only an index that PostgreSQL failed to build, and its advice repairs the table',
    'after an interrupted index build, the advice of doctor() ends with a valid index on expire',
  ].map((title): [string, string, string] => ['doctor', title, 'Citus refuses a unique index without sid']),
  [
    'doctor',
    'doctor() finds nothing wrong with a deferrable foreign key on sid',
    'Citus refuses a foreign key to a table that it does not distribute',
  ],
  ...['revokeUser', 'revoke', 'revoke of a user'].map((method): [string, string, string] => [
    'hash ids',
    `${method} deletes a session that moves to its hash meanwhile`,
    'Citus refuses to update a key: the row is deleted and inserted',
  ]),
  [
    'hash ids',
    'migrate fails if a trigger keeps the ids of rows, and hashes the others',
    'its trigger runs on an update of a key, which Citus refuses',
  ],
  ...[true, false].map((batch): [string, string, string] => [
    'store',
    `clear() deletes the session of an earlier set() of the same tick, not that of a later one, with batch: ${batch}`,
    'the calls for each worker have their own queue',
  ]),
  ['doctor', 'doctor() names only the queries that fail when sid has another name', 'not-by-sid says so instead'],
  ...[
    'doctor() finds nothing wrong with a text sid and with additional columns',
    'doctor() reports a view with a sid of the type char(64), which the server accepts',
    'doctor() reports a view with a sid of the type name, which the server accepts',
  ].map((title): [string, string, string] => ['doctor', title, 'Citus does not change the type of sid']),
  ['doctor', 'doctor() finds nothing wrong with a view that has the three columns', 'Citus does not write to a view'],
  ['faults over HTTP', 'with a wrong password, browsers stay signed in', NO_PASSWORD],
  ['outages', 'with a wrong password, each call ends in time and later calls succeed', NO_PASSWORD],
  ['batcher', 'the store retries a statement a few times after a deadlock', ONLY_HERE],
  ['batcher', 'touches do not wait for the disk and other writes do, alone and in a batch', ONLY_HERE],
  ['pruning', 'a batch deletes by id even if the planner expects no expired session', 'Citus shows another plan'],
  [
    'admin',
    'list() continues after the last entry when sessions were created and deleted, under any TimeZone and DateStyle',
    'the admin refuses a DateStyle that is not ISO: see test/admin/distributed',
  ],
];
