import type { FaceLandmarks } from './face-mesh.js';
import { EYE, EYE_GAPS, MOUTH_GAPS, POINT } from './landmarks.js';
import type { SampledImage } from './sample.js';

/** Distances on the face itself, in pixels of the picture, depth included: turning the head does not shorten them. */
export interface FaceSize {
  /** Between the sides of the face in front of the ears. */
  width: number;
  /** From the upper forehead to the chin. */
  height: number;
}

/** What an area of the face looks like, on a scale where the cheeks' brightness is 1. */
export interface FaceAppearance {
  /** Brightness of the skin around each eye: what dark glasses hide. */
  eyeSurround: { right: number; left: number };
  /** Span from the darkest to the brightest twentieth within the lids: pupil against white. */
  eyeContrast: { right: number; left: number };
  /** How far the lips' colour is from that of the skin around them, as chroma. */
  lipColour: number;
  /** How much darker the line between the lips is than lips and skin. */
  lipLine: number;
}

const CROP = 256;
const RANGE = { low: 0, high: 255, outside: 'edge' } as const;
const CHEEKS = [50, 205, 187, 36, 280, 425, 411, 266];
const AROUND_EYES = {
  right: [228, 229, 230, 231, 232, 27, 29, 28],
  left: [448, 449, 450, 451, 452, 257, 259, 258],
} as const;
const LIP_FLESH = [73, 72, 11, 302, 303, 180, 85, 16, 315, 404, 41, 38, 12, 268, 271, 179, 86, 15, 316, 403];
const AROUND_LIPS = [164, 167, 393, 165, 391, 18, 83, 313, 182, 406, 57, 287, 43, 273];

/** Mean of the gaps over the distance of the corners: about 0.3 for open eyes, below 0.12 closed. */
export function eyeOpenness(points: Float32Array): { right: number; left: number } {
  return { right: openness(points, EYE_GAPS.right), left: openness(points, EYE_GAPS.left) };
}

/** Mean gap between the inner lips over the width of the mouth: 0 closed, about 0.5 wide open. */
export function mouthOpenness(points: Float32Array): number {
  return openness(points, MOUTH_GAPS);
}

export function faceSize(points: Float32Array): FaceSize {
  return {
    width: distance(points, POINT.rightSide, POINT.leftSide),
    height: distance(points, POINT.forehead, POINT.chin),
  };
}

/** What the surface of a face looks like with the face's crop at 512 pixels. */
export interface FaceTexture {
  /**
   * How much fine detail the face holds, 0…1: the contrast between neighbours as a part of the contrast between places 8 pixels
   * apart. 0.09 to 0.2 on sharp portraits, below 0.05 where they are visibly blurred or were enlarged.
   */
  sharpness: number;
  /**
   * The part of the face that is of one tone, without even grain: all nine pixels around a place within one level of 255. At most 0.05 on
   * sharp photos and renderings; more where they are blurred or pressed hard, and where areas were filled with a brush.
   */
  flatness: number;
}

export function faceTexture(image: SampledImage, { region }: FaceLandmarks): FaceTexture {
  const size = 512;
  const inner = { ...region, side: region.side / 1.5 };
  const luma = brightnessOf(image.crop(inner, size, RANGE));
  const spread = (step: number) => {
    let sum = 0;
    for (let y = step; y < size - step; y += 2) {
      for (let x = step; x < size - step; x += 2) {
        const at = y * size + x;
        const around =
          (luma[at - step] ?? 0) +
          (luma[at + step] ?? 0) +
          (luma[at - step * size] ?? 0) +
          (luma[at + step * size] ?? 0);
        sum += Math.abs(4 * (luma[at] ?? 0) - around);
      }
    }
    return sum;
  };
  const coarse = spread(8);
  return { sharpness: coarse === 0 ? 0 : Math.min(1, spread(1) / coarse), flatness: flatShare(luma, size) };
}

/** Within the ellipse that a face fills of its crop: beside it may be a wall. */
function flatShare(luma: Float32Array, size: number): number {
  let [flat, all] = [0, 0];
  for (let y = 1; y < size - 1; y += 2) {
    for (let x = 1; x < size - 1; x += 2) {
      if (((x / size - 0.5) / 0.36) ** 2 + ((y / size - 0.5) / 0.45) ** 2 > 1) continue;
      let [low, high] = [255, 0];
      for (let k = 0; k < 9; k++) {
        const value = luma[(y - 1 + Math.floor(k / 3)) * size + x - 1 + (k % 3)] ?? 0;
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
      all++;
      if (high - low <= 1) flat++;
    }
  }
  return flat / all;
}

export function faceAppearance(image: SampledImage, face: FaceLandmarks): FaceAppearance {
  const patch = new Patch(image, face);
  const cheeks = patch.mean(CHEEKS);
  const unit = Math.max(8, cheeks.y);
  const surround = (indices: readonly number[]) => median(indices.map((index) => patch.mean([index]).y)) / unit;
  const contrast = (indices: readonly number[]) => patch.span(indices) / unit;
  const [lips, skin] = [patch.mean(LIP_FLESH), patch.mean(AROUND_LIPS)];
  const line = median(
    [
      [81, 178],
      [82, 87],
      [13, 14],
      [312, 317],
      [311, 402],
    ].map(([upper = 0, lower = 0]) => patch.darkestBetween(upper, lower)),
  );
  return {
    eyeSurround: { right: surround(AROUND_EYES.right), left: surround(AROUND_EYES.left) },
    eyeContrast: { right: contrast(EYE.right), left: contrast(EYE.left) },
    lipColour: Math.hypot(lips.cb - skin.cb, lips.cr - skin.cr) / unit,
    lipLine: (Math.min(lips.y, skin.y) - line) / unit,
  };
}

/** The face's crop, upright, with its landmarks moved into it. */
class Patch {
  readonly #pixels: Float32Array;
  readonly #luma: Float32Array;
  readonly #at: (index: number) => readonly [number, number];

  constructor(image: SampledImage, { points, region }: FaceLandmarks) {
    this.#pixels = image.crop(region, CROP, RANGE);
    this.#luma = brightnessOf(this.#pixels);
    const [cos, sin, scale] = [Math.cos(region.angle), Math.sin(region.angle), CROP / region.side];
    this.#at = (index) => {
      const [dx, dy] = [(points[3 * index] ?? 0) - region.centreX, (points[3 * index + 1] ?? 0) - region.centreY];
      return [(dx * cos + dy * sin) * scale + CROP / 2, (dy * cos - dx * sin) * scale + CROP / 2];
    };
  }

  /** Mean colour of the 3×3 pixels at some landmarks (BT.601, full range, chroma about 0). */
  mean(indices: readonly number[]): { y: number; cb: number; cr: number } {
    let [red, green, blue, count] = [0, 0, 0, 0];
    for (const index of indices) {
      const [x, y] = this.#at(index);
      for (let row = -1; row <= 1; row++) {
        for (let column = -1; column <= 1; column++) {
          const i = pixelAt(x + column, y + row) * 3;
          red += this.#pixels[i] ?? 0;
          green += this.#pixels[i + 1] ?? 0;
          blue += this.#pixels[i + 2] ?? 0;
          count++;
        }
      }
    }
    const luma = (0.299 * red + 0.587 * green + 0.114 * blue) / count;
    return { y: luma, cb: 0.564 * (blue / count - luma), cr: 0.713 * (red / count - luma) };
  }

  /** From the darkest to the brightest twentieth of the brightness within an outline, given as points in any order. */
  span(indices: readonly number[]): number {
    const places = indices.map(this.#at);
    const outline = convexHull(places);
    const values: number[] = [];
    const [xs, ys] = [places.map(([x]) => x), places.map(([, y]) => y)];
    for (let y = Math.floor(Math.min(...ys)); y <= Math.max(...ys); y++) {
      for (let x = Math.floor(Math.min(...xs)); x <= Math.max(...xs); x++) {
        if (isInside(outline, x + 0.5, y + 0.5)) values.push(this.#luma[pixelAt(x + 0.5, y + 0.5)] ?? 0);
      }
    }
    values.sort((a, b) => a - b);
    return (values[Math.floor(values.length * 0.95)] ?? 0) - (values[Math.floor(values.length * 0.05)] ?? 0);
  }

  /** The darkest brightness on the way from one landmark to another, a little beyond both. */
  darkestBetween(from: number, to: number): number {
    const [[x0, y0], [x1, y1]] = [this.#at(from), this.#at(to)];
    let darkest = 255;
    for (let y = Math.min(y0, y1) - 3; y <= Math.max(y0, y1) + 3; y += 0.5) {
      darkest = Math.min(darkest, this.#luma[pixelAt((x0 + x1) / 2, y)] ?? 255);
    }
    return darkest;
  }
}

function brightnessOf(pixels: Float32Array): Float32Array {
  return Float32Array.from({ length: pixels.length / 3 }, (_, i) => {
    return 0.299 * (pixels[3 * i] ?? 0) + 0.587 * (pixels[3 * i + 1] ?? 0) + 0.114 * (pixels[3 * i + 2] ?? 0);
  });
}

function pixelAt(x: number, y: number): number {
  const inside = (value: number) => Math.min(CROP - 1, Math.max(0, Math.floor(value)));
  return inside(y) * CROP + inside(x);
}

function openness(
  points: Float32Array,
  { gaps, corners }: { gaps: readonly (readonly number[])[]; corners: readonly number[] },
): number {
  const mean = gaps.reduce((sum, [upper = 0, lower = 0]) => sum + distance2d(points, upper, lower), 0) / gaps.length;
  return mean / Math.max(1e-6, distance2d(points, corners[0] ?? 0, corners[1] ?? 0));
}

function distance(points: Float32Array, a: number, b: number): number {
  return Math.hypot(...[0, 1, 2].map((k) => (points[3 * a + k] ?? 0) - (points[3 * b + k] ?? 0)));
}

/** Without depth, which refined points do not have. */
function distance2d(points: Float32Array, a: number, b: number): number {
  return Math.hypot(...[0, 1].map((k) => (points[3 * a + k] ?? 0) - (points[3 * b + k] ?? 0)));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

type Place = readonly [number, number];

const turn = ([ax, ay]: Place, [bx, by]: Place, [cx, cy]: Place) => (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);

/** Andrew's monotone chain. */
function convexHull(places: readonly Place[]): Place[] {
  const sorted = [...places].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const chain = (order: readonly Place[]) => {
    const hull: Place[] = [];
    for (const place of order) {
      while (hull.length >= 2 && turn(hull.at(-2)!, hull.at(-1)!, place) <= 0) hull.pop();
      hull.push(place);
    }
    return hull.slice(0, -1);
  };
  return [...chain(sorted), ...chain(sorted.reverse())];
}

function isInside(hull: readonly Place[], x: number, y: number): boolean {
  return hull.every((place, i) => turn(place, hull[(i + 1) % hull.length]!, [x, y]) >= 0);
}
