import { readFileSync } from 'node:fs';

/** Linux counts process times in ticks of 1/100 s (`getconf CLK_TCK`). */
const TICKS_PER_SECOND = 100;

export interface ProcessSample {
  cpuSeconds: number;
  rssBytes: number;
}

/** CPU time and resident memory of a process, or undefined when it is gone. */
export function sampleProcess(pid: number): ProcessSample | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name is in parentheses and may contain spaces; user and system time are fields 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND, rssBytes: pages * 4096 };
  } catch {
    return undefined;
  }
}

/** Watches processes over a run: percent of one core, and memory at the start, the end and the highest. */
export class ProcessWatch {
  readonly #pids: Record<string, number>;
  readonly #first = new Map<string, ProcessSample>();
  readonly #peak = new Map<string, number>();
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(pids: Record<string, number>) {
    this.#pids = pids;
    for (const [name, pid] of Object.entries(pids)) {
      const sample = sampleProcess(pid);
      if (sample !== undefined) this.#first.set(name, sample);
    }
    this.#timer = setInterval(() => this.#look(), 1_000);
    this.#timer.unref();
  }

  #look(): void {
    for (const [name, pid] of Object.entries(this.#pids)) {
      const rss = sampleProcess(pid)?.rssBytes ?? 0;
      this.#peak.set(name, Math.max(this.#peak.get(name) ?? 0, rss));
    }
  }

  stop(): Record<string, { cpuPercent: number; rssStartMb: number; rssEndMb: number; rssPeakMb: number }> {
    clearInterval(this.#timer);
    this.#look();
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const out: ReturnType<ProcessWatch['stop']> = {};
    for (const [name, pid] of Object.entries(this.#pids)) {
      const first = this.#first.get(name);
      const last = sampleProcess(pid);
      if (first === undefined || last === undefined) continue;
      out[name] = {
        cpuPercent: ((last.cpuSeconds - first.cpuSeconds) / seconds) * 100,
        rssStartMb: first.rssBytes / 1e6,
        rssEndMb: last.rssBytes / 1e6,
        rssPeakMb: (this.#peak.get(name) ?? 0) / 1e6,
      };
    }
    return out;
  }
}
