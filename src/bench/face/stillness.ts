import { type Mask, maskAt } from '../../inference/vision/person-mask.js';

/** Places that are surely background: nothing of the person within a margin. */
const SURELY_NOT = 0.02;

/**
 * Indices of a picture's luma samples that lie farther from the person than `margin` pixels.
 */
export function backgroundOf(mask: Mask, width: number, height: number, margin: number): Uint32Array {
  // A square dilation, one direction after the other.
  const person = new Uint8Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) person[y * width + x] = maskAt(mask, x, y, width, height) > SURELY_NOT ? 1 : 0;
  const wide = spread(person, width, height, 1, width, margin);
  const grown = spread(wide, height, width, width, 1, margin);
  const found: number[] = [];
  for (let i = 0; i < grown.length; i++) if (grown[i] === 0) found.push(i);
  return Uint32Array.from(found);
}

/** Sets each sample of a line that has a set one within `margin`. */
function spread(
  from: Uint8Array,
  length: number,
  lines: number,
  step: number,
  nextLine: number,
  margin: number,
): Uint8Array {
  const out = new Uint8Array(from.length);
  for (let line = 0; line < lines; line++) {
    let last = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < length; k++) {
      if (from[line * nextLine + k * step] === 1) last = k;
      if (k - last <= margin) out[line * nextLine + k * step] = 1;
    }
    last = Number.POSITIVE_INFINITY;
    for (let k = length - 1; k >= 0; k--) {
      if (from[line * nextLine + k * step] === 1) last = k;
      if (last - k <= margin) out[line * nextLine + k * step] = 1;
    }
  }
  return out;
}

/** Mean absolute difference of some luma samples between two pictures, in levels of 0…255. NaN for no samples. */
export function difference(a: Uint8Array, b: Uint8Array, where: Uint32Array): number {
  let sum = 0;
  for (const at of where) sum += Math.abs(a[at]! - b[at]!);
  return sum / where.length;
}
