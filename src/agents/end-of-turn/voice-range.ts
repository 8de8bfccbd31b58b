/** Bins of half a semitone over four octaves. */
const BINS_PER_SEMITONE = 2;
const BINS = 48 * BINS_PER_SEMITONE;
/** What was heard is forgotten slowly: half of it in 1400 voiced frames, 22 s of voice at 16 ms. */
const KEPT = 0.9995;

/** The pitches that one speaker has used, in semitones above 55 Hz. Pure, of fixed size. */
export class VoiceRange {
  readonly #weights = new Float64Array(BINS);
  #total = 0;
  /** What one more frame weighs: growing weights are the same as forgetting, without touching every bin. */
  #unit = 1;

  note(semitones: number): void {
    const bin = Math.max(0, Math.min(BINS - 1, Math.floor(semitones * BINS_PER_SEMITONE)));
    this.#unit /= KEPT;
    this.#weights[bin]! += this.#unit;
    this.#total += this.#unit;
    if (this.#unit > 1e12) this.#rescale();
  }

  /** The pitch below which this `share` of the voice lies; 0 before anything is known. */
  quantile(share: number): number {
    let sum = 0;
    for (let bin = 0; bin < BINS; bin++) {
      const weight = this.#weights[bin]!;
      if (weight > 0 && sum + weight >= this.#total * share) {
        return (bin + (this.#total * share - sum) / weight) / BINS_PER_SEMITONE;
      }
      sum += weight;
    }
    return 0;
  }

  #rescale(): void {
    for (let bin = 0; bin < BINS; bin++) this.#weights[bin]! /= this.#unit;
    this.#total /= this.#unit;
    this.#unit = 1;
  }
}
