// Which types of the sid column the store supports: varchar, text and domains over them.
import { migrateAdvice, refused } from '../errors.js';
import { type InspectSidResult, inspectSid } from '../generated/catalog.js';
import type { QueryResult } from '../postgres/connection.js';
import type { Deadline } from '../postgres/deadline.js';
import { connectTable, type TableLocation } from './location.js';
import { catalogNames } from './names.js';

/** Characters of an id of express-session, and of its hash with `hashIds`. */
const ID_LENGTH = { unhashed: 32, hashed: 71 };

/** The sid column of the table. Undefined if there is none. */
export async function findSid(location: TableLocation, deadline?: Deadline): Promise<InspectSidResult | undefined> {
  const [sid] = await inspectSid.run(catalogNames(location.names), connectTable(location, deadline));
  return sid;
}

/** Why the store does not support the column. Undefined if it does. */
export function problemOfSid(sid: InspectSidResult, { isHashed = false } = {}): string | undefined {
  const { type, isText, length, isDeterministic } = sid;
  if (!isText) return `sid has the type ${type}, which does not hold each id as it is. It must be varchar or text`;
  if (!isDeterministic) return 'sid has a collation that is not deterministic: different ids are equal';
  const needed = isHashed ? ID_LENGTH.hashed : ID_LENGTH.unhashed;
  if (length !== null && length < needed) return `sid has the type ${type}, but an id has ${needed} characters`;
  return undefined;
}

/** For `migrate`: without it, a sid may be too short for hashes, and rows keep unhashed ids. */
export const optionFor = (isHashed: boolean): string => (isHashed ? ' --hash-ids' : '');

/** @throws {SessionStoreError} if the store does not support the sid column */
export async function checkSid(location: TableLocation, deadline: Deadline, isHashed: boolean): Promise<void> {
  const sid = await findSid(location, deadline);
  const problem = sid && problemOfSid(sid, { isHashed });
  if (problem) throw refused(`${problem}. ${migrateAdvice('varchar', optionFor(isHashed))}`);
}

const TEXT_TYPES = [25, 1043]; // text and varchar: object identifiers from PostgreSQL's pg_type.dat
const DEFAULT_COLLATION = '"default"';

/**
 * Whether the sid column of these results has a usual type, and a usual collation if they tell it.
 * Undefined if they have no sid.
 */
export function isUsualSid({ fields, rows }: QueryResult): boolean | undefined {
  const sid = fields?.find(({ name }) => name === 'sid');
  if (!sid) return undefined;
  const { collation = DEFAULT_COLLATION } = (rows[0] ?? {}) as { collation?: string | null };
  return TEXT_TYPES.includes(sid.dataTypeID) && collation === DEFAULT_COLLATION;
}
