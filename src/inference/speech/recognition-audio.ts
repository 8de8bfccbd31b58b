const BLOCK = 16_000;

/**
 * The last stretch of one turn's audio, addressed by sample number since the turn began. Memory is bounded by
 * `maxSamples` plus one block; the oldest audio goes first.
 */
export class TurnAudio {
  readonly #maxSamples: number;
  #blocks: Float32Array[] = [];
  /** Sample number of the first sample of the first block. */
  #firstBlock = 0;
  #end = 0;

  constructor(maxSamples: number) {
    this.#maxSamples = maxSamples;
  }

  /** Samples pushed since the turn began, kept or not. */
  get end(): number {
    return this.#end;
  }

  /** The oldest sample that is still kept. */
  get start(): number {
    return Math.max(this.#firstBlock, this.#end - this.#maxSamples);
  }

  push(samples: Float32Array): void {
    let taken = 0;
    while (taken < samples.length) {
      const filled = this.#end - this.#firstBlock - (this.#blocks.length - 1) * BLOCK;
      if (this.#blocks.length === 0 || filled === BLOCK) {
        this.#blocks.push(new Float32Array(BLOCK));
        this.#dropOld();
        continue;
      }
      const count = Math.min(BLOCK - filled, samples.length - taken);
      this.#blocks.at(-1)!.set(samples.subarray(taken, taken + count), filled);
      taken += count;
      this.#end += count;
    }
  }

  /** A copy of the samples `from`…`to`, cut to what is kept. */
  read(from: number, to: number): Float32Array {
    const first = Math.max(from, this.start);
    const last = Math.min(to, this.#end);
    const out = new Float32Array(Math.max(0, last - first));
    let position = first;
    while (position < last) {
      const offset = position - this.#firstBlock;
      const within = offset % BLOCK;
      const count = Math.min(BLOCK - within, last - position);
      out.set(this.#blocks[Math.floor(offset / BLOCK)]!.subarray(within, within + count), position - first);
      position += count;
    }
    return out;
  }

  reset(): void {
    this.#blocks = [];
    this.#firstBlock = 0;
    this.#end = 0;
  }

  #dropOld(): void {
    while (this.#firstBlock + BLOCK <= this.#end - this.#maxSamples) {
      this.#blocks.shift();
      this.#firstBlock += BLOCK;
    }
  }
}
