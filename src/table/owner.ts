// Refuses the table of an owner that the app does not trust: its triggers run with the rights of
// the store.
import type { IDatabaseConnection } from '@pgtyped/runtime';
import { type Rule, refused, type SessionStoreError } from '../errors.js';
import { findOwner } from '../generated/catalog.js';
import { catalogNames, type TableNames } from './names.js';

const isName = (value: unknown): boolean => typeof value === 'string' && value !== '';

export const TRUST_OWNER_RULE: Rule = [
  'the name of a role, or an array of names',
  (value) => isName(value) || (Array.isArray(value) && value.every(isName)),
];

/** The names in the option. */
export const trustedOwners = (trustOwner: string | readonly string[] = []): string[] => [trustOwner].flat();

/** The owner of the table, if this role does not trust it. */
export async function untrustedOwner(
  names: TableNames,
  trusted: readonly string[] = [],
  db: IDatabaseConnection,
): Promise<string | undefined> {
  const [found] = await findOwner.run({ ...catalogNames(names), trusted: [...trusted] }, db);
  return found && !found.isTrusted ? found.owner : undefined;
}

/** @throws {SessionStoreError} if this role does not trust the table's owner */
export async function assertTrustedOwner(
  names: TableNames,
  trusted: readonly string[] | undefined,
  db: IDatabaseConnection,
): Promise<void> {
  const owner = await untrustedOwner(names, trusted, db);
  if (owner !== undefined) throw refusedOwner(owner);
}

/** For the refusal to use the table of this owner. */
export const refusedOwner = (owner: string): SessionStoreError =>
  refused(
    `the table exists and belongs to the role ${JSON.stringify(owner)}. Its triggers would run with the rights of ` +
      'this role. If you trust it, name it in trustOwner (--trust-owner). Otherwise set another tableName',
  );
