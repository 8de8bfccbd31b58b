import { MEL_BANDS, MEL_STEP_MS, SILENT_MEL } from './log-mel.js';

/** Moments that are kept, the newest: 164 s, as many as the timeline keeps. */
const CAPACITY = 1 << 14;
/** The level of background and voice is taken from the last 12 blocks of 250 ms. */
const BLOCK_FRAMES = 25;
const BLOCKS = 12;
/** Before anything was heard: a background of about −50 dBFS and a clear voice, as mean log power of the mel bands. */
const USUAL_FLOOR = -17;
const USUAL_PEAK = -12;
/** Speech is this far above the background and no farther below the voice's loud places, in nepers of power (4.34 dB each). */
const ABOVE_FLOOR = 1;
const BELOW_PEAK = 3;
/** What varies by less is no voice, however loud: a room in which nobody has spoken for a while. */
const STEADY = 1.3;
/** The background is as loud as the loudest of so many frames in a row, where they are least loud. */
const FLOOR_FRAMES = 8;
/** Exact silence is no background: what is synthesised or muted has it between noisier pauses. */
const LEAST_FLOOR = -20.5;
/**
 * The mouth comes to rest this long after speech has ended, longer than stops are closed (Byrd, "54,000 American stops", 1993: 50 to 80 ms in
 * the mean), and leaves its rest this long before speech begins, as far ahead as that is heard.
 */
const REST_AFTER_MS = { from: 50, to: 150 } as const;
const REST_BEFORE_MS = { from: 50, to: 150 } as const;

/**
 * Where nobody speaks in a stream of sound, told by its level alone, against a background that is followed: what a network trained on speech makes
 * of a room's noise is no speech either. Deterministic, and independent of how the stream is cut.
 */
export class Pauses {
  readonly #spoken = new Uint8Array(CAPACITY);
  readonly #least = new Float32Array(BLOCKS).fill(USUAL_FLOOR);
  readonly #most = new Float32Array(BLOCKS).fill(USUAL_PEAK);
  readonly #last = new Float32Array(FLOOR_FRAMES).fill(SILENT_MEL);
  #before = SILENT_MEL;
  #known = 0;

  /** Takes in the stream's next frames, [n × MEL_BANDS]. */
  push(mel: Float32Array): void {
    for (let at = 0; at + MEL_BANDS <= mel.length; at += MEL_BANDS) {
      let sum = 0;
      for (let k = 0; k < MEL_BANDS; k++) sum += mel[at + k]!;
      const now = sum / MEL_BANDS;
      const block = Math.floor(this.#known / BLOCK_FRAMES) % BLOCKS;
      if (this.#known > 0 && this.#known % BLOCK_FRAMES === 0) {
        this.#least[block] = Number.POSITIVE_INFINITY;
        this.#most[block] = Number.NEGATIVE_INFINITY;
      }
      this.#last[this.#known % FLOOR_FRAMES] = now;
      if (leastOf(this.#last) > LEAST_FLOOR) this.#least[block] = Math.min(this.#least[block]!, mostOf(this.#last));
      this.#most[block] = Math.max(this.#most[block]!, now);
      const [floor, peak] = [leastOf(this.#least), mostOf(this.#most)];
      const limit = Math.min(floor + ABOVE_FLOOR, peak - floor < STEADY ? Number.POSITIVE_INFINITY : peak - BELOW_PEAK);
      // Two in a row: one frame of a room's noise is no sound.
      this.#spoken[this.#known % CAPACITY] = Math.min(now, this.#before) > limit ? 1 : 0;
      this.#before = now;
      this.#known++;
    }
  }

  /** How far the mouth is at rest at `ms` from the stream's beginning: 0 in and around speech, 1 in pauses. What is not yet known is no speech. */
  restAt(ms: number): number {
    const step = ms / MEL_STEP_MS;
    const oldest = Math.max(0, this.#known - CAPACITY);
    const first = Math.max(oldest, Math.ceil(step - REST_AFTER_MS.to / MEL_STEP_MS));
    const last = Math.min(this.#known - 1, Math.floor(step + REST_BEFORE_MS.to / MEL_STEP_MS));
    let rest = 1;
    for (let i = first; i <= last; i++) {
      if (this.#spoken[i % CAPACITY] === 0) continue;
      const ahead = (i - step) * MEL_STEP_MS;
      rest = Math.min(rest, ahead > 0 ? ramp(ahead, REST_BEFORE_MS) : ramp(-ahead, REST_AFTER_MS));
    }
    return rest;
  }
}

function leastOf(values: Float32Array): number {
  let least = Number.POSITIVE_INFINITY;
  for (const value of values) least = Math.min(least, value);
  return least;
}

function mostOf(values: Float32Array): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) most = Math.max(most, value);
  return most;
}

function ramp(ms: number, { from, to }: { from: number; to: number }): number {
  const t = Math.min(1, Math.max(0, (ms - from) / (to - from)));
  return t * t * (3 - 2 * t);
}
