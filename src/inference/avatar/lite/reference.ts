import { VisavisError } from '../../../errors.js';
import { type Frames, frameAt } from './frames.js';
import { LITE_SIDE } from './networks.js';
import { type Taps, tapsOf } from './taps.js';

/** Pictures of the lower face, one for each of the clip, brought to the size and the numbers that the encoder takes. */
export class References {
  readonly #frames: Frames;
  readonly #across: Taps;
  readonly #down: Taps;
  /** The frame stretched to its width, still of its own height. */
  readonly #wide: Float32Array;

  /** `frames` are packed RGB; throws `bad-request` for others. */
  constructor(frames: Frames) {
    if (frames.layout !== 'rgb')
      throw new VisavisError('bad-request', 'avatar package: references.bin must hold RGB pictures', {
        field: 'files.references.bin',
      });
    this.#frames = frames;
    const taps = (available: number) => tapsOf({ length: LITE_SIDE, from: 0, step: available / LITE_SIDE, available });
    this.#across = taps(frames.width);
    this.#down = taps(frames.height);
    this.#wide = new Float32Array(LITE_SIDE * frames.height * 3);
  }

  get count(): number {
    return this.#frames.count;
  }

  /** Writes reference `index` into `out`: planes of red, green and blue of 384 × 384 numbers in −1…1. Allocates nothing. */
  write(index: number, out: Float32Array): void {
    const { width, height } = this.#frames;
    const source = frameAt(this.#frames, index);
    const wide = this.#wide;
    const across = this.#across;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < LITE_SIDE; x++) {
        let r = 0;
        let g = 0;
        let b = 0;
        let from = (y * width + across.first[x]!) * 3;
        for (let k = x * across.count, end = k + across.count; k < end; k++, from += 3) {
          const weight = across.weights[k]!;
          r += weight * source[from]!;
          g += weight * source[from + 1]!;
          b += weight * source[from + 2]!;
        }
        const to = (y * LITE_SIDE + x) * 3;
        wide[to] = r;
        wide[to + 1] = g;
        wide[to + 2] = b;
      }
    }
    const plane = LITE_SIDE * LITE_SIDE;
    const down = this.#down;
    for (let y = 0; y < LITE_SIDE; y++) {
      for (let x = 0; x < LITE_SIDE; x++) {
        let r = 0;
        let g = 0;
        let b = 0;
        let from = (down.first[y]! * LITE_SIDE + x) * 3;
        for (let k = y * down.count, end = k + down.count; k < end; k++, from += 3 * LITE_SIDE) {
          const weight = down.weights[k]!;
          r += weight * wide[from]!;
          g += weight * wide[from + 1]!;
          b += weight * wide[from + 2]!;
        }
        const to = y * LITE_SIDE + x;
        out[to] = r / 127.5 - 1;
        out[plane + to] = g / 127.5 - 1;
        out[2 * plane + to] = b / 127.5 - 1;
      }
    }
  }
}
