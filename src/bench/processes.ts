import { type ProcessSample, sampleProcess } from '../metrics/processes.js';

export { sampleProcess };

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
