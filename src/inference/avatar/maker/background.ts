import { fillMembrane } from '../membrane.js';
import { Random } from '../motion/random.js';
import type { RgbImage } from '../png.js';
import { boxMean, grown, type Plane, planeOf } from './plane.js';

/** A pixel with this much of the person in it is not background. */
const TOUCHED = 0.02;
/** How far from the person colours are believed, of the picture's shorter side: nearer, glow and stray hair colour them. */
const CLEARANCE = 1 / 48;
/** Grain beyond this is texture. */
const MAX_GRAIN = 6;
/** The median of |x| of a normal variable of spread 1, and how the difference of a pixel to its neighbours spreads. */
const MEDIAN_OF_NORMAL = 0.6745;
const LAPLACIAN_SPREAD = 6;
const SEED = 0x6261636b;

/**
 * The portrait with the person taken out: what is seen of the background stays as it is, behind the person it is continued as a membrane with
 * the same grain, so that no seam shows. Made to be seen at the edges of a head that turns. The same for the same input. Where a portrait
 * shows no background at all it is returned as it is.
 */
export function backgroundBehind(portrait: RgbImage, matte: Plane): RgbImage {
  const { width, height } = portrait;
  const touched = planeOf(width, height, (i) => (matte.data[i]! > TOUCHED ? 1 : 0));
  const clearance = CLEARANCE * Math.min(width, height);
  const person = grown(touched, Math.max(1, Math.round(clearance)));
  const known = person.data.map((value) => 1 - value);
  if (!known.includes(1)) return portrait;
  return continued(portrait, known, clearance / 4);
}

/**
 * A picture with what is not known (0 of 0 and 1) continued from what is, with the same grain, which fades in over `fade` pixels. Where nothing is
 * known it is returned as it is.
 */
export function continued(picture: RgbImage, known: Float32Array, fade: number): RgbImage {
  const { width, height, data } = picture;
  if (!known.includes(1)) return picture;
  const filled = fillMembrane(Float32Array.from(data), known, width, height);
  const grain = [0, 1, 2].map((k) => grainOf(data, known, width, height, k));
  const random = new Random(SEED);
  const missing = planeOf(width, height, (i) => 1 - known[i]!);
  // Grain fades in where the known ends, so that the border is no line.
  const share = boxMean(missing, Math.max(1, Math.round(fade))).data;
  const out = new Uint8Array(data.length);
  for (let i = 0; i < known.length; i++) {
    // Most of a photo's grain is of its brightness: the colours share it.
    const common = random.normal();
    for (let k = 0; k < 3; k++) {
      const noise = known[i] === 1 ? 0 : share[i]! * grain[k]! * common;
      out[i * 3 + k] = Math.min(255, Math.max(0, Math.round(filled[i * 3 + k]! + noise)));
    }
  }
  return { width, height, data: out };
}

/** The spread of one channel's grain where it is known: from the median response of a Laplacian that flat and sloping areas leave at zero (Immerkær 1996). */
function grainOf(data: Uint8Array, known: Float32Array, width: number, height: number, k: number): number {
  const histogram = new Uint32Array(4096);
  let count = 0;
  for (let y = 1; y < height - 1; y += 2) {
    for (let x = 1; x < width - 1; x += 2) {
      const i = y * width + x;
      if (known[i] === 0) continue;
      const at = (dx: number, dy: number) => data[(i + dx + dy * width) * 3 + k]!;
      const corners = at(-1, -1) + at(1, -1) + at(-1, 1) + at(1, 1);
      const sides = at(0, -1) + at(-1, 0) + at(1, 0) + at(0, 1);
      histogram[Math.abs(corners - 2 * sides + 4 * at(0, 0))]!++;
      count++;
    }
  }
  let seen = 0;
  let median = 0;
  while (median < histogram.length - 1 && seen + histogram[median]! < count / 2) seen += histogram[median++]!;
  return Math.min(MAX_GRAIN, median / (MEDIAN_OF_NORMAL * LAPLACIAN_SPREAD));
}
