import { cpus, getPriority } from 'node:os';
import { VisavisError } from '../errors.js';
import type { Logger } from '../log.js';
import { usableCores } from '../metrics/cores.js';
import type { Metrics } from '../metrics/metrics.js';
import {
  type KindUsage,
  type ProcessKind,
  ProcessUsage,
  type ServiceProcess,
  sampleMachine,
} from '../metrics/processes.js';
import type { WorkerStats } from '../worker/control.js';
import { Admission, type CapacityReport, type CostPrior } from './admission.js';

const SAMPLE_EVERY_MS = 2_000;
/** Medians of fewer frames are left alone: those of a start are slow. */
const MIN_FRAMES = 100;

export interface CapacityWatchOptions {
  mode: 'auto' | 'off';
  maxSessions: number;
  metrics: Metrics;
  logger: Logger;
  sessions: () => number;
  processes: () => readonly ServiceProcess[];
  /** The speech engine of sessions that ask for none, and what Kokoro takes here, as far as that is known. */
  speech: () => Pick<CostPrior, 'speech' | 'kokoroMs'>;
}

/** Measures what the service and the machine do, feeds admission with it and shows both in the metrics. */
export class CapacityWatch {
  readonly #options: CapacityWatchOptions;
  readonly #admission: Admission;
  readonly #usage = new ProcessUsage();
  readonly #timer: NodeJS.Timeout;
  /** Resolves when a worker has said what drawing costs here. */
  readonly measured: Promise<void>;
  #setMeasured!: () => void;
  #before: { atMs: number; own: number; speech: number; busy: number | undefined } | undefined;
  #begun = false;
  #frameCpuMs = Number.POSITIVE_INFINITY;

  constructor(options: CapacityWatchOptions) {
    const { mode, maxSessions, metrics } = options;
    this.#options = options;
    this.measured = new Promise((resolve) => {
      this.#setMeasured = resolve;
    });
    this.#admission = new Admission({ mode, maxSessions, cores: usableCores() });
    this.#timer = setInterval(() => this.#sample(), SAMPLE_EVERY_MS);
    this.#timer.unref();
    const report = () => this.report;
    metrics.observe(
      'visavis_session_capacity',
      'Conversations that this machine can carry at once now',
      () => report().capacity,
    );
    metrics.observe('visavis_session_limit', 'VISAVIS_MAX_SESSIONS', () => report().limit);
    metrics.observe(
      'visavis_session_cost_cores',
      'Processor cores that one conversation takes',
      () => report().costCores,
    );
    metrics.observe(
      'visavis_foreign_load_cores',
      'Cores that other programs take and do not give up',
      () => report().foreignCores,
    );
    metrics.observe('visavis_cores', 'Processor cores that may be used', () => report().cores);
    metrics.observe('visavis_strained', '1 while frames or packets were late a moment ago', () =>
      Number(report().strained),
    );
    const each = (pick: (usage: KindUsage) => number) => () =>
      [...this.#usage.update(options.processes())].map(([kind, usage]) => [kind, pick(usage)] as const);
    metrics.observeEach(
      'visavis_process_resident_bytes',
      'Memory of the processes of a kind together',
      'process',
      each(({ rssBytes }) => rssBytes),
    );
    metrics.observeTotal(
      'visavis_process_cpu_seconds_total',
      'Processor time of all processes of a kind',
      'process',
      each(({ cpuSeconds }) => cpuSeconds),
    );
  }

  get report(): CapacityReport {
    return this.#admission.report(performance.now());
  }

  /**
   * Returns when one more conversation may be opened beside `sessions` others.
   * @throws VisavisError `unavailable` with `retryAfterS`; counted by reason.
   */
  admit(sessions: number): void {
    const decision = this.#admission.decide(sessions, performance.now());
    if (decision.admitted) return;
    const { reason, retryAfterS } = decision;
    this.#options.metrics.sessionsRefused.inc({ reason });
    this.#options.logger.info({ reason, sessions, retryAfterS, ...this.report }, 'session refused');
    throw new VisavisError('unavailable', MESSAGES[reason](this.report), { retryAfterS });
  }

  /** With every report of an avatar worker. */
  recordWorker(stats: WorkerStats): void {
    this.#calibrate(stats);
    const { framesDue, framesLate, pacerLatenessMs } = stats;
    this.#admission.recordPunctuality(
      { framesDue, framesLate, packets: pacerLatenessMs.count, latenessP99Ms: pacerLatenessMs.p99 },
      performance.now(),
    );
  }

  /** The speech engine is known now: what was measured of drawing makes a capacity. */
  begin(): CapacityReport {
    this.#begun = true;
    const frameCpuMs = this.#frameCpuMs;
    if (Number.isFinite(frameCpuMs)) this.#admission.calibrate({ frameCpuMs, ...this.#options.speech() });
    const { report } = this;
    this.#options.logger.info({ ...report, frameCpuMs }, 'capacity measured');
    return report;
  }

  recordSession(durationMs: number): void {
    this.#admission.recordSession(durationMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /**
   * The lowest measurement counts: all are of the same machine, and whatever else went on made the others larger. Elapsed times of
   * live frames count as well, since a frame cannot take more processor time than that.
   */
  #calibrate({ drawing, frameMs }: WorkerStats): void {
    const liveMs = frameMs.count >= MIN_FRAMES ? frameMs.renderP50 + frameMs.encodeP50 : Number.POSITIVE_INFINITY;
    const frameCpuMs = Math.min(this.#frameCpuMs, drawing?.cpuMs ?? Number.POSITIVE_INFINITY, liveMs);
    this.#setMeasured();
    const isLower = frameCpuMs < this.#frameCpuMs;
    this.#frameCpuMs = frameCpuMs;
    if (this.#begun && isLower) this.#admission.calibrate({ frameCpuMs, ...this.#options.speech() });
  }

  #sample(): void {
    const atMs = performance.now();
    const kinds = this.#usage.update(this.#options.processes());
    const cpu = (kind: ProcessKind) => kinds.get(kind)?.cpuSeconds ?? 0;
    const now = {
      atMs,
      own: cpu('gateway') + cpu('avatar') + cpu('media'),
      speech: cpu('speech'),
      busy: this.#busySeconds(),
    };
    const before = this.#before;
    this.#before = now;
    if (before === undefined) return;
    const seconds = Math.max(0.1, (atMs - before.atMs) / 1000);
    const ownCores = (now.own - before.own) / seconds;
    const busyCores = now.busy === undefined || before.busy === undefined ? 0 : (now.busy - before.busy) / seconds;
    // Where a quota leaves fewer cores than the machine has, others may use the rest without harm.
    const spareCores = Math.max(0, cpus().length - this.report.cores);
    this.#admission.recordLoad(
      {
        sessions: this.#options.sessions(),
        ownCores,
        speechCores: (now.speech - before.speech) / seconds,
        foreignCores: Math.max(0, busyCores - ownCores - spareCores),
      },
      atMs,
    );
  }

  /** What others take from this process: where it is niced itself, niced work as well. */
  #busySeconds(): number | undefined {
    const sample = sampleMachine();
    if (sample === undefined || getPriority() <= 0) return sample?.busySeconds;
    return sample.busySeconds + sample.nicedSeconds - (this.#usage.total('speech')?.cpuSeconds ?? 0);
  }
}

const MESSAGES = {
  limit: ({ limit }: CapacityReport) => `all ${limit} sessions are in use`,
  capacity: ({ capacity }: CapacityReport) =>
    `this machine can carry ${capacity} conversation${capacity === 1 ? '' : 's'} at once, and all places are taken`,
  strained: () => 'this machine is too busy for one more conversation at the moment',
};
