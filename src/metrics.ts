import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { TurnLatency } from './agents/events.js';
import type { WorkerStats } from './worker/control.js';

const LATENCY_BUCKETS_S = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 1.2, 1.6, 2.5, 5, 10];

/** Stage names of the latency histogram, and the `TurnLatency` field of each. All but the last two count from the last voiced sample. */
const STAGES = {
  transcript: 'transcriptMs',
  'first-text': 'firstTextMs',
  'first-audio': 'firstAudioMs',
  'turn-end': 'turnEndMs',
  'first-sent': 'firstSentMs',
  'recognition-compute': 'recognitionComputeMs',
  'synthesis-compute': 'synthesisComputeMs',
} as const satisfies Record<string, keyof TurnLatency>;

/** What `GET /metrics` shows. Each gateway has its own registry. */
export class Metrics {
  readonly registry = new Registry();
  readonly sessionsCreated = this.#counter('visavis_sessions_created_total', 'Sessions created');
  readonly sessionsClosed = new Counter({
    name: 'visavis_sessions_closed_total',
    help: 'Sessions closed, by reason',
    labelNames: ['reason'],
    registers: [this.registry],
  });
  readonly turns = this.#counter('visavis_turns_total', "Visitors' turns with a final transcript");
  readonly interruptions = new Counter({
    name: 'visavis_interruptions_total',
    help: "Speech into the avatar's voice, by what came of it",
    labelNames: ['phase'],
    registers: [this.registry],
  });
  readonly errors = new Counter({
    name: 'visavis_errors_total',
    help: 'Errors answered to clients or reported by conversations, by code',
    labelNames: ['code'],
    registers: [this.registry],
  });
  readonly rejectedMessages = this.#counter('visavis_rate_limited_total', 'Client messages over the rate limit');
  readonly #turnLatency = new Histogram({
    name: 'visavis_turn_latency_seconds',
    help: "Time from the visitor's last voiced sample to each stage of the answer; *-compute: time inside the engine",
    labelNames: ['stage'],
    buckets: LATENCY_BUCKETS_S,
    registers: [this.registry],
  });
  readonly #pacerLateness = new Gauge({
    name: 'visavis_pacer_lateness_milliseconds',
    help: 'How late packets left in the last interval',
    labelNames: ['quantile'],
    registers: [this.registry],
  });
  readonly #frameTime = new Gauge({
    name: 'visavis_frame_milliseconds',
    help: 'Time to render and to encode a frame in the last interval',
    labelNames: ['step', 'quantile'],
    registers: [this.registry],
  });
  readonly #framesLate = this.#counter('visavis_frames_late_total', 'Frames that were not ready when due');
  readonly #workerMemory = this.#gauge('visavis_avatar_worker_resident_bytes', 'Memory of the avatar worker');

  constructor() {
    collectDefaultMetrics({ register: this.registry, prefix: 'visavis_gateway_' });
  }

  /** A gauge that is read when metrics are collected. */
  observe(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }

  recordTurn(latency: TurnLatency): void {
    for (const [stage, field] of Object.entries(STAGES)) {
      const ms = latency[field];
      if (ms !== undefined) this.#turnLatency.observe({ stage }, ms / 1000);
    }
  }

  recordWorker(stats: WorkerStats): void {
    const { pacerLatenessMs: late, frameMs } = stats;
    if (late.count > 0) {
      this.#pacerLateness.set({ quantile: '0.5' }, late.p50);
      this.#pacerLateness.set({ quantile: '0.99' }, late.p99);
      this.#pacerLateness.set({ quantile: '0.999' }, late.p999);
      this.#pacerLateness.set({ quantile: '1' }, late.max);
    }
    if (frameMs.count > 0) {
      this.#frameTime.set({ step: 'render', quantile: '0.5' }, frameMs.renderP50);
      this.#frameTime.set({ step: 'render', quantile: '0.95' }, frameMs.renderP95);
      this.#frameTime.set({ step: 'encode', quantile: '0.5' }, frameMs.encodeP50);
      this.#frameTime.set({ step: 'encode', quantile: '0.95' }, frameMs.encodeP95);
    }
    this.#framesLate.inc(Math.max(0, stats.framesLate));
    this.#workerMemory.set(stats.rssBytes);
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name, help, registers: [this.registry] });
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: [this.registry] });
  }
}
