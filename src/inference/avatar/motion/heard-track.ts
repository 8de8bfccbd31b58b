import type { AudioTimeline } from './audio-timeline.js';
import { MEL_STEP_MS } from './log-mel.js';
import { limitLowering, lipLowered } from './lower-lip.js';
import type { Pauses } from './pauses.js';
import { ARTICULATOR_COUNT } from './visemes.js';

/**
 * The fastest change of how far the lower lip is lowered, in units of the jaw per ms. What the network says moves about as fast as lips by itself; faster is only
 * what comes together of several sounds that it takes to be possible.
 */
export const FASTEST_HEARD = 0.135 / 40;
/** The lower lip is looked at so far around a moment; speech seldom lowers it farther than it comes in that time. */
export const LIP_REACH_MS = 150;

/**
 * One stretch of a stream: what the network said, at rest in pauses, the lower lip no faster than lips are. Of what lies ahead it uses what is known: the more, the
 * earlier lips begin to move.
 */
export class HeardTrack {
  readonly #timeline: AudioTimeline;
  readonly #pauses: Pauses;
  readonly #startMs: number;
  readonly #near = new Float32Array(ARTICULATOR_COUNT);

  constructor(timeline: AudioTimeline, pauses: Pauses, startMs: number) {
    this.#timeline = timeline;
    this.#pauses = pauses;
    this.#startMs = startMs;
  }

  /** Writes the positions `ms` after the stretch's beginning; false, and nothing of worth written, while the network has not got there. */
  at(ms: number, out: Float32Array): boolean {
    const { known } = this.#timeline;
    const atMs = this.#startMs + ms;
    if (known * MEL_STEP_MS <= this.#startMs || !this.#heard(atMs, out)) return false;
    let limit = lipLowered(out);
    // At the moments that the network spoke of: between them the lip goes straight on.
    const first = Math.ceil((atMs - LIP_REACH_MS) / MEL_STEP_MS);
    const last = Math.min(known - 1, Math.floor((atMs + LIP_REACH_MS) / MEL_STEP_MS));
    for (let step = first; step <= last; step++) {
      const reachable = FASTEST_HEARD * Math.abs(step * MEL_STEP_MS - atMs);
      if (reachable < limit && this.#heard(step * MEL_STEP_MS, this.#near))
        limit = Math.min(limit, lipLowered(this.#near) + reachable);
    }
    limitLowering(out, limit);
    return true;
  }

  #heard(ms: number, out: Float32Array): boolean {
    if (!this.#timeline.at(ms, out)) return false;
    const moved = 1 - this.#pauses.restAt(ms);
    for (let k = 0; k < out.length; k++) out[k] = out[k]! * moved;
    return true;
  }
}
