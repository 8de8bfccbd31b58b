import { smoothstep } from './curves.js';
import type { FaceGeometry } from './face-geometry.js';

/** How far shoulders sink with a breath, relative to the face's height: about 3 mm of a grown person. */
const DEPTH = 0.013;
/** Catmull–Rom: four rows of luma make one, and what is between two rows stays as sharp as they are. */
const TAPS = 4;

/**
 * Lets the shoulders sink in an I420 picture: rows below the chin are shifted down, the lowest the farthest, none beyond the chin. Downwards
 * only, so that nothing from beneath the picture's edge is needed.
 */
export class Shoulders {
  readonly #width: number;
  readonly #height: number;
  /** Even; the first row that moves. */
  readonly #top: number;
  /** Shift of each row from `#top` on for a breath that is all out, in pixels. */
  readonly #shift: Float32Array;
  readonly #copy: Uint8Array;

  constructor(face: FaceGeometry, width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#top = Math.min(height, 2 * Math.ceil((face.chinY + 0.06 * face.faceHeight) / 2));
    const full = Math.max(this.#top + 1, Math.min(height, face.chinY + 0.5 * face.faceHeight));
    this.#shift = Float32Array.from(
      { length: height - this.#top },
      (_, row) => DEPTH * face.faceHeight * smoothstep(this.#top, full, this.#top + row),
    );
    this.#copy = new Uint8Array(width * (height - this.#top + TAPS));
  }

  /** `exhale` 0: nothing changes. */
  draw(picture: Uint8Array, exhale: number): void {
    if (exhale <= 0 || this.#shift.length === 0) return;
    const width = this.#width;
    const height = this.#height;
    this.#sink(picture, 0, width, height, 1, exhale);
    const luma = width * height;
    this.#sink(picture, luma, width / 2, height / 2, 2, exhale);
    this.#sink(picture, luma + luma / 4, width / 2, height / 2, 2, exhale);
  }

  /** One plane, `step` picture rows to a row of it. */
  #sink(picture: Uint8Array, plane: number, width: number, height: number, step: number, exhale: number): void {
    const top = this.#top / step;
    // Shifts are a few pixels at most; the copy begins where the first row's taps may reach.
    const first = Math.max(0, top - TAPS);
    const from = picture.subarray(plane + first * width, plane + height * width);
    this.#copy.set(from);
    const copy = this.#copy;
    const last = height - 1;
    for (let row = top; row <= last; row++) {
      const source = row - (exhale * this.#shift[(row - top) * step]!) / step;
      const r = Math.floor(source);
      const t = source - r;
      if (t === 0 && r === row) continue;
      const before = (Math.max(first, r - 1) - first) * width;
      const here = (r - first) * width;
      const next = (Math.min(last, r + 1) - first) * width;
      const after = (Math.min(last, r + 2) - first) * width;
      const out = plane + row * width;
      if (step === 1) sharpRow(copy, before, here, next, after, t, picture, out, width);
      else mixedRow(copy, here, next, t, picture, out, width);
    }
  }
}

function sharpRow(
  copy: Uint8Array,
  a: number,
  b: number,
  c: number,
  d: number,
  t: number,
  picture: Uint8Array,
  out: number,
  width: number,
): void {
  // Weights of the four rows in 1/4096.
  const wa = Math.round(2048 * (-t + 2 * t * t - t * t * t));
  const wc = Math.round(2048 * (t + 4 * t * t - 3 * t * t * t));
  const wd = Math.round(2048 * (t * t * t - t * t));
  const wb = 4096 - wa - wc - wd;
  for (let x = 0; x < width; x++) {
    const outer = Math.imul(copy[a + x]!, wa) + Math.imul(copy[d + x]!, wd);
    const value = (outer + Math.imul(copy[b + x]!, wb) + Math.imul(copy[c + x]!, wc) + 2048) >> 12;
    // Seldom outside of a byte: only where the filter overshoots at a hard edge.
    picture[out + x] = (value & -256) === 0 ? value : value < 0 ? 0 : 255;
  }
}

/** Eyes hardly see how sharp colours are. */
function mixedRow(
  copy: Uint8Array,
  b: number,
  c: number,
  t: number,
  picture: Uint8Array,
  out: number,
  width: number,
): void {
  const weight = Math.round(256 * t);
  const rest = 256 - weight;
  for (let x = 0; x < width; x++) {
    picture[out + x] = (Math.imul(copy[b + x]!, rest) + Math.imul(copy[c + x]!, weight) + 128) >> 8;
  }
}
