// The tests that cannot apply to tables that Citus distributes. npm run test:citus leaves them out.

const OWN_SERVER = 'it starts servers of its own, without Citus: see test/long/worker-lost';
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
  ['batcher', 'the store retries a statement a few times after a deadlock', ONLY_HERE],
  ['batcher', 'touches do not wait for the disk and other writes do, alone and in a batch', ONLY_HERE],
  [
    'distributed tables of operators',
    'createTable({ distributed }) says what is missing on a server without Citus',
    'the server has Citus',
  ],
  ['pruning', 'a batch deletes by id even if the planner expects no expired session', 'Citus shows another plan'],
  [
    'admin',
    'list() continues after the last entry when sessions were created and deleted, under any TimeZone and DateStyle',
    'the admin refuses a DateStyle that is not ISO: see test/admin/distributed',
  ],
];
