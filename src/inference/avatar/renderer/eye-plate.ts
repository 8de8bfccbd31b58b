import { clamp, lerp, smoothstep, traceCurve } from './curves.js';
import { DrawnLid, type EyeballColour, type EyePatch, type Lid } from './drawn-lid.js';
import type { AnchoredCurves, EyeState } from './eye.js';
import { type Eyeball, paintEyeball } from './eyeball.js';
import type { LashLine } from './lashes.js';
import { type EyeStages, platedLid } from './plate-lids.js';

/** How much darker the eyeball is just under the upper lid. */
const LID_SHADOW = 0.34;
/** Studio range. */
const BLACK = 16;
/** Iris radii: farther from its middle there is nothing of it. */
const IRIS_REACH = 1.25;

/** One plane of one eye: the untouched pixels, the eyeball behind the lids, and the lid. */
export class EyePlate {
  readonly #plane: Uint8Array;
  readonly #stride: number;
  readonly #isLuma: boolean;
  readonly #left: number;
  readonly #top: number;
  readonly #width: number;
  readonly #height: number;
  readonly #unit: number;
  readonly #scale: number;
  /** Per column, in rows of this patch: open upper lid, lower lid. */
  readonly #upper: Float32Array;
  readonly #lower: Float32Array;
  readonly #open: Uint8Array;
  /** The eye as it would be without lids. */
  readonly #ball: Eyeball;
  readonly #lid: Lid;
  readonly #irisX: number;
  readonly #irisY: number;
  readonly #irisRadius: number;
  readonly #eyeball: EyeballColour;
  #state: EyeState = { lid: 0, x: 0, y: 0, upperY: 0, lowerY: 0 };
  /** Outside the opening the texture is the portrait's. */
  #clean = true;

  /** `plane` of the texture at `scale` samples an output pixel. */
  constructor(
    plane: { data: Uint8Array; width: number; height: number; scale: number; channel: 'y' | 'u' | 'v' },
    c: AnchoredCurves,
    lashes: LashLine,
    plates?: EyeStages,
  ) {
    const { width: planeWidth, height: planeHeight, scale } = plane;
    this.#plane = plane.data;
    this.#stride = planeWidth;
    this.#isLuma = plane.channel === 'y';
    const ew = c.width;
    this.#unit = ew * scale;
    this.#scale = scale;
    const topY = Math.min(...c.upperY) - c.lidRoom;
    const bottomY = Math.max(...c.lowerY) + 0.22 * ew;
    this.#left = clamp(Math.floor((c.x0 - 0.22 * ew) * scale), 0, planeWidth - 1);
    this.#top = clamp(Math.floor((topY - 0.05 * ew) * scale), 0, planeHeight - 1);
    this.#width = clamp(Math.ceil((c.x1 + 0.22 * ew) * scale), 0, planeWidth) - this.#left;
    this.#height = clamp(Math.ceil(bottomY * scale), 0, planeHeight) - this.#top;
    const curve = (xs: Float32Array, ys: Float32Array) => {
      const out = new Float32Array(this.#width);
      const toColumn = xs.map((x) => x * scale - 0.5 - this.#left);
      const toRow = ys.map((y) => y * scale - 0.5 - this.#top);
      traceCurve(toColumn, toRow, 0, 1, out);
      return out;
    };
    this.#upper = curve(c.upperX, c.upperY);
    this.#lower = curve(c.lowerX, c.lowerY);
    const anchor = curve(c.anchorX, c.anchorY);
    this.#irisX = c.irisX * scale - 0.5 - this.#left;
    this.#irisY = c.irisY * scale - 0.5 - this.#top;
    this.#irisRadius = c.irisRadius * scale;
    this.#open = this.#copy();
    const { upper, lower } = { upper: this.#upper, lower: this.#lower };
    const [irisX, irisY, irisRadius] = [this.#irisX, this.#irisY, this.#irisRadius];
    const opening = { width: this.#width, height: this.#height, upper, lower, irisX, irisY, irisRadius };
    this.#ball = paintEyeball(this.#open, opening, this.#isLuma ? BLACK : undefined);
    const [x0, x1] = [c.x0, c.x1].map((x) => x * scale - 0.5 - this.#left) as [number, number];
    const patch: EyePatch = {
      channel: plane.channel,
      isLuma: this.#isLuma,
      scale,
      left: this.#left,
      top: this.#top,
      width: this.#width,
      height: this.#height,
      x0,
      x1,
      unit: this.#unit,
      room: c.lidRoom * scale,
      open: this.#open,
      brow: this.#upper.map((up, i) => Math.max(1, Math.min(up - 3, anchor[i]!))),
      upper,
      lower,
    };
    this.#lid = plates === undefined ? new DrawnLid(patch, lashes) : platedLid(patch, plates);
    this.#eyeball = (column, row) => this.#gazed(column, row, this.#state);
  }

  #copy(): Uint8Array {
    const patch = new Uint8Array(this.#width * this.#height);
    for (let row = 0; row < this.#height; row++) {
      const from = (this.#top + row) * this.#stride + this.#left;
      patch.set(this.#plane.subarray(from, from + this.#width), row * this.#width);
    }
    return patch;
  }

  /** Paints the eye into the texture. */
  paint(state: EyeState): void {
    if (state.lid === 0) {
      if (!this.#clean) this.#restore();
      this.#turn(state);
    } else {
      this.#state = state;
      this.#lid.paint(state.lid, this.#eyeball, this.#plane, this.#top * this.#stride + this.#left, this.#stride);
    }
    this.#clean = state.lid === 0;
  }

  #restore(): void {
    for (let row = 0; row < this.#height; row++) {
      const to = (this.#top + row) * this.#stride + this.#left;
      this.#plane.set(this.#open.subarray(row * this.#width, (row + 1) * this.#width), to);
    }
  }

  /** With the lids open only the opening changes. */
  #turn(state: EyeState): void {
    for (let i = 0; i < this.#width; i++) {
      const end = this.#lower[i]!;
      for (let row = Math.floor(this.#upper[i]!) + 1; row < end; row++) {
        const at = (this.#top + row) * this.#stride + this.#left + i;
        this.#plane[at] = this.#gazed(i, row, state) + 0.5;
      }
    }
  }

  /** The turned eyeball between the lids, round however far the mesh draws the lids apart or together. */
  #gazed(i: number, row: number, state: EyeState): number {
    const upper = this.#upper[i]!;
    const lower = this.#lower[i]!;
    const still = this.#open[row * this.#width + i]!;
    const edge = smoothstep(0, 2, row - upper) * smoothstep(0, 2, lower - row);
    if (edge <= 0) return still;
    const dx = state.x * this.#irisRadius;
    const dy = state.y * this.#irisRadius;
    const along = (2 * (i - this.#width / 2)) / this.#unit;
    const lids = Math.max(0, 1 - along * along) * this.#scale;
    const y = row + lids * lerp(state.upperY, state.lowerY, clamp((row - upper) / Math.max(1, lower - upper), 0, 1));
    const { white, iris, cover: irisCover, shade, own } = this.#ball;
    let turned = this.#at(white, i, y);
    const [fromX, fromY] = [clamp(i - dx, 0, this.#width - 1.001), y - dy];
    const reach = IRIS_REACH * this.#irisRadius;
    if ((fromX - this.#irisX) ** 2 + (fromY - this.#irisY) ** 2 < reach * reach) {
      const ix = fromX | 0;
      const f = fromX - ix;
      const covered = this.#at(irisCover, ix, fromY) * (1 - f) + this.#at(irisCover, ix + 1, fromY) * f;
      const colour = this.#at(iris, ix, fromY) * (1 - f) + this.#at(iris, ix + 1, fromY) * f;
      // What comes from farther down or from behind the lid has none of its shadow yet.
      const fresh = Math.min(1, Math.abs(fromY - row) / (0.35 * this.#irisRadius));
      const near = this.#isLuma ? fresh * (1 - smoothstep(0, 0.12 * this.#unit, row - upper)) : 0;
      turned = turned * (1 - covered) + colour * (1 - LID_SHADOW * near);
    }
    const at = row * this.#width + i;
    if (this.#isLuma) turned = BLACK + (turned - BLACK) * shade[at]!;
    turned += (still - turned) * own[at]!;
    // Next to the lids, where the eyeball is invented, the portrait stays as it is until something moves.
    const shift = Math.abs(dx) + Math.abs(fromY - row);
    const inner = smoothstep(2, 5, row - upper) * smoothstep(2, 5, lower - row);
    const cover = edge * lerp(Math.min(1, shift / 2), 1, inner);
    return still + (turned - still) * cover;
  }

  #at(patch: Uint8Array | Float32Array, column: number, row: number): number {
    const y = clamp(row, 0, this.#height - 1.001);
    const iy = y | 0;
    const f = y - iy;
    const at = iy * this.#width + column;
    return patch[at]! * (1 - f) + patch[at + this.#width]! * f;
  }
}
