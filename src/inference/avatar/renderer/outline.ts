import { FACE_OVAL } from '../rig.js';
import { clamp, smoothstep } from './curves.js';
import { FRACTION_BITS, type WarpMap } from './warp-map.js';

/** Radians of yaw from where, and to where, the far cheek's edge is smoothed. */
const FROM = 0.04;
const FULL = 0.12;
/** Pixels on each side of the edge that are smoothed. */
const REACH = 2;
/** Where the edge is looked for: from so far inside the outline to so far outside, in parts of the picture's shorter side. */
const INSIDE = 0.055;
const OUTSIDE = 0.012;
/** Texture samples from one pixel to the next, two where nothing is moved: more is an edge. */
const JUMP = 5 << FRACTION_BITS;

/**
 * Smooths the edge of the cheek that is turned away, in the luma of an I420 picture: what the portrait shows beside that edge is pressed
 * together there, or hidden, until it is as hard as a cut, and would show stairs. In every row the edge is where the map first leaps on the way
 * outwards; the few pixels around it are weighted with their neighbours by a binomial of 3 × 3.
 */
export function smoothFarCheek(out: Uint8Array, map: WarpMap, x: Float32Array, y: Float32Array, yaw: number): void {
  const amount = smoothstep(FROM, FULL, Math.abs(yaw));
  if (amount === 0) return;
  const { width, height, u } = map;
  const middle = (x[10]! + x[152]!) / 2;
  const outwards = yaw > 0 ? 1 : -1;
  const from = Math.round(INSIDE * Math.min(width, height));
  const to = Math.round(OUTSIDE * Math.min(width, height));
  for (let k = 0; k < FACE_OVAL.length; k++) {
    let a = FACE_OVAL[k]!;
    let b = FACE_OVAL[(k + 1) % FACE_OVAL.length]!;
    if ((x[a]! - middle) * yaw < 0 || (x[b]! - middle) * yaw < 0) continue;
    if (y[a]! > y[b]!) {
      const swapped = a;
      a = b;
      b = swapped;
    }
    const slope = (x[b]! - x[a]!) / Math.max(1e-3, y[b]! - y[a]!);
    // Flat parts, at forehead and chin, are not pressed together by a turn.
    const steep = amount * (1 - smoothstep(0.5, 1.2, Math.abs(slope)));
    if (steep === 0) continue;
    const top = Math.max(1, Math.ceil(y[a]! - 0.5));
    const bottom = Math.min(height - 1, Math.ceil(y[b]! - 0.5));
    for (let row = top; row < bottom; row++) {
      const outline = Math.floor(x[a]! + (row + 0.5 - y[a]!) * slope);
      const first = clamp(outline - outwards * from, REACH + 1, width - REACH - 2);
      const last = clamp(outline + outwards * to, REACH + 1, width - REACH - 2);
      for (let column = first; column !== last; column += outwards) {
        const at = row * width + column;
        if (Math.abs(u[at + outwards]! - u[at]!) < JUMP) continue;
        smooth(out, width, outwards > 0 ? at : at - 1, steep);
        break;
      }
    }
  }
}

/** Around the border between a pixel and the next. */
function smooth(out: Uint8Array, width: number, border: number, amount: number): void {
  let before = columnAt(out, width, border - REACH);
  let here = columnAt(out, width, border - REACH + 1);
  for (let at = border - REACH + 1; at <= border + REACH; at++) {
    const next = columnAt(out, width, at + 1);
    out[at] = out[at]! + ((before + 2 * here + next) / 16 - out[at]!) * amount + 0.5;
    before = here;
    here = next;
  }
}

function columnAt(out: Uint8Array, width: number, at: number): number {
  return out[at - width]! + 2 * out[at]! + out[at + width]!;
}
