// revoke: deletes sessions, which signs out their users.
import { DRY_RUN, noPositional, onePositional, stringOf, USER_PATH, UsageError } from '../arguments.js';
import type { Command } from '../command.js';
import type { Context } from '../context.js';
import { KEYS } from '../keys.js';
import { pathText, pluralize } from '../print.js';

export const revoke: Command = {
  usage: 'HANDLE [--user USER] | --user USER [--except HANDLE] | --all',
  summary: 'Deletes sessions, which signs out their users.',
  details:
    'It deletes one session, all sessions of a user, or all sessions. Stores with the option revocations are notified. ' +
    'HANDLE alone reads all session ids; with --user it uses the index. Exits with 1 if there was no such session.',
  options: {
    user: { value: 'USER', help: 'the user of the sessions' },
    except: { value: 'HANDLE', help: 'a session to keep' },
    all: { help: 'delete all sessions' },
    ...USER_PATH,
    ...KEYS,
    ...DRY_RUN,
  },
  examples: ['revoke --user 42', 'revoke --user 42 --except $HANDLE --dry-run'],
  async run(context) {
    const isDry = context.values['dry-run'] === true;
    const revoked = await revokeSessions(context, isDry);
    const noun = isDry ? 'live session' : 'session';
    const reason =
      revoked === 0 && context.values.user ? `: no session has this user at ${pathText(context.userPath)}` : '';
    return {
      text: `${isDry ? 'would revoke' : 'revoked'} ${pluralize(revoked, noun)}${reason}`,
      json: { revoked, isDry },
      exitCode: revoked === 0 ? 1 : 0,
    };
  },
};

/** The number of revoked sessions. In a dry run, the number of live sessions that would be. */
async function revokeSessions({ positionals, values, admin }: Context, isDry: boolean): Promise<number> {
  const [user, except] = [stringOf(values.user), stringOf(values.except)];
  if (values.all) {
    noPositional(positionals);
    if (user ?? except) throw new UsageError('--all cannot be combined with --user or --except');
    return isDry ? admin().count() : admin().revokeAll();
  }
  if (positionals.length > 0 || user === undefined) {
    const handle = onePositional(positionals, 'HANDLE, or --user, or --all');
    if (except !== undefined) throw new UsageError('--except needs --user, and no HANDLE');
    if (!isDry) return Number(await admin().revoke(handle, user === undefined ? {} : { user }));
    const found = await admin().show(handle);
    return Number(found !== null && (user === undefined || found.user === user));
  }
  if (!isDry) return admin().revokeUser(user, except === undefined ? {} : { except });
  return (await admin().find(user)).filter(({ handle }) => handle !== except).length;
}
