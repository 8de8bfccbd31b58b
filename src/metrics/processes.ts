import { readFileSync } from 'node:fs';

/** Linux counts process times in ticks of 1/100 s (`getconf CLK_TCK`), proc(5). */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

export interface ProcessSample {
  /** User and system time of all its threads. */
  cpuSeconds: number;
  rssBytes: number;
}

/** CPU time and resident memory of a process, or undefined when it is gone, or on a system without /proc. */
export function sampleProcess(pid: number): ProcessSample | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name is in parentheses and may contain spaces; user and system time are fields 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    const cpuSeconds = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    return { cpuSeconds, rssBytes: pages * PAGE_BYTES };
  } catch {
    return undefined;
  }
}

/** Processor time that all cores together have spent on work: all but idle and waiting. */
export interface MachineSample {
  /** That does not give way to a process of standard priority. */
  busySeconds: number;
  /** That does. */
  nicedSeconds: number;
}

/** The machine's own count, proc(5); undefined where there is none. In a container it is that of the host. */
export function sampleMachine(
  read: () => string = () => readFileSync('/proc/stat', 'utf8'),
): MachineSample | undefined {
  try {
    const [, user, niced, system, , , irq, softirq, steal] = (read().split('\n', 1)[0] ?? '').split(/\s+/).map(Number);
    const ticks = (user ?? 0) + (system ?? 0) + (irq ?? 0) + (softirq ?? 0) + (steal ?? 0);
    if (!Number.isFinite(ticks)) return undefined;
    return { busySeconds: ticks / TICKS_PER_SECOND, nicedSeconds: (niced ?? 0) / TICKS_PER_SECOND };
  } catch {
    return undefined;
  }
}

/** Kinds of processes of the service, as labels have them. */
export type ProcessKind = 'guardian' | 'gateway' | 'avatar' | 'speech' | 'media';

export interface ServiceProcess {
  kind: ProcessKind;
  pid: number;
}

/** Usage of a kind of process: CPU time adds up over successive processes, memory is that of those alive. */
export interface KindUsage {
  cpuSeconds: number;
  rssBytes: number;
}

/** Follows processes that come and go; what one has used before it was first seen counts as well. */
export class ProcessUsage {
  readonly #sample: (pid: number) => ProcessSample | undefined;
  readonly #seen = new Map<number, number>();
  readonly #total = new Map<ProcessKind, KindUsage>();

  constructor(sample: (pid: number) => ProcessSample | undefined = sampleProcess) {
    this.#sample = sample;
  }

  total(kind: ProcessKind): KindUsage | undefined {
    return this.#total.get(kind);
  }

  update(processes: readonly ServiceProcess[]): ReadonlyMap<ProcessKind, KindUsage> {
    for (const usage of this.#total.values()) usage.rssBytes = 0;
    const alive = new Set(processes.map(({ pid }) => pid));
    for (const pid of this.#seen.keys()) if (!alive.has(pid)) this.#seen.delete(pid);
    for (const { kind, pid } of processes) {
      const sample = this.#sample(pid);
      const total = this.#total.get(kind) ?? { cpuSeconds: 0, rssBytes: 0 };
      this.#total.set(kind, total);
      if (sample === undefined) continue;
      total.cpuSeconds += Math.max(0, sample.cpuSeconds - (this.#seen.get(pid) ?? 0));
      total.rssBytes += sample.rssBytes;
      this.#seen.set(pid, sample.cpuSeconds);
    }
    return this.#total;
  }
}
