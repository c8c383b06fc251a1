// stats: counts and measures the sessions.
import { noPositional } from '../arguments.js';
import type { Command } from '../command.js';
import { bytes, duration, pairs, wholeSeconds } from '../print.js';

export const stats: Command = {
  usage: '',
  summary: 'Counts and measures the sessions and their table.',
  options: {},
  examples: ['stats', 'stats --schema web --json'],
  async run({ positionals, admin }) {
    noPositional(positionals);
    const found = await (await admin()).stats();
    const text = pairs({
      live: String(found.live),
      expired: String(found.expired),
      'mean size': bytes(found.meanBytes),
      'largest size': bytes(found.largestBytes),
      'first expires in': duration(found.firstExpiresIn),
      'last expires in': duration(found.lastExpiresIn),
      overdue: duration(found.overdue),
      table: bytes(found.tableBytes),
      indexes: bytes(found.indexBytes),
      'dead rows': String(found.deadRows),
    });
    const json = {
      ...found,
      meanBytes: found.meanBytes && Math.round(found.meanBytes),
      firstExpiresIn: wholeSeconds(found.firstExpiresIn),
      lastExpiresIn: wholeSeconds(found.lastExpiresIn),
      overdue: wholeSeconds(found.overdue),
    };
    return { text, json };
  },
};
