// revoke: deletes sessions, which signs out whoever has them.

import { DRY_RUN, noPositional, onePositional, text, USER_PATH, UsageError } from '../arguments.js';
import type { Command } from '../command.js';
import type { Given } from '../context.js';
import { whereUsersAre } from '../help.js';
import { KEYS } from '../keys.js';
import { many } from '../print.js';

export const revoke: Command = {
  usage: 'HANDLE [--user USER] | --user USER [--except HANDLE] | --all',
  summary: 'Deletes sessions, which signs out whoever has them.',
  details:
    'Takes one session, all of a user, or all there are. Exits with 1 where there was none. With a HANDLE it reads all session ids, but not with its USER as well. Stores with the option revocations hear of it.',
  options: {
    user: { value: 'USER', help: 'whose sessions' },
    except: { value: 'HANDLE', help: 'but not this one' },
    all: { help: 'everybody' },
    ...USER_PATH,
    ...KEYS,
    ...DRY_RUN,
  },
  async run(given) {
    const isDry = given.values['dry-run'] === true;
    const revoked = await revokeOf(given, isDry);
    const what = isDry ? 'live session' : 'session';
    const why = revoked === 0 && given.values.user ? `: none has this user at ${whereUsersAre(given.userPath)}` : '';
    return {
      text: `${isDry ? 'would revoke' : 'revoked'} ${many(revoked, what)}${why}`,
      json: { revoked, isDry },
      isNo: revoked === 0,
    };
  },
};

/** How many sessions were revoked; in a dry run, how many live ones would be. */
async function revokeOf({ positionals, values, admin }: Given, isDry: boolean): Promise<number> {
  const [user, except] = [text(values.user), text(values.except)];
  if (values.all) {
    noPositional(positionals);
    if (user ?? except) throw new UsageError('--all goes with neither --user nor --except');
    return isDry ? admin().count() : admin().revokeAll();
  }
  if (positionals.length > 0 || user === undefined) {
    const handle = onePositional(positionals, 'HANDLE, or --user, or --all');
    if (except !== undefined) throw new UsageError('--except goes with --user, and with no HANDLE');
    if (!isDry) return Number(await admin().revoke(handle, user === undefined ? {} : { user }));
    const found = await admin().show(handle);
    return Number(found !== null && (user === undefined || found.user === user));
  }
  if (!isDry) return admin().revokeUser(user, { except });
  return (await admin().find(user)).filter(({ handle }) => handle !== except).length;
}
