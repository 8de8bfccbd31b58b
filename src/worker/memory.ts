import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';

export type StandbyMode = 'auto' | 'on' | 'off';

/** Bytes that can be taken without swapping, within this process's control group where it has a limit. */
export function availableBytes(): number {
  // Where the group has no limit, some versions of Node report one of 0 or beyond the machine's memory.
  const within = process.availableMemory();
  return within > 0 ? Math.min(within, freemem()) : freemem();
}

/** Resident memory of another process; 0 when it is gone. */
export function residentBytes(pid: number | undefined): number {
  if (pid === undefined) return 0;
  try {
    return 1024 * Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** The rule for spare processes: `auto` wants `neededBytes` to be free. */
export function canAffordSpare(mode: StandbyMode, neededBytes: number, available = availableBytes()): boolean {
  if (mode !== 'auto') return mode === 'on';
  return available >= neededBytes;
}
