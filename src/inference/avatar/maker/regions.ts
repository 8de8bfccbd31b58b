import type { Plane } from './plane.js';

/** Holes up to this part of the picture are filled: a mask's mistakes, not the sky seen past an arm. */
const LARGEST_HOLE = 0.01;
/** Below it a pixel joins nothing. */
const FAINT = 0.1;
/** From here on a pixel is no hole. */
const FULL = 0.9;

/** 1 for pixels whose centre lies in the polygon (even-odd rule), else 0. */
export function insidePolygon(
  corners: readonly (readonly [number, number])[],
  width: number,
  height: number,
): Uint8Array {
  const inside = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const crossings: number[] = [];
    corners.forEach(([x0, y0], i) => {
      const [x1, y1] = corners[(i + 1) % corners.length]!;
      const line = y + 0.5;
      if (y0 > line !== y1 > line) crossings.push(x0 + ((line - y0) / (y1 - y0)) * (x1 - x0));
    });
    crossings.sort((a, b) => a - b);
    for (let k = 0; k + 1 < crossings.length; k += 2) {
      const from = Math.max(0, Math.ceil(crossings[k]! - 0.5));
      const to = Math.min(width - 1, Math.ceil(crossings[k + 1]! - 0.5) - 1);
      for (let x = from; x <= to; x++) inside[y * width + x] = 1;
    }
  }
  return inside;
}

/**
 * Takes out of a mask, in place, what does not hang together with `seed` (1 where it is) over values of at least a tenth, and fills small
 * places below nine tenths that it encloses: those that are the person's by `belief`, a rougher mask, where that is given, so that the gaps
 * between strands of hair stay.
 */
export function removeIslands(mask: Plane, seed: Uint8Array, belief?: Plane): void {
  const { width, height, data } = mask;
  const person = label(width, height, (i) => data[i]! >= FAINT || seed[i] === 1);
  const kept = new Set<number>();
  for (let i = 0; i < data.length; i++) if (seed[i] === 1) kept.add(person.labels[i]!);
  for (let i = 0; i < data.length; i++) if (!kept.has(person.labels[i]!)) data[i] = 0;
  const open = label(width, height, (i) => data[i]! < FULL);
  const most = LARGEST_HOLE * data.length;
  const believed = new Float64Array(open.parts.length);
  for (let i = 0; i < data.length; i++) if (open.labels[i]! >= 0) believed[open.labels[i]!]! += belief?.data[i] ?? 1;
  const holes = open.parts.map(({ size, atEdge }, part) => !atEdge && size < most && believed[part]! >= FULL * size);
  for (let i = 0; i < data.length; i++) if (open.labels[i]! >= 0 && holes[open.labels[i]!] === true) data[i] = 1;
}

interface Part {
  size: number;
  /** Whether it reaches the picture's edge. */
  atEdge: boolean;
}

/** The connected parts (four neighbours) of the pixels that belong: the number of its part for each pixel, −1 for those that do not. */
function label(width: number, height: number, belongs: (i: number) => boolean) {
  const labels = new Int32Array(width * height).fill(-1);
  const parts: Part[] = [];
  const waiting = new Int32Array(width * height);
  for (let start = 0; start < labels.length; start++) {
    if (labels[start] !== -1 || !belongs(start)) continue;
    const part: Part = { size: 0, atEdge: false };
    let count = 1;
    waiting[0] = start;
    labels[start] = parts.length;
    while (count > 0) {
      const i = waiting[--count]!;
      const [x, y] = [i % width, Math.floor(i / width)];
      part.size++;
      if (x === 0 || y === 0 || x === width - 1 || y === height - 1) part.atEdge = true;
      for (let k = 0; k < 4; k++) {
        if (
          (k === 0 && x === 0) ||
          (k === 1 && x === width - 1) ||
          (k === 2 && y === 0) ||
          (k === 3 && y === height - 1)
        )
          continue;
        const next = i + (k === 0 ? -1 : k === 1 ? 1 : k === 2 ? -width : width);
        if (labels[next] !== -1 || !belongs(next)) continue;
        labels[next] = parts.length;
        waiting[count++] = next;
      }
    }
    parts.push(part);
  }
  return { labels, parts };
}
