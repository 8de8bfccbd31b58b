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
    let sum = 0;
    for (const sample of window) sum += sample * sample;
    const level = Math.sqrt(sum / window.length);
    this.#loudest = Math.max(this.#loudest * DECAY, level);
    return level < this.#loudest * SOFT_SHARE ? 0 : detected;
  }
}
