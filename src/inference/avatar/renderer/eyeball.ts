import { fillMembrane } from '../membrane.js';
import { clamp, smoothstep } from './curves.js';

/** One plane of an eye as the portrait has it; curves by column, all in samples of the patch. */
export interface EyeOpening {
  width: number;
  height: number;
  upper: Float32Array;
  lower: Float32Array;
  irisX: number;
  irisY: number;
  irisRadius: number;
}

/** An eyeball without lids: the white everywhere, and the iris as what is added to what the white is covered by; and what the lids do to it. */
export interface Eyeball {
  white: Float32Array;
  /** Colour times coverage; where the portrait shows the iris, `iris + (1 − cover) · white` is the portrait. */
  iris: Float32Array;
  /** 0…1. */
  cover: Float32Array;
  /** Share of its light above `black` that lashes and the lids' shadow leave next to the lids, 0…1; it stays with the lids. */
  shade: Float32Array;
  /** Share of the portrait's own colour there, brighter than the eyeball or of another tint: wet edges, skin. */
  own: Float32Array;
}

/** Next to the lids the portrait's pixels are part lash and shadow: this share of the opening's width is not taken for eyeball, nor less than `least` samples. */
const INSET = { upper: 0.045, lower: 0.03, least: 2.5 };
/** Limits of what lashes leave, and from where on a place is brighter than any eyeball. */
const DARKEST = 0.15;
const BRIGHTER = 1.3;
/** In widths of the opening. */
const EVENED_OVER = 0.15;
/** Iris radii: where its edge begins to give way to the white, where it has, and from where the white is believed. */
const EDGE = { from: 0.98, to: 1.15, white: 1.2 };

/**
 * Takes the portrait's eye apart. What the lids hide of the iris is what its other half shows (upside down), or, where that is hidden too, the median
 * of its ring; the white behind the iris and the lids is the membrane between what is seen of it. So nothing of lids, lashes or catchlights comes out
 * from behind anything. `black`: the value without light, or undefined for a plane of chroma.
 */
export function paintEyeball(open: Uint8Array, o: EyeOpening, black: number | undefined): Eyeball {
  const { width, height, irisX, irisY, irisRadius } = o;
  const size = width * height;
  const span = openColumns(o);
  const [above, below] = [INSET.upper, INSET.lower].map((share) => Math.max(INSET.least, share * span)) as [
    number,
    number,
  ];
  const isOpen = (i: number, row: number) => row >= o.upper[i]! + above && row <= o.lower[i]! - below;
  const distance = (i: number, row: number) => Math.hypot(i - irisX, row - irisY) / irisRadius;
  const white = whiteOf(open, width, height, (i, row) => isOpen(i, row) && distance(i, row) > EDGE.white);
  const ring = ringsOf(open, o, isOpen);
  const iris = new Float32Array(size);
  const cover = new Float32Array(size);
  for (let row = 0; row < height; row++) {
    for (let i = 0; i < width; i++) {
      const at = row * width + i;
      const r = distance(i, row);
      cover[at] = 1 - smoothstep(EDGE.from, EDGE.to, r);
      if (r >= EDGE.to) continue;
      const over = Math.round(2 * irisY - row);
      let value = ring(r * irisRadius);
      if (isOpen(i, row)) value = open[at]!;
      else if (over >= 0 && over < height && isOpen(i, over)) {
        // A catchlight is seen once.
        value = Math.min(open[over * width + i]!, 1.25 * value);
      }
      iris[at] = value - (1 - cover[at]!) * white[at]!;
    }
  }
  const shade = new Float32Array(size).fill(1);
  const own = new Float32Array(size);
  for (let row = 0; row < height; row++) {
    for (let i = 0; i < width; i++) {
      const at = row * width + i;
      if (isOpen(i, row)) continue;
      const near = 1 - Math.min(smoothstep(0, above, row - o.upper[i]!), smoothstep(0, below, o.lower[i]! - row));
      own[at] = near;
      if (black === undefined) continue;
      const ratio = (open[at]! - black) / Math.max(1, iris[at]! + (1 - cover[at]!) * white[at]! - black);
      shade[at] = clamp(ratio, DARKEST, 1);
      own[at] = near * smoothstep(1, BRIGHTER, ratio);
    }
  }
  if (black !== undefined) evenShade(shade, o, above, Math.max(1, Math.round(EVENED_OVER * span)));
  return { white, iris, cover, shade, own };
}

/** The upper lid's shadow also where the portrait has a dark iris under it, on which it does not show: at least the mean along the lid. */
function evenShade(shade: Float32Array, { width, height, upper }: EyeOpening, depth: number, radius: number): void {
  const line = new Float32Array(width);
  for (let d = 0; d < depth; d++) {
    const at = (i: number) => clamp(Math.ceil(upper[i]!) + d, 0, height - 1) * width + i;
    for (let i = 0; i < width; i++) line[i] = shade[at(i)]!;
    for (let i = 0; i < width; i++) {
      const around = line.subarray(Math.max(0, i - radius), i + radius + 1);
      shade[at(i)] = Math.min(line[i]!, around.reduce((sum, value) => sum + value, 0) / around.length);
    }
  }
}

/** How many columns the lids are apart in. */
function openColumns({ upper, lower }: EyeOpening): number {
  let count = 0;
  for (let i = 0; i < upper.length; i++) if (lower[i]! - upper[i]! > 1) count++;
  return count;
}

function whiteOf(
  open: Uint8Array,
  width: number,
  height: number,
  isWhite: (i: number, row: number) => boolean,
): Float32Array {
  const known = new Float32Array(width * height);
  const colour = new Float32Array(width * height);
  let brightest = 0;
  for (let row = 0; row < height; row++) {
    for (let i = 0; i < width; i++) {
      const at = row * width + i;
      colour[at] = open[at]!;
      if (!isWhite(i, row)) continue;
      known[at] = 1;
      brightest = Math.max(brightest, open[at]!);
    }
  }
  // Eyes so narrow that no white is seen show none when they turn either.
  if (brightest === 0) return Float32Array.from(open);
  return fillMembrane(colour, known, width, height, 1);
}

/** The median of what is seen of the iris at a distance from its middle, in samples. */
function ringsOf(
  open: Uint8Array,
  { width, height, irisX, irisY, irisRadius }: EyeOpening,
  isOpen: (i: number, row: number) => boolean,
): (distance: number) => number {
  const count = Math.max(2, Math.ceil(EDGE.to * irisRadius) + 1);
  const rings: number[][] = Array.from({ length: count }, () => []);
  for (let row = 0; row < height; row++) {
    for (let i = 0; i < width; i++) {
      const at = Math.round(Math.hypot(i - irisX, row - irisY));
      if (at < count && isOpen(i, row)) rings[at]!.push(open[row * width + i]!);
    }
  }
  let before = open[clamp(Math.round(irisY), 0, height - 1) * width + clamp(Math.round(irisX), 0, width - 1)]!;
  const medians = rings.map((values) => {
    if (values.length > 0) before = values.sort((a, b) => a - b)[values.length >> 1]!;
    return before;
  });
  return (distance) => {
    const low = clamp(Math.floor(distance), 0, count - 2);
    return medians[low]! + (medians[low + 1]! - medians[low]!) * clamp(distance - low, 0, 1);
  };
}
