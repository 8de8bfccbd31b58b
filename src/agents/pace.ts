import type { SegmentLimits } from './segments.js';

/** Synthesis of a new conversation's first reply is taken to be this fast until it is known. */
const FIRST_GUESS_RTF = 0.3;
/** Weight of the newest segment. */
const WEIGHT = 0.3;
/** Share of the time that a segment sounds in which the next one must be ready; the rest is for waiting in the queue. */
const USABLE_SHARE = 0.8;
/** A running segment cannot be stopped: no other conversation's first words shall wait longer behind a later one. */
const LATER_COMPUTE_MS = 1_500;

/** How fast a synthesiser is on this machine, as its real-time factor (computing time by length of speech), and how long segments may be. */
export class SynthesisPace {
  #rtf = FIRST_GUESS_RTF;

  get rtf(): number {
    return this.#rtf;
  }

  note(computeMs: number, speechMs: number): void {
    if (computeMs <= 0 || speechMs <= 0) return;
    this.#rtf += WEIGHT * (Math.min(4, computeMs / speechMs) - this.#rtf);
  }

  /** Segments that follow each other without a gap at this pace, as far as that can be had. */
  get limits(): Pick<SegmentLimits, 'growth' | 'laterMs'> {
    return {
      growth: clamp(USABLE_SHARE / this.#rtf, 1.1, 2.5),
      laterMs: clamp(LATER_COMPUTE_MS / this.#rtf, 3_000, 13_000),
    };
  }
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
