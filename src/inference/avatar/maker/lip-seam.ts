import type { RgbImage } from '../png.js';
import { LOWER_LIP, UPPER_LIP } from '../rig.js';
import { boxMean, type Plane, planeOf } from './plane.js';

/** Lips farther apart than this, in widths of the mouth, are open: then there are two lines, not one. */
const OPEN = 0.045;
/** Columns along the mouth, rows to each side of where the landmarks have the line, and how far those reach, in widths of the mouth. */
const COLUMNS = 61;
const ROWS = 12;
const REACH = 0.06;
/** A line is told from a dark lip by what lies so many rows above and below it. */
const BESIDE = 5;
/** What it costs to leave the landmarks' line by `REACH`, and to leave the row of the column before by one, against the darkness of a whole seam. */
const FAR = 0.7;
const STEP = 0.12;
/** A line that is less dark than this against what is beside it, as a share of that light, is none. */
const LEAST_CONTRAST = 0.04;
/** How far the lips' other rings go along with the inner one. */
const FOLLOW = { inner: 1, innerMiddle: 0.7, middle: 0.35 } as const;
/** What is left of the way from a lip's outer corner to its inner one: that is where a mouth opens. */
const CORNER = 0.4;

/**
 * Lays the line between closed lips where the portrait has it. Landmarks run beside it by a hundredth or two of the mouth's width and end before
 * its corners; lips that open would then keep parts of the dark line on them, and leave its ends beside the mouth. Points in pixels of the
 * portrait; changes the lips' of `landmarks`. Lips that are open, and faces that show no line, stay as they are.
 */
export function settleLips(portrait: RgbImage, landmarks: Float32Array): void {
  const x = (i: number) => landmarks[3 * i]!;
  const y = (i: number) => landmarks[3 * i + 1]!;
  const [right, left] = [UPPER_LIP.outer[0], UPPER_LIP.outer[10]];
  const width = Math.hypot(x(left) - x(right), y(left) - y(right));
  if (width < 8) return;
  const [cos, sin] = [(x(left) - x(right)) / width, (y(left) - y(right)) / width];
  const across = (i: number) => (x(i) - x(right)) * cos + (y(i) - y(right)) * sin;
  const down = (i: number) => (y(i) - y(right)) * cos - (x(i) - x(right)) * sin;
  if (down(LOWER_LIP.inner[5]) - down(UPPER_LIP.inner[5]) > OPEN * width) return;

  const line = UPPER_LIP.inner.map((up, k) => ({
    at: across(up),
    down: (down(up) + down(LOWER_LIP.inner[k]!)) / 2,
  }));
  const knots = [{ at: 0, down: 0 }, ...line, { at: width, down: down(left) }];
  const luma = lumaAround(portrait, x(right), y(right), width);
  const step = (REACH * width) / ROWS;
  const rows = 2 * ROWS + 1;
  const dark = new Float32Array(COLUMNS * rows);
  for (let c = 0; c < COLUMNS; c++) {
    const along = (c / (COLUMNS - 1)) * width;
    const middle = between(knots, along);
    for (let r = 0; r < rows; r++) {
      const at = (row: number) => {
        const below = middle + row * step;
        return luma(x(right) + along * cos - below * sin, y(right) + below * cos + along * sin);
      };
      const around = (at(r - ROWS - BESIDE) + at(r - ROWS + BESIDE)) / 2;
      dark[c * rows + r] = (around - at(r - ROWS)) / Math.max(0.02, around);
    }
  }
  const seam = darkestPath(dark, rows);
  if (seam === undefined) return;
  const shiftAt = (along: number) => {
    const c = Math.min(COLUMNS - 1.001, Math.max(0, (along / width) * (COLUMNS - 1)));
    const low = Math.floor(c);
    return (seam[low]! + (seam[low + 1]! - seam[low]!) * (c - low)) * step;
  };
  const move = (i: number, along: number, below: number) => {
    landmarks[3 * i] = x(i) + along * cos - below * sin;
    landmarks[3 * i + 1] = y(i) + below * cos + along * sin;
  };
  for (let k = 1; k < 10; k++) {
    const shift = shiftAt(line[k]!.at);
    for (const ring of ['inner', 'innerMiddle', 'middle'] as const) {
      move(UPPER_LIP[ring][k]!, 0, FOLLOW[ring] * shift);
      move(LOWER_LIP[ring][k]!, 0, FOLLOW[ring] * shift);
    }
  }
  for (const k of [0, 10] as const) {
    const outer = UPPER_LIP.outer[k];
    const [outerAt, outerDown] = [across(outer), down(outer)];
    const bend = between(knots, outerAt + CORNER * (line[k]!.at - outerAt)) + shiftAt(line[k]!.at);
    for (const ring of ['inner', 'innerMiddle', 'middle'] as const) {
      const i = UPPER_LIP[ring][k]!;
      const share = (across(i) - outerAt) / (line[k]!.at - outerAt || 1);
      const [toAt, toDown] = [outerAt + CORNER * (across(i) - outerAt), outerDown + share * (bend - outerDown)];
      move(i, toAt - across(i), toDown - down(i));
    }
  }
}

/** Luma 0…1, evened over little more than a pixel, near a mouth that begins at a place. */
function lumaAround({ width, height, data }: RgbImage, x: number, y: number, size: number) {
  const [left, top] = [Math.floor(x - size), Math.floor(y - size)];
  const side = Math.ceil(3 * size);
  const held = (value: number, most: number) => Math.min(most - 1, Math.max(0, value));
  const plane: Plane = planeOf(side, side, (i) => {
    const at = 3 * (held(top + Math.floor(i / side), height) * width + held(left + (i % side), width));
    return (0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!) / 255;
  });
  const soft = boxMean(plane, 1);
  return (px: number, py: number) => {
    const [u, v] = [held(px - 0.5 - left, side - 1.001), held(py - 0.5 - top, side - 1.001)];
    const at = Math.floor(v) * side + Math.floor(u);
    const [fu, fv] = [u % 1, v % 1];
    const upper = soft.data[at]! * (1 - fu) + soft.data[at + 1]! * fu;
    const lower = soft.data[at + side]! * (1 - fu) + soft.data[at + side + 1]! * fu;
    return upper * (1 - fv) + lower * fv;
  };
}

/**
 * The way from column to column along what is darker than what lies above and below it (`dark`, a share of the light there), without leaps and without
 * leaving the middle for little: rows from the middle, by column. Undefined where no line is seen.
 */
function darkestPath(dark: Float32Array, rows: number): Float32Array | undefined {
  const cost = new Float32Array(dark.length);
  const from = new Int16Array(dark.length);
  const contrasts: number[] = [];
  for (let c = 0; c < COLUMNS; c++) {
    const column = dark.subarray(c * rows, (c + 1) * rows);
    const most = Math.max(...column);
    contrasts.push(most);
    for (let r = 0; r < rows; r++) {
      const own = 1 - column[r]! / Math.max(LEAST_CONTRAST, most) + FAR * ((r - ROWS) / ROWS) ** 2;
      let best = c === 0 ? 0 : Infinity;
      for (let d = -2; c > 0 && d <= 2; d++) {
        const before = r + d;
        if (before < 0 || before >= rows) continue;
        const value = cost[(c - 1) * rows + before]! + STEP * d * d;
        if (value >= best) continue;
        best = value;
        from[c * rows + r] = before;
      }
      cost[c * rows + r] = own + best;
    }
  }
  if (contrasts.toSorted((a, b) => a - b)[COLUMNS >> 1]! < LEAST_CONTRAST) return undefined;
  const path = new Float32Array(COLUMNS);
  const last = cost.subarray((COLUMNS - 1) * rows);
  let r = last.indexOf(Math.min(...last));
  for (let c = COLUMNS - 1; c >= 0; c--) {
    path[c] = r - ROWS;
    r = from[c * rows + r]!;
  }
  // The rows are steps: their mean over a few columns is the line.
  return path.map((_, c) => {
    const around = path.subarray(Math.max(0, c - 2), c + 3);
    return around.reduce((sum, value) => sum + value, 0) / around.length;
  });
}

/** Height of a broken line at `at`; its ends go on level. */
function between(knots: readonly { at: number; down: number }[], at: number): number {
  const next = knots.findIndex((knot) => knot.at >= at);
  if (next <= 0) return knots[next === 0 ? 0 : knots.length - 1]!.down;
  const [a, b] = [knots[next - 1]!, knots[next]!];
  return a.down + ((b.down - a.down) * (at - a.at)) / Math.max(1e-6, b.at - a.at);
}
