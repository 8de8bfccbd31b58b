import { clamp, lerp, smoothstep } from './curves.js';
import type { EyeCurves } from './eye.js';
import type { Texture } from './texture.js';

/** Skin that is drawn down with a lid ends above at a brow, a frame of glasses, hair: what is darker or brighter than the lid by these factors. */
const NOT_LID = { darker: 0.66, brighter: 1.7 };
/** Where lids are measured, and the least skin that is drawn down, in eye widths above the lid's edge. */
const LID = { from: 0.11, to: 0.2 };
const LEAST_ROOM = 0.17;
const STEPS = 41;
/** Columns to each side that also end where one of them does. */
const SPREAD = 2;
/** Studio range. */
const BLACK = 16;
const WHITE = 235;

/**
 * Up to where the skin above an eye moves with its lid, in output pixels: the brow's lower edge as the landmarks have it, or nearer, where the
 * picture stops looking like the lid. `upperAt`: the lid's edge by x.
 */
export function lidAnchors(
  texture: Texture,
  curves: EyeCurves,
  upperAt: (x: number) => number,
): { x: Float32Array; y: Float32Array } {
  const stride = 2 * texture.width;
  const at = (x: number, y: number) => {
    const column = clamp(Math.round(2 * x - 0.5), 0, stride - 1);
    const row = clamp(Math.round(2 * y - 0.5), 0, 2 * texture.height - 1);
    return texture.y[row * stride + column]! - BLACK;
  };
  const { width } = curves;
  const xs = Float32Array.from({ length: STEPS }, (_, k) => curves.x0 + (k / (STEPS - 1)) * width);
  const skin: number[] = [];
  for (const x of xs) {
    for (let up = LID.from; up < LID.to; up += 0.02) skin.push(at(x, upperAt(x) - up * width));
  }
  const usual = Math.max(8, skin.sort((a, b) => a - b)[Math.floor(0.6 * skin.length)]!);
  const found = xs.map((x) => {
    const edge = upperAt(x);
    const top = edge - curves.lidRoom;
    // Under make-up or in the shade of a corner the lid itself is darker.
    let own = 0;
    for (let up = LID.from; up < LID.to; up += 0.01) own = Math.max(own, at(x, edge - up * width));
    const [dark, bright] = [NOT_LID.darker * Math.min(usual, own), NOT_LID.brighter * Math.max(usual, own)];
    let y = edge - LEAST_ROOM * width;
    for (; y > top; y -= 0.5) {
      const light = (at(x, y) + at(x, y - 0.5) + at(x, y - 1)) / 3;
      if (light < dark || light > bright) break;
    }
    return Math.max(top, Math.min(y + 1.5, edge - 0.9 * LEAST_ROOM * width));
  });
  const nearest = found.map((_, k) => Math.max(...found.subarray(Math.max(0, k - SPREAD), k + SPREAD + 1)));
  const y = nearest.map((_, k) => {
    const around = nearest.subarray(Math.max(0, k - SPREAD), k + SPREAD + 1);
    return around.reduce((sum, value) => sum + value, 0) / around.length;
  });
  return { x: xs, y };
}

/** One plane of an eye's surroundings; rows by column, lengths in its samples. */
export interface LidPatch {
  open: Uint8Array;
  width: number;
  height: number;
  /** Nothing above it moves. */
  anchor: Float32Array;
  upper: Float32Array;
  lower: Float32Array;
  closed: Float32Array;
  /** How much of the lid's motion reaches the column, 0…1. */
  share: Float32Array;
  /** Width of the eye. */
  unit: number;
  isLuma: boolean;
  /** Of the planes of chroma: whether it is the red one. */
  isRed: boolean;
}

/** Portraits' own lashes and the line of the lid reach this far up, in eye widths. */
const LASHES = 0.12;
/** Stretched by less than `from` skin keeps its texture; by more than `to` it would be drawn out to threads and is evened along the lid. */
const STRETCHED = { from: 1.15, to: 1.8 };
const EVENED_OVER = { along: 0.2, down: 0.07 };
/** Where evening is complete, as a share of the way from the brow to the lid's edge: later, a highlight above the crease would be drawn out to a blot. */
const EVEN_FROM = 0.22;
/** A lid that is down comes out of the brow's shade: it is at least this bright against the skin below the eye, unless that takes more than `most`. */
const IN_LIGHT = { share: 0.82, most: 1.6, from: 0.12, to: 0.24 };

/** Skin between brow hairs is grey: this share of what it lacks of the tint below the eye is made up, within these limits; colder it never gets. */
const WARMED = { share: 0.6, red: [0, 7], blue: [-7, 0] } as const;

/**
 * The closed lid: skin from between brow and lashes drawn down to the closing line, even where it is drawn out far, rounded by the eyeball under it and
 * in no less light than a lid that is down.
 */
export function closedLid(p: LidPatch): Uint8Array {
  const { open, width, height, unit } = p;
  const lid = open.slice();
  const even = new Float32Array(width);
  for (let i = 0; i < width; i++) {
    const anchor = p.anchor[i]!;
    const closed = p.closed[i]!;
    const clean = Math.max(anchor + 1, p.upper[i]! - LASHES * unit);
    const pull = (closed - clean) * p.share[i]!;
    even[i] = p.share[i]! * smoothstep(STRETCHED.from, STRETCHED.to, (closed - anchor) / Math.max(1, clean - anchor));
    for (let row = Math.max(0, Math.ceil(anchor)); row < height; row++) {
      const f = (row - anchor) / Math.max(1, closed - anchor);
      const from = f <= 1 ? row - pull * f * f * (1.7 - 0.7 * f) : row - pull;
      lid[row * width + i] = valueAt(open, width, height, i, from);
    }
  }
  const [radius, down] = [EVENED_OVER.along, EVENED_OVER.down].map((share) => Math.max(1, Math.round(share * unit)));
  const smooth = downColumns(alongRows(alongRows(lid, width, height, radius!), width, height, radius!), p, down!);
  const { above, below } = lidAgainstSkin(p, smooth);
  const gain = p.isLuma ? clamp((IN_LIGHT.share * (below - BLACK)) / Math.max(1, above - BLACK), 1, IN_LIGHT.most) : 1;
  const [coldest, warmest] = WARMED[p.isRed ? 'red' : 'blue'];
  const tint = p.isLuma ? 0 : clamp(WARMED.share * (below - above), coldest, warmest);
  for (let i = 0; i < width; i++) {
    const anchor = p.anchor[i]!;
    for (let row = Math.max(0, Math.ceil(anchor)); row < height; row++) {
      const at = row * width + i;
      const f = (row - anchor) / Math.max(1, p.closed[i]! - anchor);
      const value = lerp(lid[at]!, smooth[at]!, even[i]! * smoothstep(0, EVEN_FROM, f));
      const light = 1 + (gain - 1) * p.share[i]! * smoothstep(0, 0.7, f);
      const round = p.isLuma ? 1 - 0.1 * p.share[i]! * smoothstep(0.55, 1, f) : 1;
      const warmer = tint * p.share[i]! * smoothstep(0, 0.7, f);
      lid[at] = Math.min(WHITE, BLACK + (value - BLACK) * round * light + warmer + 0.5);
    }
  }
  return lid;
}

/** Means of the closed lid's lower half and of the skin below the eye. */
function lidAgainstSkin({ open, width, height, anchor, lower, closed, share, unit }: LidPatch, lid: Uint8Array) {
  let [above, below, count] = [0, 0, 0];
  for (let i = 0; i < width; i++) {
    if (share[i]! < 1) continue;
    const half = lerp(anchor[i]!, closed[i]!, 0.7);
    for (let t = IN_LIGHT.from; t < IN_LIGHT.to; t += 0.03) {
      below += valueAt(open, width, height, i, lower[i]! + t * unit);
      above += valueAt(lid, width, height, i, half);
      count++;
    }
  }
  return count === 0 ? { above: BLACK, below: BLACK } : { above: above / count, below: below / count };
}

/** The mean of `2 · radius + 1` samples of a column, of those that lie below the brow. */
function downColumns(plane: Uint8Array, { width, height, anchor }: LidPatch, radius: number): Uint8Array {
  const out = plane.slice();
  const sums = new Float64Array(height + 1);
  for (let i = 0; i < width; i++) {
    const top = clamp(Math.ceil(anchor[i]!), 0, height);
    for (let row = 0; row < height; row++) sums[row + 1] = sums[row]! + plane[row * width + i]!;
    for (let row = top; row < height; row++) {
      const [from, to] = [Math.max(top, row - radius), Math.min(height, row + radius + 1)];
      out[row * width + i] = (sums[to]! - sums[from]!) / (to - from) + 0.5;
    }
  }
  return out;
}

/** The mean of `2 · radius + 1` samples of a row, fewer at its ends. */
function alongRows(plane: Uint8Array, width: number, height: number, radius: number): Uint8Array {
  const out = new Uint8Array(plane.length);
  const sums = new Float64Array(width + 1);
  for (let row = 0; row < height; row++) {
    for (let i = 0; i < width; i++) sums[i + 1] = sums[i]! + plane[row * width + i]!;
    for (let i = 0; i < width; i++) {
      const [from, to] = [Math.max(0, i - radius), Math.min(width, i + radius + 1)];
      out[row * width + i] = (sums[to]! - sums[from]!) / (to - from) + 0.5;
    }
  }
  return out;
}

function valueAt(plane: Uint8Array, width: number, height: number, column: number, row: number): number {
  const y = clamp(row, 0, height - 1.001);
  const iy = y | 0;
  const at = iy * width + column;
  return lerp(plane[at]!, plane[at + width]!, y - iy);
}
