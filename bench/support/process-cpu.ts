// The CPU time of other processes, from Linux's /proc.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Whether this machine tells the CPU time of other processes. */
export const hasProcessCpu = existsSync('/proc/self/schedstat');

/**
 * CPU time in microseconds of a process and of all processes that it has started, since each of
 * them began. Processes that have ended do not count.
 */
export function cpuOfTree(pid: number): number {
  const parents = new Map(processes().map((one) => [one, parentOf(one)]));
  const isInTree = (one: number | undefined): boolean =>
    one !== undefined && (one === pid || isInTree(parents.get(one)));
  return [...parents.keys()].filter(isInTree).reduce((sum, one) => sum + cpuOf(one), 0);
}

const processes = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Undefined if the process has ended. */
const parentOf = (pid: number): number | undefined => {
  const stat = read(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2]);
};

/** The first number of schedstat is in nanoseconds. */
function cpuOf(pid: number): number {
  let tasks: string[] = [];
  try {
    tasks = readdirSync(`/proc/${pid}/task`);
  } catch {
    return 0; // it has ended
  }
  const times = tasks.map((task) => Number(read(`/proc/${pid}/task/${task}/schedstat`)?.split(' ')[0] ?? 0));
  return times.reduce((sum, ns) => sum + ns / 1000, 0);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
