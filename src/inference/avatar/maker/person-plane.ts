import type { PersonMask } from '../../vision/person-mask.js';
import { SampledImage } from '../../vision/sample.js';
import type { RgbImage } from '../png.js';
import { type Plane, planeOf, resized } from './plane.js';

/** Over how much of the height the mask of the middle goes over into that of the whole. */
const BLEND = 0.12;

/**
 * The person in a portrait, coarsely, 0…1. In a wide one the middle square, which has the head, is looked at by itself too: the network's 256 columns
 * are then spent on it as in a square portrait, and what it says counts there.
 */
export async function coarseMask(portrait: RgbImage, mask: PersonMask): Promise<Plane> {
  const whole = await mask.segment(new SampledImage(withOpacity(portrait)));
  const { width, height } = portrait;
  if (width <= height) return whole;
  const left = (width - height) >> 1;
  const middle = resized(await mask.segment(new SampledImage(withOpacity(portrait, left, height))), height, height);
  const stretched = resized(whole, width, height);
  const blend = BLEND * height;
  return planeOf(width, height, (i) => {
    const x = (i % width) - left;
    const inside = Math.min(1, Math.max(0, Math.min(x, height - 1 - x) / blend));
    if (inside === 0) return stretched.data[i]!;
    return inside * middle.data[Math.floor(i / width) * height + x]! + (1 - inside) * stretched.data[i]!;
  });
}

/** The columns from `left` on, opaque. */
function withOpacity({ width, height, data }: RgbImage, left = 0, columns = width) {
  const out = new Uint8Array(columns * height * 4).fill(255);
  for (let i = 0; i < columns * height; i++) {
    const from = (Math.floor(i / columns) * width + left + (i % columns)) * 3;
    for (let k = 0; k < 3; k++) out[i * 4 + k] = data[from + k]!;
  }
  return { width: columns, height, data: out };
}
