// The tests that cannot apply to tables that Citus distributes. npm run test:citus leaves them out.

/** Suite, title, and why the test cannot apply. */
export const NOT_ON_CITUS: [suite: string, title: string, reason: string][] = [];
