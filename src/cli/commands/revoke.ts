// revoke: deletes sessions, which signs out their users.
import type { Admin } from '../../admin/admin.js';
import { pluralize } from '../../errors.js';
import { printableLine } from '../../printable.js';
import { DRY_RUN, noPositional, onePositional, stringOf, USER_PATH, UsageError } from '../arguments.js';
import { confirm } from '../ask.js';
import type { Command, Context, Outcome } from '../command.js';
import { KEYS } from '../keys.js';
import { pathText } from '../print.js';
import { targetOf, targetText } from '../target.js';
import { warningForAll } from '../user-path-warning.js';

export const revoke: Command = {
  usage: 'HANDLE [--user USER] | --user USER [--except HANDLE] | --all [--yes]',
  summary: 'Deletes sessions, which signs out their users.',
  details:
    'It deletes one session, all sessions of a user, or all sessions. Stores with the option revocations are ' +
    'notified. With HANDLE alone, it reads all session ids; with --user it uses the index. --all names the host, the ' +
    'database and the table, and asks first. Exits with 0 if there was no such session, and with 1 if you do not ' +
    'confirm --all, or if sessions live and none has a user at the path.',
  options: {
    user: { value: 'USER', help: 'the user of the sessions' },
    except: { value: 'HANDLE', help: 'a session to keep' },
    all: { help: 'delete all sessions' },
    yes: { help: 'do not ask. --all needs it if there is no terminal' },
    ...USER_PATH,
    ...KEYS,
    ...DRY_RUN,
  },
  examples: ['revoke --user 42', 'revoke --user 42 --except $HANDLE --dry-run'],
  async run(context) {
    const { positionals, values, userPath } = context;
    const [user, except] = [stringOf(values.user), stringOf(values.except)];
    if (values.all) {
      noPositional(positionals);
      if (user ?? except) throw new UsageError('--all cannot be combined with --user or --except');
      return revokeAll(context);
    }
    if (values.yes) throw new UsageError('--yes needs --all');
    const isHandle = positionals.length > 0 || user === undefined;
    const handle = isHandle ? onePositional(positionals, 'HANDLE, or --user, or --all') : undefined;
    if (isHandle && except !== undefined) throw new UsageError('--except needs --user, and no HANDLE');
    const dryRun = values['dry-run'] === true;
    const admin = await context.admin();
    const count = dryRun ? await live(admin, { handle, user, except }) : await deleted(admin, { handle, user, except });
    const outcome = outcomeOf(count, dryRun);
    if (count > 0 || user === undefined) return outcome;
    const warning = await warningForAll(admin, userPath);
    const which = handle === undefined ? 'no live session' : 'no live session with this handle';
    const text = `${outcome.text}: ${which} has this user at ${pathText(userPath)}`;
    return { ...outcome, text, warning, exitCode: warning === undefined ? 0 : 1 };
  },
};

interface Wanted {
  handle: string | undefined;
  user: string | undefined;
  except: string | undefined;
}

/** The number of deleted sessions. */
async function deleted(admin: Admin, { handle, user, except }: Wanted): Promise<number> {
  if (handle === undefined) return admin.revokeUser(user!, except === undefined ? {} : { except });
  return Number(await admin.revoke(handle, user === undefined ? {} : { user }));
}

/** The number of live sessions that would be deleted. */
async function live(admin: Admin, { handle, user, except }: Wanted): Promise<number> {
  if (handle === undefined) return (await admin.find(user!)).filter((session) => session.handle !== except).length;
  const found = await admin.show(handle);
  return Number(found !== null && (user === undefined || found.user === user));
}

async function revokeAll({ values, admin, location }: Context): Promise<Outcome> {
  const connected = await admin();
  const count = await connected.count();
  if (values['dry-run']) return outcomeOf(count, true);
  // Without a live session it deletes expired ones at most, and does not ask.
  if (count > 0) {
    const target = targetText(await targetOf(location()));
    const question = `revoke --all deletes all ${pluralize(count, 'live session')} of ${target}`;
    if (values.yes) console.error(printableLine(`connect-pg-typed: ${question}`));
    else if (!(await isConfirmed(question))) {
      return { text: 'revoked nothing', json: { dryRun: false, revoked: 0 }, exitCode: 1 };
    }
  }
  return outcomeOf(await connected.revokeAll(), false);
}

/** @throws {UsageError} if there is no terminal to ask on */
async function isConfirmed(question: string): Promise<boolean> {
  const answer = await confirm(`${question}. Continue?`);
  if (answer === undefined) throw new UsageError(`nothing was deleted: ${question}. Without a terminal, pass --yes`);
  return answer;
}

const outcomeOf = (count: number, dryRun: boolean): Outcome => ({
  text: dryRun ? `would revoke ${pluralize(count, 'live session')}` : `revoked ${pluralize(count, 'session')}`,
  json: dryRun ? { dryRun, wouldRevoke: count } : { dryRun, revoked: count },
});
