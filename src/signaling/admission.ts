import type { SpeechEngineName } from '../engine-names.js';

/** What one conversation costs before any was measured: what the avatar worker measured at its start, and the speech engine. */
export interface CostPrior {
  /** Processor time of drawing and encoding one frame, ms. */
  frameCpuMs: number;
  speech: SpeechEngineName;
  /** What Kokoro takes for a first segment of about a second, where that was measured. */
  kokoroMs?: number;
}

/** Processor time over an interval, in cores. */
export interface LoadSample {
  sessions: number;
  /** Gateway, avatar workers and media workers. */
  ownCores: number;
  /** Speech workers: niced, so they take only what the others leave. */
  speechCores: number;
  /** All other processes that do not give way. */
  foreignCores: number;
}

/** How an avatar worker kept its times over an interval. */
export interface PunctualitySample {
  framesDue: number;
  framesLate: number;
  packets: number;
  latenessP99Ms: number;
}

export type AdmissionRefusal = 'limit' | 'capacity' | 'strained';

export type Decision = { admitted: true } | { admitted: false; reason: AdmissionRefusal; retryAfterS: number };

export interface CapacityReport {
  /** Conversations that may be under way at once. */
  capacity: number;
  /** VISAVIS_MAX_SESSIONS. */
  limit: number;
  cores: number;
  /** Of one conversation with all its processes. */
  costCores: number;
  foreignCores: number;
  strained: boolean;
}

const FRAMES_PER_SECOND = 25;
/** Above this share of the cores conversations are seen to miss frames: bursts must have room. */
const USABLE_SHARE = 0.85;
/** Before anything was measured. */
const FALLBACK_FRAME_CPU_MS = 8;
/**
 * CPU of avatar worker, gateway and SFU for a conversation, per CPU of its drawing; and of the speech worker while people talk without
 * a pause. Measured with `npm run bench:load` and `npm run bench` where a frame costs 5.7 ms and a first segment of Kokoro 729 ms; both grow
 * with the slowness of a machine alike.
 */
const OVERHEAD_FACTOR = 1.75;
const REFERENCE_FRAME_MS = 5.7;
const REFERENCE_KOKORO_MS = 729;
const MAX_KOKORO_SLOWNESS = 1.5;
const SPEECH_CORES = { kokoro: 0.65, piper: 0.12, openai: 0.07, custom: 0.12 };

/** Time constants of what is measured: cost changes with what people do, foreign load with what starts on the machine. */
const COST_MEMORY_MS = 60_000;
const FOREIGN_RISE_MS = 4_000;
const FOREIGN_FALL_MS = 20_000;
/** A capacity that has risen counts after this long; one that has fallen counts at once. */
const RISE_AFTER_MS = 10_000;
/** So much of a conversation must fit beyond the whole one, or capacity would flutter at the border. */
const RISE_MARGIN = 0.1;

/** Late frames and packets by which an interval counts as strained, and how long that keeps the door shut. */
const LATE_SHARE = 0.02;
const LATE_FRAMES = 6;
const LATENESS_MS = 10;
const MIN_PACKETS = 50;
const CALM_AFTER_MS = 15_000;

const USUAL_DURATION_MS = 120_000;
const DURATION_WEIGHT = 0.2;
const RETRY_MIN_S = 5;
const RETRY_MAX_S = 120;

/**
 * Decides whether this machine can carry one more conversation without making others stutter: from what one costs (measured at the
 * start, raised by what those under way are seen to cost), from what other programs take, and from whether frames or packets are late
 * now. A conversation is always admitted where there is none. Pure: time is a parameter, in ms of any steady clock.
 */
export class Admission {
  readonly #mode: 'auto' | 'off';
  readonly #limit: number;
  readonly #cores: number;
  #priorCores = priorCost({ frameCpuMs: FALLBACK_FRAME_CPU_MS, speech: 'kokoro' });
  #calibrated = false;
  #measuredCores = 0;
  #foreignCores = 0;
  #lastLoadMs: number | undefined;
  #capacity: number | undefined;
  #higherSinceMs: number | undefined;
  #strainedAtMs = Number.NEGATIVE_INFINITY;
  #meanDurationMs = USUAL_DURATION_MS;

  constructor(o: { mode: 'auto' | 'off'; maxSessions: number; cores: number }) {
    this.#mode = o.mode;
    this.#limit = o.maxSessions;
    this.#cores = o.cores;
  }

  /** May be called again with a better measurement; the capacity then follows like after any other change. */
  calibrate(prior: CostPrior): void {
    this.#priorCores = priorCost(prior);
    if (this.#calibrated) this.#capacity = Math.min(this.#settledCapacity, this.#fits);
    else this.#capacity = undefined;
    this.#calibrated = true;
  }

  recordLoad(sample: LoadSample, nowMs: number): void {
    const elapsedMs = this.#lastLoadMs === undefined ? 0 : Math.max(0, nowMs - this.#lastLoadMs);
    this.#lastLoadMs = nowMs;
    const foreign = Math.max(0, sample.foreignCores);
    const rises = foreign > this.#foreignCores;
    this.#foreignCores = approach(this.#foreignCores, foreign, elapsedMs, rises ? FOREIGN_RISE_MS : FOREIGN_FALL_MS);
    if (sample.sessions > 0) {
      // A process that has just been found brings all it has ever used.
      const each = Math.min(this.#cores, sample.ownCores + sample.speechCores) / sample.sessions;
      this.#measuredCores = approach(this.#measuredCores, each, elapsedMs, COST_MEMORY_MS);
    }
    this.#settle(nowMs);
  }

  recordPunctuality(sample: PunctualitySample, nowMs: number): void {
    const { framesDue, framesLate, packets, latenessP99Ms } = sample;
    const framesAreLate = framesLate >= LATE_FRAMES && framesLate > framesDue * LATE_SHARE;
    const packetsAreLate = packets >= MIN_PACKETS && latenessP99Ms > LATENESS_MS;
    if (framesAreLate || packetsAreLate) this.#strainedAtMs = nowMs;
  }

  recordSession(durationMs: number): void {
    this.#meanDurationMs += (durationMs - this.#meanDurationMs) * DURATION_WEIGHT;
  }

  /** `sessions`: those under way and those being opened. */
  decide(sessions: number, nowMs: number): Decision {
    const retryAfterS = this.#retryAfterS(sessions);
    if (sessions >= this.#limit) return { admitted: false, reason: 'limit', retryAfterS };
    if (this.#mode === 'off' || sessions === 0) return { admitted: true };
    if (this.#isStrained(nowMs)) {
      const calmInS = Math.ceil((this.#strainedAtMs + CALM_AFTER_MS - nowMs) / 1000);
      return { admitted: false, reason: 'strained', retryAfterS: Math.max(RETRY_MIN_S, calmInS) };
    }
    if (sessions >= this.#settledCapacity) return { admitted: false, reason: 'capacity', retryAfterS };
    return { admitted: true };
  }

  report(nowMs: number): CapacityReport {
    const auto = this.#mode === 'auto';
    return {
      capacity: auto ? Math.min(this.#limit, this.#settledCapacity) : this.#limit,
      limit: this.#limit,
      cores: this.#cores,
      costCores: this.#costCores,
      foreignCores: this.#foreignCores,
      strained: auto && this.#isStrained(nowMs),
    };
  }

  /** What was measured may only raise the cost: conversations in which nobody speaks are cheap until somebody does. */
  get #costCores(): number {
    return Math.max(this.#priorCores, this.#measuredCores);
  }

  /** In conversations, with fractions. */
  get #room(): number {
    return Math.max(0, this.#cores * USABLE_SHARE - this.#foreignCores) / this.#costCores;
  }

  get #fits(): number {
    return Math.max(1, Math.floor(this.#room));
  }

  get #settledCapacity(): number {
    return this.#capacity ?? this.#fits;
  }

  #settle(nowMs: number): void {
    const before = this.#settledCapacity;
    const rises = Math.max(1, Math.floor(this.#room - RISE_MARGIN)) > before;
    if (!rises) this.#higherSinceMs = undefined;
    else this.#higherSinceMs ??= nowMs;
    if (this.#fits < before) this.#capacity = this.#fits;
    else if (this.#higherSinceMs !== undefined && nowMs - this.#higherSinceMs >= RISE_AFTER_MS) {
      this.#capacity = Math.max(1, Math.floor(this.#room - RISE_MARGIN));
      this.#higherSinceMs = undefined;
    } else this.#capacity = before;
  }

  #isStrained(nowMs: number): boolean {
    return nowMs - this.#strainedAtMs < CALM_AFTER_MS;
  }

  /** When one of those under way can be expected to end. */
  #retryAfterS(sessions: number): number {
    const seconds = Math.ceil(this.#meanDurationMs / 1000 / Math.max(1, sessions));
    return Math.min(RETRY_MAX_S, Math.max(RETRY_MIN_S, seconds));
  }
}

function priorCost({ frameCpuMs, speech, kokoroMs = REFERENCE_KOKORO_MS }: CostPrior): number {
  const drawing = (frameCpuMs * FRAMES_PER_SECOND) / 1000;
  const frameSlowness = frameCpuMs / REFERENCE_FRAME_MS;
  // Kokoro is timed, not counted: where other programs held it up, it says more of them than of the machine.
  const kokoroSlowness = Math.min(kokoroMs / REFERENCE_KOKORO_MS, MAX_KOKORO_SLOWNESS * frameSlowness);
  const slowness = speech === 'kokoro' ? kokoroSlowness : frameSlowness;
  return drawing * OVERHEAD_FACTOR + SPEECH_CORES[speech] * slowness;
}

/** Exponential approach with time constant `memoryMs`. */
function approach(from: number, to: number, elapsedMs: number, memoryMs: number): number {
  return to + (from - to) * Math.exp(-elapsedMs / memoryMs);
}
