// prune: deletes expired sessions.
import { pluralize } from '../../errors.js';
import { DEFAULT_PRUNE_BATCH } from '../../table/prune.js';
import { DRY_RUN, noPositional, numberOf } from '../arguments.js';
import type { Command } from '../command.js';
import { table } from '../print.js';
import { startProgress } from '../progress.js';

export const prune: Command = {
  usage: '',
  summary: 'Deletes the expired sessions.',
  details:
    'It deletes them in batches. If another process is pruning, it deletes nothing. It passes sessions that ' +
    'PostgreSQL keeps (a foreign key, a trigger, row-level security, a lock), prints their handles and exits with 1. ' +
    'Stores prune automatically, unless pruneSessionInterval is false.',
  options: {
    batch: { value: 'NUMBER', help: `rows that one statement deletes at most; default: ${DEFAULT_PRUNE_BATCH}` },
    ...DRY_RUN,
  },
  examples: ['prune', 'prune --batch 10000 --schema web'],
  async run({ positionals, values, admin }) {
    noPositional(positionals);
    const batchSize = numberOf(values, 'batch');
    const connected = await admin();
    const { expired } = await connected.stats();
    if (values['dry-run']) {
      return {
        text: `would prune ${pluralize(expired, 'expired session')}`,
        json: { dryRun: true, wouldPrune: expired },
      };
    }
    const progress = await startProgress('pruning', expired);
    let done = 0;
    const onBatch = (rows: number) => {
      done += rows;
      progress.update(done);
    };
    const kept: { handle: string; reason: string }[] = [];
    const onKept = (handle: string, { message }: Error) => kept.push({ handle, reason: message });
    const pruned = await connected
      .prune({ ...(batchSize && { batchSize }), onBatch, onKept })
      .finally(() => progress.stop());
    const text = `pruned ${pluralize(pruned, 'expired session')}`;
    if (kept.length === 0) return { text, json: { dryRun: false, pruned } };
    const rows = kept.map(({ handle, reason }) => [handle, reason]);
    return {
      text: `${text}\n\ncould not delete ${pluralize(kept.length, 'expired session')}:\n\n${table(['HANDLE', 'REASON'], rows)}`,
      json: { dryRun: false, pruned, kept },
      exitCode: 1,
    };
  },
};
