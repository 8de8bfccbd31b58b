import { clamp, smoothstep } from './curves.js';
import { LASHES_REACH, type LashLine, paintLashes } from './lashes.js';
import { closedLid } from './lid-skin.js';

/** Height of the portrait's own lashes and liner above the upper lid's edge, in eye widths: they go down with the lid as they are. */
const LASH_BAND = 0.1;

/** What is seen between the lids at a place of a patch. */
export type EyeballColour = (column: number, row: number) => number;

/** One plane of a lid at any degree of closing. */
export interface Lid {
  /** Writes the patch, `stride` samples a row from `to` on, with the lid at `blink` (0 as in the portrait … 1 closed). No allocation. */
  paint(blink: number, eyeball: EyeballColour, out: Uint8Array, to: number, stride: number): void;
}

/** One plane of the portrait around an eye; lengths and places in its samples, curves by column. */
export interface EyePatch {
  channel: 'y' | 'u' | 'v';
  isLuma: boolean;
  /** Samples an output pixel, and where the patch's corner is in the plane. */
  scale: number;
  left: number;
  top: number;
  width: number;
  height: number;
  /** The eye's corners by column of the patch, and its width. */
  x0: number;
  x1: number;
  unit: number;
  /** Height of the skin between the open lid and the brow. */
  room: number;
  open: Uint8Array;
  /** By column: brow side end of what moves, edges of the open lids. */
  brow: Float32Array;
  upper: Float32Array;
  lower: Float32Array;
}

/** A lid made of the skin above the open eye, with a line and lashes of its own. */
export class DrawnLid implements Lid {
  readonly #patch: EyePatch & { share: Float32Array };
  /** Line of the closed lid by column. */
  readonly #closed: Float32Array;
  readonly #lid: Uint8Array;
  readonly #lash: Uint8Array;
  /** What the lashes are painted with. */
  readonly #lashValue: number;
  /** What lids and lashes ever change: outside of it the texture is always the portrait's. */
  readonly #changing: { left: number; right: number; top: number; bottom: number };

  constructor(patch: EyePatch, lashes: LashLine) {
    const { width, height, unit, scale, brow, upper, lower } = patch;
    const middle = (patch.x0 + patch.x1) / 2;
    // How much of the lid's motion reaches a column.
    const share = upper.map((_, i) => 1 - smoothstep(0.47, 0.62, Math.abs((i - middle - 0.5) / unit)));
    this.#patch = { ...patch, share };
    this.#lashValue = lashes[patch.channel];
    this.#closed = lower.slice();
    const reached = Array.from(share.keys()).filter((i) => share[i]! > 0);
    this.#changing = {
      left: reached[0] ?? 0,
      right: (reached.at(-1) ?? -1) + 1,
      top: Math.max(0, Math.floor(Math.min(...reached.map((i) => brow[i]!))) - 1),
      bottom: Math.min(height, Math.ceil(Math.max(...lower) + LASHES_REACH * unit) + 2),
    };
    this.#lid = closedLid({ ...patch, anchor: brow, closed: this.#closed, share, isRed: patch.channel === 'v' });
    this.#lash = paintLashes({ width, height, closed: this.#closed, unit, middle, scale }, lashes.strength);
  }

  paint(blink: number, eyeball: EyeballColour, out: Uint8Array, to: number, stride: number): void {
    const { width, unit, isLuma, brow, upper: uppers, lower: lowers, share: shares, open } = this.#patch;
    const { left, right, top, bottom } = this.#changing;
    const fade = smoothstep(0, 0.3, blink);
    // Lashes that point up over an open eye point down over a closed one.
    const lashesDown = smoothstep(0.4, 0.85, blink);
    const band = LASH_BAND * unit;
    const softness = isLuma ? 1.6 : 1;
    for (let row = top; row < bottom; row++) {
      const line = to + row * stride;
      for (let i = left; i < right; i++) {
        const at = row * width + i;
        const share = shares[i]!;
        const upper = uppers[i]!;
        const closed = this.#closed[i]!;
        const edge = upper + (closed - upper) * blink;
        let value = open[at]!;
        const covered = row < edge - softness && share >= 1;
        if (!covered && row > upper && row < lowers[i]!) value = eyeball(i, row);
        if (share > 0 && blink > 0) {
          const above = clamp((edge - row) / softness + 0.5, 0, 1);
          if (above > 0) {
            const q = clamp((row - brow[i]!) / Math.max(1, edge - brow[i]!), 0, 1);
            // The portrait's own lid slides down at first and gives way to plain skin; its lashes stay on the edge.
            let skin = fade < 1 ? this.#at(open, i, row - (edge - upper) * q * q) : 0;
            if (fade > 0) skin += (this.#at(this.#lid, i, row + (closed - edge) * q * q) - skin) * fade;
            const onLashes = 1 - smoothstep(0.55 * band, band, edge - row);
            if (onLashes > 0) skin += (this.#at(open, i, row - (edge - upper)) - skin) * onLashes;
            value += (skin - value) * above * share;
          } else if (isLuma && row < lowers[i]!) {
            // The lid's shadow on the eyeball.
            value *= 1 - (0.25 * fade + 0.3 * smoothstep(0.7, 1, blink)) * (1 - smoothstep(0, 0.1 * unit, row - edge));
          }
          if (lashesDown > 0) {
            const lash = (this.#at(this.#lash, i, row + (closed - edge)) / 255) * lashesDown * share;
            value += (this.#lashValue - value) * lash;
          }
        }
        out[line + i] = value + 0.5;
      }
    }
  }

  #at(patch: Uint8Array, column: number, row: number): number {
    const { width, height } = this.#patch;
    const y = clamp(row, 0, height - 1.001);
    const iy = y | 0;
    const f = y - iy;
    const at = iy * width + column;
    return patch[at]! * (1 - f) + patch[at + width]! * f;
  }
}
