import { FACE_OVAL } from '../rig.js';
import { smoothstep } from './curves.js';

/** Radians of yaw from where, and to where, the far cheek's edge is smoothed. */
const FROM = 0.08;
const FULL = 0.18;
/** Pixels on each side of the outline that are smoothed. */
const REACH = 2;

/**
 * Smooths the edge of the cheek that is turned away, in the luma of an I420 picture: what the portrait shows beside that edge is pressed
 * together there until it is as hard as a cut, and would show stairs. The few pixels around the face's outline are weighted 1 : 2 : 1 along
 * each row.
 */
export function smoothFarCheek(
  out: Uint8Array,
  width: number,
  height: number,
  x: Float32Array,
  y: Float32Array,
  yaw: number,
): void {
  const amount = smoothstep(FROM, FULL, Math.abs(yaw));
  if (amount === 0) return;
  const middle = (x[10]! + x[152]!) / 2;
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
    const top = Math.max(0, Math.ceil(y[a]! - 0.5));
    const bottom = Math.min(height, Math.ceil(y[b]! - 0.5));
    for (let row = top; row < bottom; row++) {
      const column = Math.floor(x[a]! + (row + 0.5 - y[a]!) * slope);
      if (column < REACH + 1 || column > width - REACH - 2) continue;
      let at = row * width + column - REACH;
      let before = out[at - 1]!;
      for (const end = at + 2 * REACH; at <= end; at++) {
        const here = out[at]!;
        out[at] = here + ((before + out[at + 1]! - 2 * here) / 4) * steep + 0.5;
        before = here;
      }
    }
  }
}
