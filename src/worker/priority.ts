import { readdirSync, readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** Bit of CAP_SYS_NICE in the capability sets, capabilities(7). */
const CAP_SYS_NICE = 23n;

/** Whether this process may give a child back the priority that it took from it; undefined until it was looked up. */
let mayRaise: boolean | undefined;

/** True where a nice value that was raised can be lowered again: that needs CAP_SYS_NICE. */
export function canRestorePriority(): boolean {
  if (mayRaise === undefined) {
    try {
      const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
      mayRaise = ((BigInt(`0x${effective}`) >> CAP_SYS_NICE) & 1n) === 1n;
    } catch {
      mayRaise = false;
    }
  }
  return mayRaise;
}

/** Threads inherit the nice value of the thread that starts them, so this must happen before the child has any. */
export function lowerPriority(pid: number | undefined, nice: number): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, nice);
  } catch {
    // The child is already gone; its exit is handled.
  }
}

/** Sets `nice` for every thread of a process that runs at a higher value; threads that chose a better one keep it. */
export function restorePriority(pid: number, nice: number): void {
  if (!canRestorePriority()) return;
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`).map(Number)) {
      if (getPriority(thread) > nice) setPriority(thread, nice);
    }
  } catch {
    // The process or one of its threads is already gone.
  }
}
