// migrate: turns an older table into one of today's.
import { migrate as run } from '../../admin/migrate.js';
import { DRY_RUN, noPositional, text, USER_PATH, UsageError } from '../arguments.js';
import type { Command } from '../command.js';
import { encryptionOf, KEYS } from '../keys.js';
import { startProgress } from '../progress.js';

export const migrate: Command = {
  usage: '',
  summary: 'Turns the table of another store, or of an older day, into one of today.',
  details:
    'Makes expire a timestamptz, where it has no zone; that locks the table while it lasts, which under UTC is only as long as it takes to write its index anew. And makes what indexes are missing, while sessions go on being saved.',
  options: {
    'time-zone': {
      value: 'ZONE',
      help: "the TimeZone that the app's connections have had; default: the one of this connection, if no role or database has another",
    },
    'user-path': {
      ...USER_PATH['user-path']!,
      help: 'make the index of users there, too; default: none. With --re-encrypt also where users are, by default passport.user',
    },
    'hash-ids': {
      help: "put the hash of each session id in its place, in batches, while the app runs with hashIds: 'upgrade'; may be broken off and done again",
    },
    're-encrypt': {
      help: 'encrypt all sessions with the first key, in batches, while the app runs; may be broken off and done again',
    },
    ...KEYS,
    ...DRY_RUN,
  },
  async run({ positionals, values, names, userPath, connection }) {
    noPositional(positionals);
    const dryRun = values['dry-run'] === true;
    const encryption = values['re-encrypt'] ? encryptionOf(values, userPath) : undefined;
    if (values['re-encrypt'] && !encryption)
      throw new UsageError('--re-encrypt needs keys: --keys-file or SESSION_KEYS');
    const progress = await startProgress('migrating', 1);
    const steps = await run(connection().pool, names, {
      timeZone: text(values['time-zone']),
      userPath,
      encryption,
      hashIds: values['hash-ids'] === true,
      dryRun,
      onProgress: (done, total) => progress.update(done, total),
    }).finally(() => progress.stop());
    const verb = dryRun ? 'would make' : 'made';
    return {
      text: steps.length > 0 ? `${verb} ${steps.join(', ')}` : 'all is as it should be',
      json: { steps, isDry: dryRun },
    };
  },
};
