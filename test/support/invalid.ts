/** A value that the types forbid, for tests of bad input. */
export const invalid = <T>(value: unknown): T => value as T;
