// The clock of deadlines, delays and ages.

/** Milliseconds since the process began, as `performance.now()` counts them. They never go back. */
export const clock = (): number => performance.now();
