// migrate: turns an older table into a current one.
import { printable } from '../../printable.js';
import { DRY_RUN, noPositional, stringOf, UsageError, userPathOption } from '../arguments.js';
import type { Command } from '../command.js';
import { encryptionOf, KEYS } from '../keys.js';
import { startProgress } from '../progress.js';

export const migrate: Command = {
  usage: '',
  summary: 'Converts the table of another store, or an older table, to the current form.',
  details:
    'It makes expire a timestamptz if it has no time zone. That locks the table. Under UTC, the lock lasts only ' +
    'while PostgreSQL rebuilds the index on expire. It makes sid a varchar if it has a type that the store does not ' +
    'support, such as uuid or char(n), which also locks the table. The ids stay the same. It also creates missing ' +
    'indexes, which does not block saves.',
  options: {
    'time-zone': {
      value: 'ZONE',
      help: "the TimeZone of the app's connections; default: this connection's, if no role or database has another",
    },
    ...userPathOption(
      'also create the index of users at this path; default: no index. ' +
        'With --re-encrypt it is also the path to the user; default: passport.user',
    ),
    'hash-ids': {
      help:
        "replace each session id by its hash, in batches, while the app runs with hashIds: 'upgrade'; " +
        'may be interrupted and run again',
    },
    're-encrypt': {
      help: 'encrypt all sessions with the first key, in batches, while the app runs; may be interrupted and run again',
    },
    ...KEYS,
    ...DRY_RUN,
  },
  examples: ['migrate --dry-run', 'migrate --hash-ids --schema web'],
  async run({ positionals, values, userPath, location }) {
    noPositional(positionals);
    const dryRun = values['dry-run'] === true;
    const encryption = values['re-encrypt'] ? encryptionOf(values, userPath) : undefined;
    if (values['re-encrypt'] && !encryption) throw new UsageError('--re-encrypt needs --keys-file or SESSION_KEYS');
    const progress = await startProgress('migrating', 1);
    const { migrate: run } = await import('../../admin/migrate.js');
    const steps = await run(location(), {
      timeZone: stringOf(values['time-zone']),
      userPath,
      encryption,
      hashIds: values['hash-ids'] === true,
      dryRun,
      onProgress: (done, total) => progress.update(done, total),
    }).finally(() => progress.stop());
    const text =
      steps.length > 0
        ? printable(`${dryRun ? 'would migrate' : 'migrated'}: ${steps.join(', ')}`)
        : 'nothing to migrate';
    return { text, json: dryRun ? { dryRun, wouldMigrate: steps } : { dryRun, migrated: steps } };
  },
};
