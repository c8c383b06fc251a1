// prune: deletes what has expired.

import { DRY_RUN, noPositional, numberOf } from '../arguments.js';
import type { Command } from '../command.js';
import { many } from '../print.js';
import { startProgress } from '../progress.js';

export const prune: Command = {
  usage: '',
  summary: 'Deletes the expired sessions.',
  details: 'In batches, none while another process is pruning. The store does so by itself.',
  options: { batch: { value: 'NUMBER', help: 'rows of one statement at most; default: 1000' }, ...DRY_RUN },
  async run({ positionals, values, admin }) {
    noPositional(positionals);
    const batchSize = numberOf(values, 'batch') ?? 1000;
    const { expired } = await admin().stats();
    if (values['dry-run']) {
      return { text: `would prune ${many(expired, 'expired session')}`, json: { pruned: expired, isDry: true } };
    }
    const progress = await startProgress('pruning', expired);
    let done = 0;
    const onBatch = (rows: number) => {
      done += rows;
      progress.update(done);
    };
    const pruned = await admin()
      .prune({ batchSize, onBatch })
      .finally(() => progress.stop());
    return { text: `pruned ${many(pruned, 'expired session')}`, json: { pruned, isDry: false } };
  },
};
