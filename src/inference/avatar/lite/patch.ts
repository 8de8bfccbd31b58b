import { clamp, smoothstep } from '../renderer/curves.js';
import type { DrawnPart } from './light-decoder.js';
import { LITE_SIDE } from './networks.js';
import { type Taps, tapsOf } from './taps.js';

/** A rectangle in pixels of the picture; need not lie on whole ones. */
export interface FaceBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Pixels at its edges that a part may have wrong (`lightDecoder`). */
const UNSURE = 6;
/** Where the drawn face begins to show in the clip and where it shows alone, from the box's sides, top and bottom inwards, in parts of its width and height. */
const FADE = { side: [0.06, 0.2], top: [0.12, 0.28], bottom: [0.02, 0.13] } as const;

/** What must be drawn for all that is shown to be right; even. */
export const SHOWN_PART: DrawnPart = (() => {
  const from = (share: number) => 2 * Math.floor((share * LITE_SIDE - UNSURE) / 2);
  const to = (share: number) => Math.min(LITE_SIDE, 2 * Math.ceil((share * LITE_SIDE + UNSURE) / 2));
  const [x, y] = [from(FADE.side[0]), from(FADE.top[0])];
  return { x, y, width: to(1 - FADE.side[0]) - x, height: to(1 - FADE.bottom[0]) - y };
})();

/**
 * Lays the part of a face that a decoder drew (planes of red, green and blue in −1…1) into its box of an I420 picture (BT.601, studio range), with an edge that
 * fades out. Prepared once; `draw` allocates nothing.
 */
export class Patch {
  /** The whole pixels around what is shown of the box; even, so that chroma samples belong to it whole. */
  readonly #left: number;
  readonly #top: number;
  readonly #width: number;
  readonly #height: number;
  readonly #pictureWidth: number;
  readonly #pictureHeight: number;
  readonly #across: Taps;
  readonly #down: Taps;
  /** 0…1 a pixel. */
  readonly #mask: Float32Array;
  /** How many rows of a plane were drawn. */
  readonly #rowsDrawn: number;
  readonly #columnsDrawn: number;
  /** The drawn face as wide as it is shown, rows as drawn. */
  readonly #narrow: Float32Array;
  /** Two rows of the picture, red, green and blue. */
  readonly #rows: Float32Array;

  /** `box` is where all 384 × 384 pixels would lie, `part` which of them are drawn; it must hold what is shown (`SHOWN_PART`). */
  constructor(box: FaceBox, part: DrawnPart, pictureWidth: number, pictureHeight: number) {
    this.#pictureWidth = pictureWidth;
    this.#pictureHeight = pictureHeight;
    const shown = {
      left: box.x + FADE.side[0] * box.width,
      right: box.x + (1 - FADE.side[0]) * box.width,
      top: box.y + FADE.top[0] * box.height,
      bottom: box.y + (1 - FADE.bottom[0]) * box.height,
    };
    const evenBelow = (value: number, most: number) => 2 * Math.floor(clamp(value, 0, most) / 2);
    const evenAbove = (value: number, most: number) => 2 * Math.ceil(clamp(value, 0, most) / 2);
    this.#left = evenBelow(shown.left, pictureWidth - 2);
    this.#top = evenBelow(shown.top, pictureHeight - 2);
    this.#width = Math.max(2, evenAbove(shown.right, pictureWidth) - this.#left);
    this.#height = Math.max(2, evenAbove(shown.bottom, pictureHeight) - this.#top);
    this.#columnsDrawn = part.width;
    this.#rowsDrawn = part.height;
    const [stepX, stepY] = [LITE_SIDE / box.width, LITE_SIDE / box.height];
    this.#across = tapsOf({
      ...{ length: this.#width, step: stepX, available: part.width },
      from: (this.#left - box.x) * stepX - part.x,
    });
    this.#down = tapsOf({
      ...{ length: this.#height, step: stepY, available: part.height },
      from: (this.#top - box.y) * stepY - part.y,
    });
    this.#mask = new Float32Array(this.#width * this.#height);
    for (let row = 0, at = 0; row < this.#height; row++) {
      const v = (this.#top + row + 0.5 - box.y) / box.height;
      for (let column = 0; column < this.#width; column++, at++)
        this.#mask[at] = maskAt((this.#left + column + 0.5 - box.x) / box.width, v);
    }
    this.#narrow = new Float32Array(3 * this.#width * part.height);
    this.#rows = new Float32Array(2 * 3 * this.#width);
  }

  /** `share` 0…1 of the drawn face is laid over what `picture` shows. */
  draw(drawn: Float32Array, share: number, picture: Uint8Array): void {
    this.#shrinkAcross(drawn);
    for (let row = 0; row < this.#height; row += 2) {
      for (const half of [0, 1] as const) {
        this.#shrinkDown(row + half, half);
        this.#drawLuma(row + half, half, share, picture);
      }
      this.#drawChroma(row, share, picture);
    }
  }

  #shrinkAcross(drawn: Float32Array): void {
    const { first, count, weights } = this.#across;
    const width = this.#width;
    for (let line = 0, to = 0; line < 3 * this.#rowsDrawn; line++) {
      const row = line * this.#columnsDrawn;
      for (let x = 0; x < width; x++, to++) {
        let sum = 0;
        let from = row + first[x]!;
        for (let k = x * count, end = k + count; k < end; k++, from++) sum += weights[k]! * drawn[from]!;
        this.#narrow[to] = sum;
      }
    }
  }

  /** Row `row` of the patch into half `half` of the pair, as red, green and blue of 0…1. */
  #shrinkDown(row: number, half: 0 | 1): void {
    const { first, count, weights } = this.#down;
    const width = this.#width;
    for (let plane = 0; plane < 3; plane++) {
      const to = (2 * plane + half) * width;
      for (let x = 0; x < width; x++) {
        let sum = 0;
        let from = (plane * this.#rowsDrawn + first[row]!) * width + x;
        for (let k = row * count, end = k + count; k < end; k++, from += width)
          sum += weights[k]! * this.#narrow[from]!;
        this.#rows[to + x] = sum < -1 ? 0 : sum > 1 ? 1 : 0.5 + 0.5 * sum;
      }
    }
  }

  /** ITU-R BT.601-7, section 2.5, studio range. */
  #drawLuma(row: number, half: 0 | 1, share: number, picture: Uint8Array): void {
    const width = this.#width;
    const rows = this.#rows;
    const [r, g, b] = [half * width, (2 + half) * width, (4 + half) * width];
    let at = (this.#top + row) * this.#pictureWidth + this.#left;
    for (let x = 0, m = row * width; x < width; x++, m++, at++) {
      const luma = 16 + 65.481 * rows[r + x]! + 128.553 * rows[g + x]! + 24.966 * rows[b + x]!;
      picture[at] = picture[at]! + this.#mask[m]! * share * (luma - picture[at]!) + 0.5;
    }
  }

  #drawChroma(row: number, share: number, picture: Uint8Array): void {
    const width = this.#width;
    const rows = this.#rows;
    const stride = this.#pictureWidth / 2;
    const planeU = this.#pictureWidth * this.#pictureHeight;
    const planeV = planeU + planeU / 4;
    const at = ((this.#top + row) / 2) * stride + this.#left / 2;
    const mean = (plane: number, x: number) => {
      const from = 2 * plane * width + x;
      return 0.25 * (rows[from]! + rows[from + 1]! + rows[from + width]! + rows[from + width + 1]!);
    };
    for (let x = 0, m = row * width; x < width; x += 2, m += 2) {
      const mask = this.#mask;
      const keep = 0.25 * (mask[m]! + mask[m + 1]! + mask[m + width]! + mask[m + width + 1]!) * share;
      const r = mean(0, x);
      const g = mean(1, x);
      const b = mean(2, x);
      const u = 128 - 37.797 * r - 74.203 * g + 112 * b;
      const v = 128 + 112 * r - 93.786 * g - 18.214 * b;
      const place = at + x / 2;
      picture[planeU + place] = picture[planeU + place]! + keep * (u - picture[planeU + place]!) + 0.5;
      picture[planeV + place] = picture[planeV + place]! + keep * (v - picture[planeV + place]!) + 0.5;
    }
  }
}

/** `u` and `v` 0…1 across and down the box. */
function maskAt(u: number, v: number): number {
  const { side, top, bottom } = FADE;
  return (
    smoothstep(side[0], side[1], Math.min(u, 1 - u)) *
    smoothstep(top[0], top[1], v) *
    smoothstep(bottom[0], bottom[1], 1 - v)
  );
}
