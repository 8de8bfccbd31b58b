import { LOWER_LIP, UPPER_LIP } from '../../rig.js';
import { clamp, smoothstep, traceCurve } from '../curves.js';
import type { FaceGeometry } from '../face-geometry.js';
import { PARTED } from '../rest-opening.js';
import type { Texture } from '../texture.js';

/** What is kept away from the lips, whose edges colour what is next to them, in pixels. */
const INSET = 1;
/** A mouth in which nothing is brighter than this luma shows no teeth. */
const DARKEST_TEETH = 85;

/**
 * The teeth that a portrait with parted lips shows: where they end, their colour, and themselves as a layer that stands still in the head
 * while lips and jaw move before and below it. Places are in the mouth's frame, in pixels from its middle.
 */
export class SeenTeeth {
  /** Lower edge of the upper front teeth. */
  readonly edge: number;
  /** Height of the dark below them: how far the jaw is open in the portrait. */
  readonly dark: number;
  /** Y, U, V of the front teeth in the portrait's light. */
  readonly colour: readonly [number, number, number];
  readonly #left: number;
  readonly #top: number;
  readonly #columns: number;
  readonly #rows: number;
  readonly #mask: Float32Array;
  readonly #y: Float32Array;
  readonly #u: Float32Array;
  readonly #v: Float32Array;
  /** Of the place asked for last: coverage 0…1 and colour. */
  coverage = 0;
  y = 0;
  u = 0;
  v = 0;

  /** Looks into the portrait's mouth; undefined where lips are closed or no teeth are seen. */
  static find(face: FaceGeometry, texture: Texture): SeenTeeth | undefined {
    const { width } = face.mouth;
    const gap = face.y[LOWER_LIP.inner[5]]! - face.y[UPPER_LIP.inner[5]]!;
    if (gap < PARTED * width) return undefined;
    const seen = new SeenTeeth(face, texture);
    return seen.colour[0] >= DARKEST_TEETH ? seen : undefined;
  }

  private constructor(face: FaceGeometry, texture: Texture) {
    const { centreX, centreY, width, cos, sin } = face.mouth;
    const across = (i: number) => (face.x[i]! - centreX) * cos + (face.y[i]! - centreY) * sin;
    const down = (i: number) => (face.y[i]! - centreY) * cos - (face.x[i]! - centreX) * sin;
    this.#left = -Math.ceil(width * 0.55);
    this.#columns = -2 * this.#left + 1;
    const up = new Float32Array(this.#columns);
    const low = new Float32Array(this.#columns);
    const trace = (lip: readonly number[], out: Float32Array) =>
      traceCurve(lip.map(across), lip.map(down), this.#left, 1, out);
    trace(UPPER_LIP.inner, up);
    trace(LOWER_LIP.inner, low);
    this.#top = Math.floor(Math.min(...up));
    this.#rows = Math.ceil(Math.max(...low)) - this.#top + 2;
    const size = this.#columns * this.#rows;
    this.#mask = new Float32Array(size);
    this.#y = new Float32Array(size);
    this.#u = new Float32Array(size);
    this.#v = new Float32Array(size);
    const bright: number[] = [];
    for (let row = 0; row < this.#rows; row++) {
      for (let column = 0; column < this.#columns; column++) {
        const lx = this.#left + column;
        const ly = this.#top + row;
        const at = row * this.#columns + column;
        const x = clamp(centreX + lx * cos - ly * sin, 1, texture.width - 2);
        const y = clamp(centreY + ly * cos + lx * sin, 1, texture.height - 2);
        this.#y[at] = lumaAt(texture, x, y);
        const chroma = Math.floor(y) * texture.width + Math.floor(x);
        this.#u[at] = texture.u[chroma]!;
        this.#v[at] = texture.v[chroma]!;
        const inside =
          smoothstep(INSET - 1, INSET + 1, ly - up[column]!) * smoothstep(INSET - 1, INSET + 1, low[column]! - ly);
        this.#mask[at] = inside;
        if (inside > 0.9) bright.push(this.#y[at]!);
      }
    }
    bright.sort((a, b) => a - b);
    const brightest = bright[Math.floor(bright.length * 0.92)] ?? 0;
    const lip = [...UPPER_LIP.middle.slice(3, 8), ...LOWER_LIP.middle.slice(3, 8)];
    const lipRed = lip.reduce((sum, i) => {
      const at = clamp(Math.round(face.y[i]!), 0, texture.height - 1) * texture.width;
      return sum + (texture.v[at + clamp(Math.round(face.x[i]!), 0, texture.width - 1)]! - 128) / lip.length;
    }, 0);
    let weight = 1e-6;
    const sum = [0, 0, 0];
    for (let at = 0; at < size; at++) {
      const red = (this.#v[at]! - 128) / Math.max(6, lipRed);
      const tooth =
        smoothstep(0.42, 0.66, (this.#y[at]! - 16) / Math.max(1, brightest - 16)) * smoothstep(0.85, 0.6, red);
      this.#mask[at] = this.#mask[at]! * tooth;
      if (this.#mask[at]! < 0.9 || this.#y[at]! < 0.85 * brightest) continue;
      weight += 1;
      [this.#y, this.#u, this.#v].forEach((plane, k) => {
        sum[k] = sum[k]! + plane[at]!;
      });
    }
    this.colour = [sum[0]! / weight, sum[1]! / weight, sum[2]! / weight];
    const middle = -this.#left;
    this.edge = this.#edgeAround(middle, Math.round(width * 0.09));
    const lowest = low[middle]! - this.edge;
    this.dark = lowest > 2.5 ? lowest - 1 : 0;
    this.#cutBelow(this.edge + 0.12 * width);
  }

  /** What of it is at a place; leaves coverage and colour in the fields. */
  look(lx: number, ly: number): void {
    this.coverage = 0;
    const px = lx - this.#left;
    const py = ly - this.#top;
    if (px < 0 || py < 0 || px >= this.#columns - 1 || py >= this.#rows - 1) return;
    const ix = px | 0;
    const iy = py | 0;
    const fx = px - ix;
    const fy = py - iy;
    const at = iy * this.#columns + ix;
    const below = at + this.#columns;
    const g11 = fx * fy;
    const g10 = fx - g11;
    const g01 = fy - g11;
    const g00 = 1 - fx - g01;
    const m = this.#mask;
    this.coverage = m[at]! * g00 + m[at + 1]! * g10 + m[below]! * g01 + m[below + 1]! * g11;
    if (this.coverage <= 0) return;
    const y = this.#y;
    this.y = y[at]! * g00 + y[at + 1]! * g10 + y[below]! * g01 + y[below + 1]! * g11;
    this.u = this.#u[at]!;
    this.v = this.#v[at]!;
  }

  /** Median of the lowest places of teeth in the columns around the middle. */
  #edgeAround(middle: number, reach: number): number {
    const ends: number[] = [];
    for (let column = middle - reach; column <= middle + reach; column++) {
      let end = -1;
      for (let row = 0; row < this.#rows; row++) {
        if (this.#mask[row * this.#columns + column]! > 0.5) end = row;
        else if (end >= 0) break;
      }
      if (end >= 0) ends.push(this.#top + end + 1);
    }
    ends.sort((a, b) => a - b);
    return ends[ends.length >> 1] ?? 0;
  }

  /** Lower teeth go with the jaw: they are no part of this layer. */
  #cutBelow(edge: number): void {
    for (let row = 0; row < this.#rows; row++) {
      const keep = smoothstep(edge + 1, edge - 1, this.#top + row);
      for (let column = 0; column < this.#columns; column++) {
        const at = row * this.#columns + column;
        this.#mask[at] = this.#mask[at]! * keep;
      }
    }
  }
}

/** Bilinear luma at a place in pixels of the output. */
function lumaAt(texture: Texture, x: number, y: number): number {
  const stride = texture.width * 2;
  const px = 2 * x - 0.5;
  const py = 2 * y - 0.5;
  const ix = Math.floor(px);
  const iy = Math.floor(py);
  const at = iy * stride + ix;
  const upper = texture.y[at]! + (texture.y[at + 1]! - texture.y[at]!) * (px - ix);
  const lower = texture.y[at + stride]! + (texture.y[at + stride + 1]! - texture.y[at + stride]!) * (px - ix);
  return upper + (lower - upper) * (py - iy);
}
