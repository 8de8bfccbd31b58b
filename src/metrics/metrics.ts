import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { TurnLatency } from '../agents/events.js';
import { ERROR_CODES } from '../errors.js';
import { CLOSE_REASONS } from '../lifecycle.js';
import { MODERATED_SIDES, MODERATION_ACTIONS } from '../moderation-policy.js';
import { SILENCE_PARTS, type SilenceLedger } from '../silence-ledger.js';
import type { WorkerStats } from '../worker/control.js';
import { MediaMetrics } from './media-metrics.js';
import { WorkerMetrics } from './worker-metrics.js';

const LATENCY_BUCKETS_S = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 1.2, 1.6, 2.5, 5, 10];
const DURATION_BUCKETS_S = [10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200];

/** Stage names of the latency histogram, and the `TurnLatency` field of each. All but the last two count from the last voiced sample. */
const STAGES = {
  transcript: 'transcriptMs',
  'first-text': 'firstTextMs',
  'first-segment': 'firstSegmentMs',
  'first-audio': 'firstAudioMs',
  'turn-end': 'turnEndMs',
  'first-sent': 'firstSentMs',
  'recognition-compute': 'recognitionComputeMs',
  'synthesis-compute': 'synthesisComputeMs',
} as const satisfies Record<string, keyof TurnLatency>;

/** Why a session was not created. `limit`: VISAVIS_MAX_SESSIONS; `capacity`: the machine can carry no more; `strained`: it stutters already. */
export const REFUSALS = ['limit', 'capacity', 'strained', 'draining', 'not-ready'] as const;
export type Refusal = (typeof REFUSALS)[number];

/**
 * What `GET /metrics` shows. Each gateway has its own registry. Label values come from closed sets, never from clients: the number of
 * series is bounded.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly sessionsCreated = this.#counter('visavis_sessions_created_total', 'Sessions created');
  readonly sessionsClosed = this.#counterBy('visavis_sessions_closed_total', 'Sessions closed, by reason', 'reason');
  readonly sessionsRefused = this.#counterBy(
    'visavis_sessions_refused_total',
    'Sessions that were asked for and not created, by reason',
    'reason',
  );
  readonly sessionDuration = new Histogram({
    name: 'visavis_session_duration_seconds',
    help: 'How long sessions lasted',
    buckets: DURATION_BUCKETS_S,
    registers: [this.registry],
  });
  readonly turns = this.#counter('visavis_turns_total', "Visitors' turns with a final transcript");
  readonly interruptions = this.#counterBy(
    'visavis_interruptions_total',
    "Speech into the avatar's voice, by what came of it",
    'phase',
  );
  readonly errors = this.#counterBy(
    'visavis_errors_total',
    'Errors answered to clients or reported by conversations, by code',
    'code',
  );
  readonly moderation = new Counter({
    name: 'visavis_moderation_total',
    help: 'Texts that the policy did not let pass as they were or that could not be judged, by whose they were and what became of them',
    labelNames: ['side', 'action'],
    registers: [this.registry],
  });
  readonly rejectedMessages = this.#counter('visavis_rate_limited_total', 'Client messages over the rate limit');
  readonly spans = this.#counterBy(
    'visavis_spans_total',
    'Spans for an OpenTelemetry receiver, by what came of them',
    'result',
  );
  readonly media: MediaMetrics;
  readonly #worker: WorkerMetrics;
  readonly #turnLatency = new Histogram({
    name: 'visavis_turn_latency_seconds',
    help: "Time from the visitor's last voiced sample to each stage of the answer; *-compute: time inside the engine",
    labelNames: ['stage'],
    buckets: LATENCY_BUCKETS_S,
    registers: [this.registry],
  });

  readonly #silence = new Histogram({
    name: 'visavis_turn_silence_seconds',
    help: "Time from the visitor's last voiced sample to the answer's first one, delivery estimated",
    buckets: LATENCY_BUCKETS_S,
    registers: [this.registry],
  });
  readonly #silenceParts = new Histogram({
    name: 'visavis_turn_silence_part_seconds',
    help: 'What each stage added to that silence; the parts of a turn add up to it',
    labelNames: ['part'],
    buckets: LATENCY_BUCKETS_S,
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry, prefix: 'visavis_gateway_' });
    this.media = new MediaMetrics(this.registry);
    this.#worker = new WorkerMetrics(this.registry);
    // A series that begins with its first event hides that event from rate().
    for (const reason of REFUSALS) this.sessionsRefused.inc({ reason }, 0);
    for (const reason of CLOSE_REASONS) this.sessionsClosed.inc({ reason }, 0);
    for (const phase of ['ducked', 'stopped', 'resumed']) this.interruptions.inc({ phase }, 0);
    for (const result of ['exported', 'dropped']) this.spans.inc({ result }, 0);
    for (const code of ERROR_CODES) this.errors.inc({ code }, 0);
    for (const side of MODERATED_SIDES) {
      for (const action of MODERATION_ACTIONS) this.moderation.inc({ side, action }, 0);
    }
    for (const stage of Object.keys(STAGES)) this.#turnLatency.zero({ stage });
    for (const part of SILENCE_PARTS) this.#silenceParts.zero({ part });
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

  /** A gauge with one label; series that are not read any more are gone. `read` must answer from a closed set. */
  observeEach(name: string, help: string, label: string, read: () => Iterable<readonly [string, number]>): void {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [value, number] of read()) this.set({ [label]: value }, number);
      },
    });
  }

  /** A counter that something else keeps; it must never count down. */
  observeTotal(name: string, help: string, label: string, read: () => Iterable<readonly [string, number]>): void {
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [value, number] of read()) this.inc({ [label]: value }, number);
      },
    });
  }

  recordTurn(latency: TurnLatency, ledger: SilenceLedger): void {
    this.#silence.observe(ledger.totalMs / 1000);
    for (const part of SILENCE_PARTS) this.#silenceParts.observe({ part }, ledger.parts[part] / 1000);
    for (const [stage, field] of Object.entries(STAGES)) {
      const ms = latency[field];
      if (ms !== undefined) this.#turnLatency.observe({ stage }, ms / 1000);
    }
  }

  recordWorker(stats: WorkerStats): void {
    this.#worker.record(stats);
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name, help, registers: [this.registry] });
  }

  #counterBy<L extends string>(name: string, help: string, label: L): Counter<L> {
    return new Counter({ name, help, labelNames: [label], registers: [this.registry] });
  }
}
