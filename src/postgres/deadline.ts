/** When a call fails, in milliseconds of `performance.now()`. Infinity means no limit. */
export type Deadline = number;
