import { clamp } from './curves.js';

/** Side of a block in texture samples. */
const BLOCK = 8;

export const EMPTY = 0;
export const PARTLY = 1;
export const FULL = 2;

/** Tells of any rectangle of a coverage map whether it is empty, full, or neither, at once and never wrongly empty or full. */
export class Coverage {
  readonly #columns: number;
  readonly #rows: number;
  /** Summed over all blocks above and to the left: how many hold anything, and how many are not full. */
  readonly #some: Int32Array;
  readonly #lacking: Int32Array;

  constructor(alpha: Uint8Array, width: number, height: number) {
    this.#columns = Math.ceil(width / BLOCK);
    this.#rows = Math.ceil(height / BLOCK);
    const stride = this.#columns + 1;
    this.#some = new Int32Array(stride * (this.#rows + 1));
    this.#lacking = new Int32Array(stride * (this.#rows + 1));
    for (let j = 0; j < this.#rows; j++) {
      for (let i = 0; i < this.#columns; i++) {
        let low = 255;
        let high = 0;
        for (let y = j * BLOCK; y < Math.min(height, (j + 1) * BLOCK); y++) {
          for (let x = i * BLOCK; x < Math.min(width, (i + 1) * BLOCK); x++) {
            const a = alpha[y * width + x]!;
            if (a < low) low = a;
            if (a > high) high = a;
          }
        }
        const n = (j + 1) * stride + i + 1;
        const sum = (of: Int32Array) => of[n - 1]! + of[n - stride]! - of[n - stride - 1]!;
        this.#some[n] = sum(this.#some) + (high > 0 ? 1 : 0);
        this.#lacking[n] = sum(this.#lacking) + (low < 255 ? 1 : 0);
      }
    }
  }

  /** Of the samples from (u0, v0) to (u1, v1), both included, and one more on each side. */
  of(u0: number, v0: number, u1: number, v1: number): number {
    const stride = this.#columns + 1;
    const i0 = clamp((u0 - 1) / BLOCK, 0, this.#columns - 1) | 0;
    const j0 = clamp((v0 - 1) / BLOCK, 0, this.#rows - 1) | 0;
    const i1 = (clamp((u1 + 2) / BLOCK, 0, this.#columns - 1) | 0) + 1;
    const j1 = (clamp((v1 + 2) / BLOCK, 0, this.#rows - 1) | 0) + 1;
    const a = j0 * stride + i0;
    const b = j0 * stride + i1;
    const c = j1 * stride + i0;
    const d = j1 * stride + i1;
    if (this.#some[d]! - this.#some[b]! - this.#some[c]! + this.#some[a]! === 0) return EMPTY;
    return this.#lacking[d]! - this.#lacking[b]! - this.#lacking[c]! + this.#lacking[a]! === 0 ? FULL : PARTLY;
  }
}
