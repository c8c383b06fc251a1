// A bar for what takes long, on a terminal and nowhere else.

export interface Progress {
  /** @param total where it has changed */
  update(done: number, total?: number): void;
  stop(): void;
}

const SILENT: Progress = { update() {}, stop() {} };

/** @param stream where it is drawn: standard error, since standard output is for the answer */
export async function startProgress(
  what: string,
  total: number,
  stream: NodeJS.WritableStream & { isTTY?: boolean } = process.stderr,
): Promise<Progress> {
  if (!stream.isTTY || total <= 0) return SILENT;
  const { SingleBar } = await import('cli-progress'); // only where a bar is drawn
  const bar = new SingleBar({
    format: `${what} {bar} {percentage}% | {value} of {total} | {rate}/s | {eta_formatted} left`,
    stream,
    clearOnComplete: true,
    hideCursor: true,
  });
  const began = performance.now();
  bar.start(total, 0, { rate: 0 });
  return {
    update(done, newTotal = total) {
      bar.setTotal(newTotal);
      const rate = Math.round(done / ((performance.now() - began) / 1000));
      bar.update(Math.min(done, newTotal), { rate });
    },
    stop: () => bar.stop(),
  };
}
