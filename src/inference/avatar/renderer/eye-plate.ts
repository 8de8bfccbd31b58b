import { clamp, lerp, smoothstep, traceCurve } from './curves.js';
import type { EyeCurves, EyeState } from './eye.js';
import { paintEyeball } from './eyeball.js';

const LASH_LUMA = 34;
/** How much darker the eyeball is just under the upper lid. */
const LID_SHADOW = 0.34;
/** Height of the portrait's own lashes and liner above the upper lid's edge, in eye widths: they go down with the lid as they are. */
const LASH_BAND = 0.1;
/** Where a closed lid stops, as a share of the way to the lower lid. */
const CLOSED_AT = 0.96;

/** One plane of one eye: the untouched pixels, the closed lid made from the skin above the eye, and the lash line. */
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
  /** Per column, in rows of this patch: brow side end, open upper lid, lower lid, line of the closed lid. */
  readonly #brow: Float32Array;
  readonly #upper: Float32Array;
  readonly #lower: Float32Array;
  readonly #closed: Float32Array;
  /** Per column: how much of the lid's motion reaches it. */
  readonly #share: Float32Array;
  readonly #open: Uint8Array;
  /** The eye as it would be without lids. */
  readonly #ball: Uint8Array;
  readonly #lid: Uint8Array;
  readonly #lash: Uint8Array;
  readonly #irisX: number;
  readonly #irisY: number;
  readonly #irisRadius: number;
  /** Outside the opening the texture is the portrait's. */
  #clean = true;

  constructor(
    plane: Uint8Array,
    planeWidth: number,
    planeHeight: number,
    scale: number,
    c: EyeCurves,
    isLuma: boolean,
  ) {
    this.#plane = plane;
    this.#stride = planeWidth;
    this.#isLuma = isLuma;
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
    this.#closed = this.#upper.map((up, i) => lerp(up, this.#lower[i]!, CLOSED_AT));
    this.#share = new Float32Array(this.#width);
    for (let i = 0; i < this.#width; i++) {
      const along = (i - ((c.x0 + c.x1) / 2) * scale + this.#left) / this.#unit;
      this.#share[i] = 1 - smoothstep(0.47, 0.62, Math.abs(along));
    }
    this.#brow = this.#upper.map((up) => Math.max(1, Math.min(up - 3, up - c.lidRoom * scale)));
    this.#irisX = c.irisX * scale - 0.5 - this.#left;
    this.#irisY = c.irisY * scale - 0.5 - this.#top;
    this.#irisRadius = c.irisRadius * scale;
    this.#open = this.#copy();
    this.#ball = paintEyeball(this.#open, {
      width: this.#width,
      height: this.#height,
      upper: this.#upper,
      lower: this.#lower,
      irisX: this.#irisX,
      irisY: this.#irisY,
      irisRadius: this.#irisRadius,
    });
    this.#lid = this.#stretchLid();
    this.#lash = this.#drawLashes(scale);
  }

  #copy(): Uint8Array {
    const patch = new Uint8Array(this.#width * this.#height);
    for (let row = 0; row < this.#height; row++) {
      const from = (this.#top + row) * this.#stride + this.#left;
      patch.set(this.#plane.subarray(from, from + this.#width), row * this.#width);
    }
    return patch;
  }

  /** The closed lid: skin from between the brow and the lashes, drawn down to the closing line. */
  #stretchLid(): Uint8Array {
    const lid = this.#open.slice();
    for (let i = 0; i < this.#width; i++) {
      const brow = this.#brow[i]!;
      const closed = this.#closed[i]!;
      const clean = Math.max(brow + 1, this.#upper[i]! - 0.12 * this.#unit);
      const pull = (closed - clean) * this.#share[i]!;
      for (let row = Math.ceil(brow); row < this.#height; row++) {
        const f = (row - brow) / Math.max(1, closed - brow);
        const from = f <= 1 ? row - pull * f * f * (1.7 - 0.7 * f) : row - pull;
        // Roundness of the eyeball under the lid.
        const shade = this.#isLuma ? 1 - 0.1 * this.#share[i]! * smoothstep(0.55, 1, f) : 1;
        lid[row * this.#width + i] = this.#at(this.#open, i, from) * shade;
      }
    }
    return lid;
  }

  /** Coverage of the lash line and its hairs, drawn around the closing line. */
  #drawLashes(scale: number): Uint8Array {
    const lash = new Float32Array(this.#width * this.#height);
    const put = (x: number, y: number, value: number) => {
      const ix = Math.floor(x);
      const iy = Math.floor(y);
      for (const [dx, dy] of [
        [0, 0],
        [1, 0],
        [0, 1],
        [1, 1],
      ] as const) {
        if (ix + dx < 0 || ix + dx >= this.#width || iy + dy < 0 || iy + dy >= this.#height) continue;
        const at = (iy + dy) * this.#width + ix + dx;
        const cover = value * (1 - Math.abs(x - ix - dx)) * (1 - Math.abs(y - iy - dy));
        lash[at] = Math.min(1, lash[at]! + cover);
      }
    };
    const middle = this.#width / 2;
    for (let i = 0; i < this.#width; i++) {
      const along = Math.abs(i - middle) / this.#unit;
      const thick = 0.03 * this.#unit * (1 - smoothstep(0.3, 0.56, along));
      for (let row = 0; row < this.#height; row++) {
        const d = Math.abs(row - this.#closed[i]!);
        const cover = 0.85 * (1 - smoothstep(thick * 0.4, thick + 0.8, d)) * (1 - smoothstep(0.42, 0.5, along));
        const at = row * this.#width + i;
        lash[at] = Math.max(lash[at]!, cover);
      }
    }
    const hairs = 46;
    for (let k = 0; k < hairs; k++) {
      const along = (k + 0.5) / hairs - 0.5 + 0.006 * Math.sin(k * 12.9898);
      const length = 0.1 * this.#unit * (1 - 1.6 * along * along) * (0.75 + 0.25 * Math.sin(k * 78.233));
      const lean = along * 0.9 + 0.12 * Math.sin(k * 37.719);
      const x0 = middle + along * this.#unit * 1.02;
      const y0 = this.#closed[clamp(Math.round(x0), 0, this.#width - 1)]!;
      const steps = Math.max(2, Math.ceil(length * 2));
      for (let s = 0; s <= steps; s++) {
        const t = s / steps;
        put(x0 + lean * length * t, y0 + length * (t - 0.25 * t * t), (0.42 * (1 - t) * scale) / 2);
      }
    }
    return Uint8Array.from(lash, (value) => Math.round(value * 255));
  }

  /** Paints the eye into the texture. */
  paint(state: EyeState): void {
    if (state.lid === 0 && this.#clean) this.#turn(state);
    else this.#close(state);
    this.#clean = state.lid === 0;
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

  #close(state: EyeState): void {
    const blink = state.lid;
    const width = this.#width;
    const fade = smoothstep(0, 0.3, blink);
    // Lashes that point up over an open eye point down over a closed one.
    const lashesDown = smoothstep(0.4, 0.85, blink);
    const band = LASH_BAND * this.#unit;
    const softness = this.#isLuma ? 1.6 : 1;
    for (let row = 0; row < this.#height; row++) {
      const to = (this.#top + row) * this.#stride + this.#left;
      for (let i = 0; i < width; i++) {
        const at = row * width + i;
        const share = this.#share[i]!;
        const upper = this.#upper[i]!;
        const closed = this.#closed[i]!;
        const edge = upper + (closed - upper) * blink;
        let value = this.#open[at]!;
        const covered = row < edge - softness && share >= 1;
        if (!covered && row > upper && row < this.#lower[i]!) value = this.#gazed(i, row, state);
        if (share > 0 && blink > 0) {
          const above = clamp((edge - row) / softness + 0.5, 0, 1);
          if (above > 0) {
            const q = clamp((row - this.#brow[i]!) / Math.max(1, edge - this.#brow[i]!), 0, 1);
            // The portrait's own lid slides down at first and gives way to plain skin; its lashes stay on the edge.
            const own = this.#at(this.#open, i, row - (edge - upper) * q * q);
            let skin = own + (this.#at(this.#lid, i, row + (closed - edge) * q * q) - own) * fade;
            const onLashes = 1 - smoothstep(0.55 * band, band, edge - row);
            if (onLashes > 0) skin += (this.#at(this.#open, i, row - (edge - upper)) - skin) * onLashes;
            value += (skin - value) * above * share;
          } else if (this.#isLuma && row < this.#lower[i]!) {
            // The lid's shadow on the eyeball.
            value *=
              1 - (0.25 * fade + 0.3 * smoothstep(0.7, 1, blink)) * (1 - smoothstep(0, 0.1 * this.#unit, row - edge));
          }
          const lash = (this.#at(this.#lash, i, row + (closed - edge)) / 255) * lashesDown * share;
          value += ((this.#isLuma ? LASH_LUMA : 128) - value) * lash;
        }
        this.#plane[to + i] = value + 0.5;
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
    // Around where the iris goes, so that all of it goes there; what it leaves is filled with the white beside it.
    const fall = 1 - smoothstep(1.05, 2.6, Math.hypot(i - this.#irisX - dx, y - this.#irisY - dy) / this.#irisRadius);
    const x = clamp(i - dx * fall, 0, this.#width - 1.001);
    const ix = x | 0;
    const f = x - ix;
    const fromY = y - dy * fall;
    const turned = this.#at(this.#ball, ix, fromY) * (1 - f) + this.#at(this.#ball, ix + 1, fromY) * f;
    // Next to the lids, where the eyeball is invented, the portrait stays as it is until something moves.
    const shift = Math.abs(i - x) + Math.abs(fromY - row);
    const inner = smoothstep(2, 5, row - upper) * smoothstep(2, 5, lower - row);
    const cover = edge * lerp(Math.min(1, shift / 2), 1, inner);
    if (!this.#isLuma) return still + (turned - still) * cover;
    // What comes from farther down or from behind the lid has none of its shadow yet.
    const moved = Math.min(1, Math.abs(fromY - row) / (0.35 * this.#irisRadius));
    const shade = 1 - LID_SHADOW * moved * (1 - smoothstep(0, 0.12 * this.#unit, row - upper));
    return still + (turned * shade - still) * cover;
  }

  #at(patch: Uint8Array, column: number, row: number): number {
    const y = clamp(row, 0, this.#height - 1.001);
    const iy = y | 0;
    const f = y - iy;
    const at = iy * this.#width + column;
    return patch[at]! * (1 - f) + patch[at + this.#width]! * f;
  }
}
