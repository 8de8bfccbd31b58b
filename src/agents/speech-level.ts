/** A window this much softer than the loudest of the turn (−30 dB) is no speech, whatever the detector still says. */
const SOFT_SHARE = 0.03;
/** The loudest window is forgotten slowly: half of it in about 4 s of 32 ms windows. */
const DECAY = 0.995;

/**
 * Voice activity detectors let go of speech 100–150 ms after its last sound. Loudness lets go at once, where the room is quiet enough
 * to tell: a window far below the turn's own level counts as silent. In a noisy room nothing is far below, and the detector decides alone.
 * One per listener; `reset()` at each turn's beginning.
 */
export class SpeechLevel {
  #loudest = 0;

  reset(): void {
    this.#loudest = 0;
  }

  /** The probability to judge `window` by: the detector's own, or 0 for a window that is far too soft. */
  probability(window: Float32Array, detected: number): number {
    const level = levelOf(window);
    this.#loudest = Math.max(this.#loudest * DECAY, level);
    return level < this.#loudest * SOFT_SHARE ? 0 : detected;
  }
}

/** The nearest voice is forgotten slowly: half of its level in about 60 s of 32 ms windows. */
const NEAR_DECAY = 0.99963;
/** Windows of a turn that are surely speech. */
const SURE = 0.8;

/**
 * Leaves out voices that are far away, as beside a kiosk: a window outside turns that is more than `farDb` below the loudest speech of the
 * last turns counts as silent. Until somebody has spoken everybody is near. One per listener.
 */
export class NearVoice {
  readonly #share: number;
  #near = 0;

  constructor(farDb: number) {
    this.#share = 10 ** (-farDb / 20);
  }

  /** The probability to judge `window` by; `inTurn`: it belongs to somebody who was near when the turn began. */
  probability(window: Float32Array, detected: number, inTurn: boolean): number {
    const level = levelOf(window);
    this.#near *= NEAR_DECAY;
    if (inTurn) {
      if (detected >= SURE) this.#near = Math.max(this.#near, level);
      return detected;
    }
    return level < this.#near * this.#share ? 0 : detected;
  }
}

function levelOf(window: Float32Array): number {
  let sum = 0;
  for (const sample of window) sum += sample * sample;
  return Math.sqrt(sum / window.length);
}
