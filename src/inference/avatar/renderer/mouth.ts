import { MOTION } from '../motion-frame.js';
import { LOWER_LIP, UPPER_LIP } from '../rig.js';
import { clamp, smoothstep, traceCurve } from './curves.js';
import type { FaceGeometry } from './face-geometry.js';
import { Interior, type View } from './mouth/interior.js';
import { mouthLight } from './mouth/light.js';
import { SeenTeeth } from './mouth/seen-teeth.js';
import { PARTED } from './rest-opening.js';
import type { Texture } from './texture.js';
import { TongueOut, tongueOutOf } from './tongue-out.js';

/** Width of the soft edge between lip and inside, in pixels. */
const FEATHER = 1.5;
/** How much rounder than a straight line the lips' lines are next to a corner. */
const ROUNDING = 0.7;
/** Studio-range black. */
const BLACK = 16;
/** Light of the lips that is left in the line where they touch. */
const SEAM_LIGHT = 0.4;
/** Pixels between lips from where on no such line is drawn. */
const SEAM_GAP = 2.6;
/** Gaps narrower than this, in mouth widths, let little light in: what is behind them shows as dim as this share at least. */
const SLIT = { width: 0.05, light: 0.5 };
/** Cheeks shade what is next to a corner: how much, and where that begins and is full on the way from the middle (0) to the corner (1). */
const CORNER = { dark: 0.5, from: 0.55, to: 0.95 };
/** Share of the lips' own tint in what they throw their shadow on, were it black. */
const FLESH = 0.8;

/** Where the mouth's frame is in this frame's picture. */
interface Placement {
  x: number;
  y: number;
  cos: number;
  sin: number;
}

/**
 * Paints what is seen between parted lips into an I420 picture: the dark of the mouth, tongue and lower teeth that go with
 * the jaw, upper teeth that go with the head. The lips' edges are smooth curves with soft borders, and a mouth as
 * closed as the portrait's is left untouched.
 */
export class Mouth {
  readonly #width: number;
  readonly #scale: number;
  readonly #interior: Interior;
  readonly #tongueOut: TongueOut;
  readonly #restGap: Float32Array;
  /** Colour of the line where lips touch that the portrait leaves apart. */
  readonly #seamColour: { y: number; u: number; v: number };
  /** Whether the portrait shows what is between its lips: then that must be covered where they close. */
  readonly #parted: boolean;
  readonly #upX = new Float32Array(11);
  readonly #upY = new Float32Array(11);
  readonly #lowX = new Float32Array(11);
  readonly #lowY = new Float32Array(11);
  readonly #restUpY = new Float32Array(11);
  readonly #restLowY = new Float32Array(11);
  readonly #up: Float32Array;
  readonly #low: Float32Array;
  readonly #open: Float32Array;
  /** Thickness of a lip line's soft edge, measured down the column: a steep line's is the larger. */
  readonly #upFeather: Float32Array;
  readonly #lowFeather: Float32Array;
  readonly #rest: Float32Array;
  /** Of this frame: height of the gap in mouth widths, sealing of the lips 0…1. */
  #gap = 0;
  #sealed = 0;
  /** Colour of the place asked for last. */
  #y = 0;
  #u = 0;
  #v = 0;

  constructor(face: FaceGeometry, texture: Texture) {
    this.#width = texture.width;
    this.#scale = face.mouth.width;
    const seen = SeenTeeth.find(face, texture);
    const light = mouthLight(face, texture, seen);
    this.#tongueOut = new TongueOut(light, texture.width);
    this.#restGap = Float32Array.from(UPPER_LIP.inner, (up, k) =>
      Math.max(0, face.y[LOWER_LIP.inner[k]!]! - face.y[up]!),
    );
    this.#parted = this.#restGap[5]! > PARTED * face.mouth.width;
    const lips = lipColour(face, texture);
    this.#seamColour = { ...lips, y: BLACK + SEAM_LIGHT * (lips.y - BLACK) };
    this.#interior = new Interior(face, light, seen);
    const { centreX, centreY, cos, sin } = face.mouth;
    const place = { x: centreX, y: centreY, cos, sin };
    toPlace(UPPER_LIP.inner, face.x, face.y, place, this.#upX, this.#restUpY);
    toPlace(LOWER_LIP.inner, face.x, face.y, place, this.#lowX, this.#restLowY);
    const columns = Math.ceil(face.mouth.width * 1.6) + 4;
    this.#up = new Float32Array(columns);
    this.#low = new Float32Array(columns);
    this.#open = new Float32Array(columns);
    this.#upFeather = new Float32Array(columns);
    this.#lowFeather = new Float32Array(columns);
    this.#rest = new Float32Array(columns);
  }

  /** `x`, `y`: this frame's surface. `place`: the mouth's frame after the head's motion. */
  draw(
    out: Uint8Array,
    height: number,
    x: Float32Array,
    y: Float32Array,
    motion: Float32Array,
    place: Placement,
    view: View,
  ): void {
    const columns = this.#up.length;
    const left = -columns / 2;
    this.#traceLips(x, y, place, left);
    let first = columns;
    let last = -1;
    let top = Infinity;
    let bottom = -Infinity;
    for (let i = 0; i < columns; i++) {
      if (this.#open[i]! <= 0) continue;
      first = Math.min(first, i);
      last = i;
      top = Math.min(top, this.#up[i]!);
      bottom = Math.max(bottom, this.#low[i]!);
    }
    this.#sealed = clamp(motion[MOTION.mouthPressLeft]! + motion[MOTION.mouthPressRight]!, 0, 1);
    if (this.#parted) {
      const middle = this.#lowY[5]! - this.#upY[5]!;
      this.#sealed = Math.max(this.#sealed, 1 - smoothstep(0.1, 0.5, middle / this.#restGap[5]!));
    }
    if (this.#sealed > 0.05) {
      for (let i = 0; i < columns; i++) {
        if (left + i <= this.#upX[0]! || left + i >= this.#upX[10]!) continue;
        first = Math.min(first, i);
        last = Math.max(last, i);
        top = Math.min(top, this.#up[i]!);
        bottom = Math.max(bottom, this.#low[i]!);
      }
    }
    if (last < 0) return;
    this.#gap = (bottom - top) / this.#scale;
    this.#interior.set(motion, view, Math.max(0, bottom - top));
    // The bounding box in the picture, on even bounds.
    const reach = Math.abs(place.sin) * (last - first) + 3;
    const x0 = clamp((place.x + (left + first) * place.cos - reach) & ~1, 0, this.#width - 2);
    const x1 = clamp((place.x + (left + last) * place.cos + reach + 2) & ~1, 0, this.#width);
    const y0 = clamp((place.y + top - reach) & ~1, 0, height - 2);
    const y1 = clamp((place.y + bottom + reach + 2) & ~1, 0, height);
    const planeU = this.#width * height;
    const planeV = planeU + (planeU >> 2);
    for (let py = y0; py < y1; py += 2) {
      for (let px = x0; px < x1; px += 2) {
        let u = 0;
        let v = 0;
        let covered = 0;
        for (let k = 0; k < 4; k++) {
          const qx = px + (k & 1);
          const qy = py + (k >> 1);
          const dx = qx + 0.5 - place.x;
          const dy = qy + 0.5 - place.y;
          const alpha = this.#shade(dx * place.cos + dy * place.sin, dy * place.cos - dx * place.sin, left);
          if (alpha <= 0) continue;
          const at = qy * this.#width + qx;
          out[at] = out[at]! + (this.#y - out[at]!) * alpha + 0.5;
          u += this.#u * alpha;
          v += this.#v * alpha;
          covered += alpha;
        }
        if (covered > 0) {
          const at = (py >> 1) * (this.#width >> 1) + (px >> 1);
          const keep = 1 - covered / 4;
          out[planeU + at] = out[planeU + at]! * keep + u / 4 + 0.5;
          out[planeV + at] = out[planeV + at]! * keep + v / 4 + 0.5;
        }
      }
    }
  }

  /** After `draw`: a tongue that is put out. */
  drawTongue(out: Uint8Array, height: number, motion: Float32Array, place: Placement): void {
    const amount = tongueOutOf(motion[MOTION.tongueOut]!);
    this.#tongueOut.draw(out, height, amount, place, this.#scale, this.#up, -this.#up.length / 2);
  }

  /** The two lip lines in the mouth's frame, sampled at every pixel along the mouth. */
  #traceLips(x: Float32Array, y: Float32Array, place: Placement, left: number): void {
    toPlace(UPPER_LIP.inner, x, y, place, this.#upX, this.#upY);
    toPlace(LOWER_LIP.inner, x, y, place, this.#lowX, this.#lowY);
    traceCurve(this.#upX, this.#upY, left, 1, this.#up);
    traceCurve(this.#lowX, this.#lowY, left, 1, this.#low);
    traceCurve(this.#upX, this.#restGap, left, 1, this.#rest);
    this.#roundCorner(left, 0, 1);
    this.#roundCorner(left, 10, 9);
    featherOf(this.#up, this.#upFeather);
    featherOf(this.#low, this.#lowFeather);
    const from = this.#upX[0]!;
    const to = this.#upX[10]!;
    const moved = this.#parted ? this.#moved() : 0;
    for (let i = 0; i < this.#open.length; i++) {
      const column = left + i;
      const gap = this.#low[i]! - this.#up[i]!;
      if (column <= from || column >= to) this.#open[i] = 0;
      else if (this.#parted) this.#open[i] = moved * smoothstep(0.3, 1.2, gap);
      else this.#open[i] = smoothstep(0.2, 1.6, gap - Math.max(0, this.#rest[i]!));
    }
  }

  /** 0 while the lips stand where the portrait has them, 1 from two pixels off. */
  #moved(): number {
    let most = 0;
    for (let k = 1; k < 10; k++) {
      most = Math.max(most, Math.abs(this.#upY[k]! - this.#restUpY[k]!), Math.abs(this.#lowY[k]! - this.#restLowY[k]!));
    }
    return smoothstep(0.4, 2, most);
  }

  /** Makes both lip lines leave a corner at a right angle to the mouth, as skin does that is stretched around an opening. */
  #roundCorner(left: number, corner: number, next: number): void {
    const x0 = this.#upX[corner]!;
    const up = ROUNDING * (this.#upY[next]! - this.#upY[corner]!);
    const low = ROUNDING * (this.#lowY[next]! - this.#lowY[corner]!);
    if (low - up < 1) return;
    const span = this.#upX[next]! - x0;
    const from = Math.max(0, Math.ceil(Math.min(x0, x0 + span) - left));
    const to = Math.min(this.#up.length - 1, Math.floor(Math.max(x0, x0 + span) - left));
    for (let i = from; i <= to; i++) {
      const t = clamp((left + i - x0) / span, 0, 1);
      const bulge = Math.sqrt(t) * (1 - t) ** 2;
      this.#up[i] = this.#up[i]! + Math.min(0, up) * bulge;
      this.#low[i] = this.#low[i]! + Math.max(0, low) * bulge;
    }
  }

  /** Coverage of the inside at a place of the mouth's frame (pixels); leaves its colour in the fields. */
  #shade(lx: number, ly: number, left: number): number {
    const column = lx - left;
    const i = Math.floor(column);
    if (i < 0 || i + 1 >= this.#up.length) return 0;
    const f = column - i;
    const open = this.#open[i]! * (1 - f) + this.#open[i + 1]! * f;
    const up = this.#up[i]! * (1 - f) + this.#up[i + 1]! * f;
    const low = this.#low[i]! * (1 - f) + this.#low[i + 1]! * f;
    const alpha =
      clamp((ly - up) / this.#upFeather[i]! + 0.35, 0, 1) *
      clamp((low - ly) / this.#lowFeather[i]! + 0.35, 0, 1) *
      open;
    const seam = this.#seam(lx, ly - (up + low) / 2, low - up);
    if (alpha <= 0) return seam;
    const gap = this.#gap;
    const interior = this.#interior;
    interior.look(lx, ly);
    this.#u = interior.u;
    this.#v = interior.v;
    // Lips throw a soft shadow inwards, and little light falls through a narrow gap.
    const fromUp = (ly - up) / this.#scale;
    const fromLow = (low - ly) / this.#scale;
    const shadow = (0.7 + 0.3 * smoothstep(0, 0.05, fromUp)) * (0.6 + 0.4 * smoothstep(0, 0.045, fromLow));
    const corner = 1 - CORNER.dark * smoothstep(CORNER.from, CORNER.to, this.#aside(lx));
    const dim = shadow * corner * (0.8 + 0.2 * smoothstep(0.02, 0.12, gap));
    const slit = SLIT.light + (1 - SLIT.light) * smoothstep(0, SLIT.width, (low - up) / this.#scale);
    const light = (dim + (1 - dim) * interior.photographed) * slit;
    this.#y = BLACK + (interior.y - BLACK) * light;
    // What light is left there comes from the lips' flesh: grey teeth next to red lips would look green.
    const flesh = FLESH * (1 - light);
    this.#u += (this.#seamColour.u - this.#u) * flesh;
    this.#v += (this.#seamColour.v - this.#v) * flesh;
    if (seam <= 0) return alpha;
    // Lips that all but touch: one line, in which no teeth flicker.
    const { y, u, v } = this.#seamColour;
    this.#y += (y - this.#y) * seam;
    this.#u += (u - this.#u) * seam;
    this.#v += (v - this.#v) * seam;
    return Math.max(alpha, seam);
  }

  /** Distance from the middle between the lips' corners, 1 at a corner. */
  #aside(lx: number): number {
    const [right, left] = [this.#upX[0]!, this.#upX[10]!];
    return Math.abs(2 * lx - right - left) / Math.max(1, left - right);
  }

  /** The dark line between lips that are pressed together where the portrait's are not: one soft line instead of torn pixels. */
  #seam(lx: number, distance: number, gap: number): number {
    if (this.#sealed <= 0.05 || gap > SEAM_GAP) return 0;
    const x = this.#aside(lx);
    const taper = 1 - x * x;
    if (taper <= 0) return 0;
    this.#y = this.#seamColour.y;
    this.#u = this.#seamColour.u;
    this.#v = this.#seamColour.v;
    const strength = this.#parted ? 0.85 : 0.55;
    const touching = 1 - smoothstep(0.5 * SEAM_GAP, SEAM_GAP, gap);
    return strength * this.#sealed * touching * Math.sqrt(taper) * (1 - smoothstep(0.4, 1.5, Math.abs(distance)));
  }
}

/** Mean colour of both lips' flesh, studio range. */
function lipColour(face: FaceGeometry, texture: Texture): { y: number; u: number; v: number } {
  const { width, height } = texture;
  const points = [...UPPER_LIP.middle.slice(2, 9), ...LOWER_LIP.middle.slice(2, 9)];
  const mean = (at: (x: number, y: number) => number) =>
    points.reduce((sum, i) => sum + at(clamp(face.x[i]!, 0, width - 1), clamp(face.y[i]!, 0, height - 1)), 0) /
    points.length;
  const chroma = (plane: Uint8Array) => mean((x, y) => plane[Math.floor(y) * width + Math.floor(x)]!);
  return {
    y: mean((x, y) => texture.y[Math.floor(2 * y) * 2 * width + Math.floor(2 * x)]!),
    u: chroma(texture.u),
    v: chroma(texture.v),
  };
}

/** `FEATHER` across the line, for every column. */
function featherOf(line: Float32Array, out: Float32Array): void {
  const last = line.length - 1;
  for (let i = 0; i <= last; i++) {
    const slope = (line[Math.min(last, i + 1)]! - line[Math.max(0, i - 1)]!) / 2;
    out[i] = FEATHER * Math.hypot(1, slope);
  }
}

function toPlace(
  indices: readonly number[],
  x: Float32Array,
  y: Float32Array,
  place: Placement,
  toX: Float32Array,
  toY: Float32Array,
): void {
  for (let k = 0; k < indices.length; k++) {
    const dx = x[indices[k]!]! - place.x;
    const dy = y[indices[k]!]! - place.y;
    toX[k] = dx * place.cos + dy * place.sin;
    toY[k] = dy * place.cos - dx * place.sin;
  }
}
