import { type Coverage, EMPTY, FULL, PARTLY } from './coverage.js';
import { clamp } from './curves.js';
import { FIELD_STEP, type HeadField } from './head-field.js';
import type { HeadPose } from './head-pose.js';
import type { Person } from './person.js';
import { sampleMap, sampleOver } from './sample.js';
import type { Texture } from './texture.js';
import { CELL, fillFromGrid, type WarpMap } from './warp-map.js';

/** Steps of the fixed-point iteration: a place moves by less than half of what its neighbour's distance is, so this is exact to a fraction of a pixel. */
const ITERATIONS = 4;
/** Cells that the face's outline may be hollow between two lines. */
const HOLLOW = 0.5;
/** Farther than this, in output pixels of a picture whose shorter side has 512, nothing is carried in any pose. */
const FARTHEST = 80;

/** A rectangle in output pixels. */
export interface Box {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/**
 * The part of the picture that the head's pose moves, in cells: which place of the portrait each shows, whether the person fills it, and its
 * drawing. Cells that never move or hold nothing of the person cost nothing.
 */
export class WarpGrid {
  readonly #width: number;
  readonly #height: number;
  readonly #columns: number;
  readonly #rows: number;
  readonly #u: Float32Array;
  readonly #v: Float32Array;
  /** Nodes that stay where they are in every pose, or have nothing of the person near. */
  readonly #still: Uint8Array;
  /** For each line between rows of cells: from where to where the face's triangles cover it. */
  readonly #from: Float32Array;
  readonly #to: Float32Array;
  readonly #kinds: Uint8Array;
  readonly #coverage: Coverage | undefined;

  /** Without `coverage` the picture is one layer, of which only what can move is ever drawn; `always`: what moves otherwise. */
  constructor(field: HeadField, width: number, height: number, always: Box, coverage?: Coverage) {
    this.#width = width;
    this.#height = height;
    this.#columns = Math.ceil(width / CELL);
    this.#rows = Math.ceil(height / CELL);
    this.#coverage = coverage;
    const nodes = (this.#columns + 1) * (this.#rows + 1);
    this.#u = new Float32Array(nodes);
    this.#v = new Float32Array(nodes);
    this.#still = new Uint8Array(nodes);
    this.#kinds = new Uint8Array(this.#columns * this.#rows).fill(coverage === undefined ? EMPTY : PARTLY);
    this.#from = new Float32Array(this.#rows + 1);
    this.#to = new Float32Array(this.#rows + 1);
    for (let n = 0; n < nodes; n++) this.#still[n] = this.#isStill(field, n) || this.#isBare(n) ? 1 : 0;
    this.#rest();
    if (coverage === undefined) this.#markMoving(always);
  }

  /** Which place each node shows: the inverse of the pose's displacement. */
  solve(head: HeadPose): void {
    const maxU = 2 * this.#width - 2;
    const maxV = 2 * this.#height - 2;
    const stride = this.#columns + 1;
    for (let n = 0; n < this.#u.length; n++) {
      if (this.#still[n] === 1) continue;
      const x = (n % stride) * CELL;
      const y = ((n / stride) | 0) * CELL;
      let px = x;
      let py = y;
      for (let k = 0; k < ITERATIONS; k++) {
        head.displace(px, py);
        px = x - head.dx;
        py = y - head.dy;
      }
      this.#u[n] = clamp(2 * px - 0.5, 0, maxU);
      this.#v[n] = clamp(2 * py - 0.5, 0, maxV);
    }
  }

  /** Tells which cells the face's triangles will cover wholly: those inside the polygon of the vertices from `first` on. */
  cover(x: Float32Array, y: Float32Array, first: number): void {
    const from = this.#from;
    const to = this.#to;
    from.fill(Number.POSITIVE_INFINITY);
    to.fill(Number.NEGATIVE_INFINITY);
    let before = x.length - 1;
    for (let i = first; i < x.length; before = i++) {
      const ay = y[before]! / CELL;
      const by = y[i]! / CELL;
      const low = Math.max(0, Math.ceil(Math.min(ay, by)));
      const high = Math.min(this.#rows, Math.floor(Math.max(ay, by)));
      for (let j = low; j <= high; j++) {
        const t = by === ay ? 0 : (j - ay) / (by - ay);
        const at = (x[before]! + (x[i]! - x[before]!) * t) / CELL;
        if (at < from[j]!) from[j] = at;
        if (at > to[j]!) to[j] = at;
      }
    }
  }

  /** Writes all places of cells to be drawn into the map. Inside `face` (in the picture) places may lie `reach` pixels elsewhere than the nodes say. */
  fill(map: WarpMap, face: Box, reach: number): void {
    if (this.#coverage !== undefined) this.#classify(this.#coverage, face, reach);
    const kinds = this.#kinds;
    const columns = this.#columns;
    for (let j = 0; j < this.#rows; j++) {
      const from = Math.ceil(Math.max(this.#from[j]!, this.#from[j + 1]!) + HOLLOW);
      const to = Math.floor(Math.min(this.#to[j]!, this.#to[j + 1]!) - HOLLOW);
      for (let i = 0; i < columns; ) {
        if (kinds[j * columns + i] === EMPTY || (i >= from && i < to)) {
          i++;
          continue;
        }
        let end = i + 1;
        while (end < columns && kinds[j * columns + end] !== EMPTY && !(end >= from && end < to)) end++;
        fillFromGrid(map, this.#u, this.#v, columns + 1, i, end, j, j + 1);
        i = end;
      }
    }
  }

  /** Draws the cells over `out`, which holds what is behind them. */
  draw(texture: Texture, person: Person | undefined, map: WarpMap, out: Uint8Array): void {
    const kinds = this.#kinds;
    const columns = this.#columns;
    for (let j = 0; j < this.#rows; j++) {
      const y0 = j * CELL;
      const y1 = Math.min(this.#height, y0 + CELL);
      for (let i = 0; i < columns; ) {
        const kind = kinds[j * columns + i]!;
        let end = i + 1;
        while (end < columns && kinds[j * columns + end] === kind) end++;
        const x1 = Math.min(this.#width, end * CELL);
        if (kind === FULL) sampleMap(texture, map, out, i * CELL, x1, y0, y1);
        else if (kind === PARTLY && person !== undefined) sampleOver(person, map, out, i * CELL, x1, y0, y1);
        i = end;
      }
    }
  }

  #classify(coverage: Coverage, face: Box, reach: number): void {
    const { x0, y0, x1, y1 } = face;
    const u = this.#u;
    const v = this.#v;
    const stride = this.#columns + 1;
    for (let j = 0; j < this.#rows; j++) {
      for (let i = 0; i < this.#columns; i++) {
        const n = j * stride + i;
        const m = n + stride;
        const inFace = (i + 1) * CELL > x0 && i * CELL < x1 && (j + 1) * CELL > y0 && j * CELL < y1;
        const more = inFace ? 2 * reach : 0;
        this.#kinds[j * this.#columns + i] = coverage.of(
          Math.min(u[n]!, u[n + 1]!, u[m]!, u[m + 1]!) - more,
          Math.min(v[n]!, v[n + 1]!, v[m]!, v[m + 1]!) - more,
          Math.max(u[n]!, u[n + 1]!, u[m]!, u[m + 1]!) + more,
          Math.max(v[n]!, v[n + 1]!, v[m]!, v[m + 1]!) + more,
        );
      }
    }
  }

  #rest(): void {
    const stride = this.#columns + 1;
    for (let n = 0; n < this.#u.length; n++) {
      this.#u[n] = clamp(2 * CELL * (n % stride) - 0.5, 0, 2 * this.#width - 2);
      this.#v[n] = clamp(2 * CELL * Math.floor(n / stride) - 0.5, 0, 2 * this.#height - 2);
    }
  }

  #isStill({ columns, rows, across, along, sink, lean }: HeadField, n: number): boolean {
    const stride = this.#columns + 1;
    const i = Math.min(columns - 1, ((n % stride) * CELL) / FIELD_STEP);
    const j = Math.min(rows - 1, (Math.floor(n / stride) * CELL) / FIELD_STEP);
    return [across, along, sink, lean].every((share) => share[j * columns + i] === 0);
  }

  #isBare(n: number): boolean {
    const stride = this.#columns + 1;
    const u = (n % stride) * CELL * 2;
    const v = Math.floor(n / stride) * CELL * 2;
    const far = (2 * FARTHEST * Math.min(this.#width, this.#height)) / 512;
    return this.#coverage !== undefined && this.#coverage.of(u - far, v - far, u + far, v + far) === EMPTY;
  }

  #markMoving({ x0, y0, x1, y1 }: Box): void {
    const stride = this.#columns + 1;
    for (let j = 0; j < this.#rows; j++) {
      for (let i = 0; i < this.#columns; i++) {
        const n = j * stride + i;
        const still = this.#still[n]! + this.#still[n + 1]! + this.#still[n + stride]! + this.#still[n + stride + 1]!;
        const always = (i + 1) * CELL > x0 && i * CELL < x1 && (j + 1) * CELL > y0 && j * CELL < y1;
        if (still < 4 || always) this.#kinds[j * this.#columns + i] = FULL;
      }
    }
  }
}
