// Warns if the user path seems wrong: then no session has a user.
import type { Admin, SessionEntry } from '../admin/admin.js';
import type { UserPath } from '../session/user-path.js';
import { pathText } from './print.js';

const PAGE = 1000;

/** Undefined if there is no session, or one has a user. */
export function warningOf(sessions: SessionEntry[], userPath: UserPath | undefined): string | undefined {
  if (sessions.length === 0 || sessions.some(({ user }) => user !== null)) return undefined;
  if (sessions.every(({ session }) => session === null)) {
    return 'none of these rows can be read. Encrypted sessions need --keys-file or SESSION_KEYS';
  }
  return `none of these sessions has a user at ${pathText(userPath)}. Check --user-path`;
}

/** Like `warningOf`, for all live sessions. Reads pages until one has a user. */
export async function warningForAll(admin: Admin, userPath: UserPath | undefined): Promise<string | undefined> {
  let warning: string | undefined;
  for (let after: string | null = null; ; ) {
    const page = await admin.list({ after, limit: PAGE });
    if (page.sessions.some(({ user }) => user !== null)) return undefined;
    warning ??= warningOf(page.sessions, userPath);
    if (page.next === null) return warning?.replace('these', 'the live');
    after = page.next;
  }
}
