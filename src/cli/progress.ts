// A progress bar for long work. It is shown only on a terminal.
import { clock } from '../clock.js';

export interface Progress {
  /** @param total only if it has changed */
  update(done: number, total?: number): void;
  stop(): void;
}

const SILENT: Progress = { update() {}, stop() {} };

/** @param stream default: standard error, since standard output holds the outcome */
export async function startProgress(
  what: string,
  total: number,
  stream: NodeJS.WritableStream & { isTTY?: boolean } = process.stderr,
): Promise<Progress> {
  if (!stream.isTTY || total <= 0) return SILENT;
  const { SingleBar } = await import('cli-progress'); // loaded only if a bar is shown
  const bar = new SingleBar({
    format: `${what} {bar} {percentage}% | {value} of {total} | {rate}/s | {eta_formatted} left`,
    stream,
    clearOnComplete: true,
    hideCursor: true,
  });
  const startedAt = clock();
  bar.start(total, 0, { rate: 0 });
  const stop = () => bar.stop(); // shows the cursor again
  process.once('exit', stop);
  return {
    update(done, newTotal = total) {
      bar.setTotal(newTotal);
      const rate = Math.round(done / ((clock() - startedAt) / 1000));
      bar.update(Math.min(done, newTotal), { rate });
    },
    stop() {
      process.off('exit', stop);
      stop();
    },
  };
}
