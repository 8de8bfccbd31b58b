import type { AudioTimeline } from './audio-timeline.js';
import { MEL_STEP_MS } from './log-mel.js';
import { FASTEST_LIP, limitLowering, lipLowered } from './lower-lip.js';
import type { Pauses } from './pauses.js';
import { ARTICULATOR_COUNT } from './visemes.js';

/** Around a moment the lower lip is looked at in steps of this many ms, so far as it takes for the whole way. */
const LIP_STEP_MS = 10;
const LIP_REACH_MS = 150;

/** One stretch of a stream: what the network said, at rest in pauses, the lower lip no faster than lips are. */
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
    const timeline = this.#timeline;
    if (timeline.known * MEL_STEP_MS <= this.#startMs || !this.#heard(this.#startMs + ms, out)) return false;
    const lowered = lipLowered(out);
    let limit = lowered;
    const last = Math.min(ms + LIP_REACH_MS, (timeline.known - 1) * MEL_STEP_MS - this.#startMs);
    for (let near = ms - LIP_REACH_MS; near <= last; near += LIP_STEP_MS) {
      const reachable = FASTEST_LIP * Math.abs(near - ms);
      if (reachable < limit && this.#heard(this.#startMs + near, this.#near))
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
