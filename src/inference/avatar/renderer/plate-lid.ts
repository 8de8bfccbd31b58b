import { clamp, lerp, smoothstep } from './curves.js';
import type { EyeballColour, Lid } from './drawn-lid.js';

/** Studio range. */
const BLACK = 16;
const NEUTRAL = 128;
/** Skin next to the edge that the lid carries as it is, in eye widths. */
const RIGID = 0.06;
/** How far below the eye skin goes along with the lower lid, in eye widths. */
const BELOW = 0.2;
/** Shadow of the upper lid on the eyeball next to it (shares of its light; depth in eye widths): from the blink's beginning, and where a slit is left. */
const SHADOW = { lid: 0.28, slit: 0.45, depth: 0.1 };

/** One plane of an eye at one degree of closing, in samples of the patch: the portrait's own is `amount` 0 and has its lashes in `skin`. */
export interface LidStage {
  amount: number;
  skin: Uint8Array;
  /** Share of light that the lashes let through, 0…255. */
  lashes: Uint8Array;
  /** Edges of the lids by column. */
  upper: Float32Array;
  lower: Float32Array;
}

/** A patch that stages share: sizes in samples, `unit` an eye's width. */
export interface LidArea {
  width: number;
  height: number;
  unit: number;
  isLuma: boolean;
  /** By column: above it nothing moves. */
  brow: Float32Array;
  /** Share of the plates in each sample, 0…255; elsewhere it is the portrait. */
  mask: Uint8Array;
}

/**
 * A lid that plates show at some degrees of closing, drawn at any: of the two nearest each place is taken from where it lies there, measured from the lid's edge, so that
 * edges and roots of lashes coincide, and only their colours are mixed.
 */
export class PlatedLid implements Lid {
  readonly #area: LidArea;
  readonly #stages: readonly LidStage[];
  /** Of this picture, by column. */
  readonly #upper: Float32Array;
  readonly #lower: Float32Array;

  /** `stages` by rising amount, the first 0 and the last 1. */
  constructor(area: LidArea, stages: readonly LidStage[]) {
    this.#area = area;
    this.#stages = stages;
    this.#upper = new Float32Array(area.width);
    this.#lower = new Float32Array(area.width);
  }

  paint(blink: number, eyeball: EyeballColour, out: Uint8Array, to: number, stride: number) {
    const stages = this.#stages;
    let k = 0;
    while (k < stages.length - 2 && blink > stages[k + 1]!.amount) k++;
    const a = stages[k]!;
    const b = stages[k + 1]!;
    const f = clamp((blink - a.amount) / (b.amount - a.amount), 0, 1);
    const { width, height, unit, isLuma, brow, mask } = this.#area;
    for (let i = 0; i < width; i++) {
      this.#upper[i] = lerp(a.upper[i]!, b.upper[i]!, f);
      this.#lower[i] = lerp(a.lower[i]!, b.lower[i]!, f);
    }
    const softness = isLuma ? 1.6 : 1;
    const base = isLuma ? BLACK : NEUTRAL;
    const own = stages[0]!.skin;
    const shadow = SHADOW.lid * smoothstep(0, 0.3, blink) + SHADOW.slit * smoothstep(0.5, 0.9, blink);
    for (let row = 0; row < height; row++) {
      for (let i = 0; i < width; i++) {
        const at = row * width + i;
        const share = mask[at]!;
        if (share === 0) continue;
        const edge = this.#upper[i]!;
        const low = Math.max(edge, this.#lower[i]!);
        const above = clamp((edge - row) / softness + 0.5, 0, 1);
        const below = low - edge < 0.5 ? 1 - above : clamp((row - low) / softness + 0.5, 0, 1 - above);
        let value = 0;
        if (above > 0) {
          const room = Math.max(1, edge - brow[i]! - RIGID * unit);
          const q = clamp((row - brow[i]!) / room, 0, 1);
          const w = q * q;
          const from = this.#at(a.skin, i, row + (a.upper[i]! - edge) * w);
          value += above * (from + (this.#at(b.skin, i, row + (b.upper[i]! - edge) * w) - from) * f);
        }
        if (below > 0) {
          const w = 1 - smoothstep(0, BELOW * unit, row - low);
          const from = this.#at(a.skin, i, row + (a.lower[i]! - low) * w);
          value += below * (from + (this.#at(b.skin, i, row + (b.lower[i]! - low) * w) - from) * f);
        }
        if (above + below < 1) {
          let ball = eyeball(i, row);
          if (isLuma)
            ball = BLACK + (ball - BLACK) * (1 - shadow * (1 - smoothstep(0, SHADOW.depth * unit, row - edge)));
          value += (1 - above - below) * ball;
        }
        const behind = this.#at(a.lashes, i, row + a.upper[i]! - edge);
        const through = behind + (this.#at(b.lashes, i, row + b.upper[i]! - edge) - behind) * f;
        value = base + ((value - base) * through) / 255;
        const still = own[at]!;
        out[to + row * stride + i] = still + ((value - still) * share) / 255 + 0.5;
      }
    }
  }

  #at(patch: Uint8Array, column: number, row: number): number {
    const y = clamp(row, 0, this.#area.height - 1.001);
    const iy = y | 0;
    const f = y - iy;
    const at = iy * this.#area.width + column;
    return patch[at]! * (1 - f) + patch[at + this.#area.width]! * f;
  }
}
