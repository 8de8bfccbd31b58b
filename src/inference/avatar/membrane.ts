/** Colours and a weight a pixel, one level of a pyramid. */
interface Level {
  width: number;
  height: number;
  channels: number;
  /** `width * height * channels`, 0…255. */
  colour: Float32Array;
  /** 1: known, 0: to be filled; in between on coarser levels. */
  known: Float32Array;
}

/** Sweeps over every level; the coarser one already gives the shape. */
const SWEEPS = 6;
/** Over-relaxation of a sweep (Young 1954): between 1 and 2. */
const RELAXATION = 1.6;

/**
 * The picture with what is not known filled from what is: the membrane that is stretched between the known pixels (Laplace's equation),
 * found from coarse to fine (push and pull: Gortler et al., "The Lumigraph", SIGGRAPH 1996, then over-relaxed on every level). Seamless
 * where known and filled pixels meet. `colour` holds `width * height * channels` values of any scale, `known` is 0 or 1 a pixel; where nothing at all
 * is known the result is `colour` itself.
 */
export function fillMembrane(
  colour: Float32Array,
  known: Float32Array,
  width: number,
  height: number,
  channels = 3,
): Float32Array {
  if (!known.includes(1)) return colour.slice();
  const levels: Level[] = [{ width, height, channels, colour: colour.slice(), known }];
  while (levels.at(-1)!.width > 1 || levels.at(-1)!.height > 1) levels.push(halved(levels.at(-1)!));
  for (let l = levels.length - 2; l >= 0; l--) {
    pull(levels[l]!, levels[l + 1]!);
    for (let sweep = 0; sweep < SWEEPS; sweep++) relax(levels[l]!);
  }
  return levels[0]!.colour;
}

/** Each pixel the mean of the known ones among four. */
function halved({ width, height, channels, colour, known }: Level): Level {
  const [w, h] = [(width + 1) >> 1, (height + 1) >> 1];
  const out: Level = {
    ...{ width: w, height: h, channels },
    colour: new Float32Array(w * h * channels),
    known: new Float32Array(w * h),
  };
  for (let y = 0, i = 0; y < h; y++) {
    for (let x = 0; x < w; x++, i++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) {
        const [column, row] = [2 * x + (k & 1), 2 * y + (k >> 1)];
        if (column >= width || row >= height) continue;
        const at = row * width + column;
        const weight = known[at]!;
        sum += weight;
        for (let c = 0; c < channels; c++) out.colour[i * channels + c]! += weight * colour[at * channels + c]!;
      }
      if (sum > 0) for (let c = 0; c < channels; c++) out.colour[i * channels + c]! /= sum;
      out.known[i] = Math.min(1, sum);
    }
  }
  return out;
}

/** What a level does not know, from the coarser one, bilinear. */
function pull(fine: Level, coarse: Level): void {
  const { channels } = fine;
  for (let y = 0, i = 0; y < fine.height; y++) {
    const [row, v] = neighbour(y, coarse.height);
    for (let x = 0; x < fine.width; x++, i++) {
      const missing = 1 - fine.known[i]!;
      if (missing <= 0) continue;
      const [column, u] = neighbour(x, coarse.width);
      const [own, above] = [y >> 1, row];
      for (let c = 0; c < channels; c++) {
        const at = (r: number, k: number) => coarse.colour[(r * coarse.width + k) * channels + c]!;
        const near = at(own, x >> 1) * (1 - u) + at(own, column) * u;
        const far = at(above, x >> 1) * (1 - u) + at(above, column) * u;
        const filled = near * (1 - v) + far * v;
        const o = i * channels + c;
        fine.colour[o] = fine.known[i]! * fine.colour[o]! + missing * filled;
      }
    }
  }
}

/** The second nearest coarse pixel to a fine one, and its share. */
function neighbour(i: number, size: number): [number, number] {
  const other = (i >> 1) + ((i & 1) === 0 ? -1 : 1);
  return other < 0 || other >= size ? [i >> 1, 0] : [other, 0.25];
}

/** One sweep of over-relaxation: unknown pixels move to, and a little past, the mean of their neighbours. */
function relax({ width, height, channels, colour, known }: Level): void {
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (known[i]! > 0) continue;
      const [left, right] = [x > 0 ? i - 1 : i, x < width - 1 ? i + 1 : i];
      const [up, down] = [y > 0 ? i - width : i, y < height - 1 ? i + width : i];
      for (let c = 0; c < channels; c++) {
        const at = (pixel: number) => colour[pixel * channels + c]!;
        const around = at(left) + at(right) + at(up) + at(down);
        colour[i * channels + c]! += RELAXATION * (around / 4 - at(i));
      }
    }
  }
}
