// Exponential backoff with jitter ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015).

/**
 * A pause in milliseconds: `firstMs`, doubled with each failure after the first, at most `maxMs`,
 * and shortened at random.
 *
 * @param failures failures so far, at least 1
 * @param jitter the part of the pause that is random. Default: 1, for a pause between 0 and the
 *   whole
 */
export function backoffMs(failures: number, firstMs: number, maxMs: number, jitter = 1): number {
  return Math.min(firstMs * 2 ** (failures - 1), maxMs) * (1 - jitter * Math.random());
}
