// stats: how many sessions there are, how large, and how old.

import { noPositional } from '../arguments.js';
import type { Command } from '../command.js';
import { bytes, duration, pairs } from '../print.js';

export const stats: Command = {
  usage: '',
  summary: 'Counts and measures the sessions and their table.',
  options: {},
  async run({ positionals, admin }) {
    noPositional(positionals);
    const found = await admin().stats();
    const text = pairs({
      live: String(found.live),
      expired: String(found.expired),
      'mean size': bytes(found.meanBytes),
      'largest size': bytes(found.largestBytes),
      'first expires in': duration(found.oldest),
      'last expires in': duration(found.newest),
      'longest overdue': duration(found.overdue),
      table: bytes(found.tableBytes),
      indexes: bytes(found.indexBytes),
      'dead rows': String(found.deadRows),
    });
    return { text, json: found };
  },
};
