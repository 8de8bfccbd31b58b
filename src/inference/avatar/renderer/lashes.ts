import { clamp, smoothstep } from './curves.js';
import type { EyeCurves } from './eye.js';
import type { Texture } from './texture.js';

/** What lines the upper lid of a portrait: bare lashes, mascara or liner. */
export interface LashLine {
  y: number;
  u: number;
  v: number;
  /** 0 barely darker than the lid … 1 black on light skin. */
  strength: number;
}

/** Places along the lid that are looked at, as shares of the eye's width. */
const FROM = 0.15;
const TO = 0.85;
const STEPS = 29;
/** How far the lash line is looked for above and below the lid's edge, and where plain lid is above it, in eye widths. */
const NEAR = 0.05;
const LID = 0.17;
/** How much darker than the lid a line of full strength is. */
const FULL_CONTRAST = 0.75;
const LEAST_LUMA = 20;

/** The median, along the upper lid, of the darkest place next to its edge, and how far that is from the skin above. */
export function lashLineOf(texture: Texture, curves: EyeCurves, upperAt: (x: number) => number): LashLine {
  const { y: luma, width, height } = texture;
  const stride = 2 * width;
  const row = (y: number) => clamp(Math.round(2 * y - 0.5), 0, 2 * height - 1);
  const places: { y: number; u: number; v: number; contrast: number }[] = [];
  for (let k = 0; k < STEPS; k++) {
    const x = curves.x0 + (FROM + ((TO - FROM) * k) / (STEPS - 1)) * curves.width;
    const edge = upperAt(x);
    const column = clamp(Math.round(2 * x - 0.5), 0, stride - 1);
    let [darkest, at] = [255, row(edge)];
    for (let r = row(edge - NEAR * curves.width); r <= row(edge + 0.4 * NEAR * curves.width); r++) {
      if (luma[r * stride + column]! >= darkest) continue;
      darkest = luma[r * stride + column]!;
      at = r;
    }
    const skin = luma[row(edge - LID * curves.width) * stride + column]!;
    const chroma = (at >> 1) * width + (column >> 1);
    places.push({
      y: darkest,
      u: texture.u[chroma]!,
      v: texture.v[chroma]!,
      contrast: (skin - darkest) / Math.max(1, skin - 16),
    });
  }
  const median = (of: (place: (typeof places)[number]) => number) =>
    places.map(of).sort((a, b) => a - b)[places.length >> 1]!;
  return {
    y: Math.max(
      LEAST_LUMA,
      median(({ y }) => y),
    ),
    u: median(({ u }) => u),
    v: median(({ v }) => v),
    strength: clamp(median(({ contrast }) => contrast) / FULL_CONTRAST, 0.2, 1),
  };
}

/** A patch of one plane of an eye, in its samples. */
export interface LashPatch {
  width: number;
  height: number;
  /** Line of the closed lid by column. */
  closed: Float32Array;
  /** Width of the eye. */
  unit: number;
  /** Column of the eye's middle. */
  middle: number;
  /** Samples an output pixel. */
  scale: number;
}

const HAIRS = 62;
/** Half the thickness of the line of a closed lid, in eye widths. */
const THICKNESS = { least: 0.006, most: 0.016 };
const HAIR_LENGTH = { least: 0.05, most: 0.09 };
/** Nothing is painted farther below the closed lid's line, in eye widths. */
export const LASHES_REACH = HAIR_LENGTH.most;

/** Coverage 0…255 of the line where a closed lid meets the lower one, and of the lashes that hang from it. */
export function paintLashes(patch: LashPatch, strength: number): Uint8Array {
  const { width, height, closed, unit, middle, scale } = patch;
  const cover = new Float32Array(width * height);
  const half = unit * (THICKNESS.least + (THICKNESS.most - THICKNESS.least) * strength);
  const peak = 0.5 + 0.4 * strength;
  for (let i = 0; i < width; i++) {
    const along = Math.abs(i - middle) / unit;
    const taper = 1 - smoothstep(0.2, 0.5, along);
    if (taper === 0) continue;
    for (let row = 0; row < height; row++) {
      const d = Math.abs(row - closed[i]!);
      cover[row * width + i] =
        peak * Math.sqrt(taper) * (1 - smoothstep(0.4 * half * taper, half * taper + 0.45 * scale, d));
    }
  }
  for (let k = 0; k < HAIRS; k++) {
    const along = ((k + 0.5) / HAIRS - 0.5) * 0.96 + 0.005 * Math.sin(k * 12.9898);
    // Longest towards the outer third, on either eye: what is inner and outer does not show at this size.
    const full = HAIR_LENGTH.least + (HAIR_LENGTH.most - HAIR_LENGTH.least) * strength;
    const length = full * unit * (1 - 2.2 * along * along) * (0.7 + 0.3 * Math.sin(k * 78.233));
    const lean = along * 1.1 + 0.16 * Math.sin(k * 37.719);
    const x0 = middle + along * unit;
    const y0 = closed[clamp(Math.round(x0), 0, width - 1)]!;
    drawHair(cover, width, height, { x: x0, y: y0, lean, length, alpha: 0.34 * strength });
  }
  return Uint8Array.from(cover, (value) => Math.round(255 * value));
}

/** A hair that thins towards its end, half a sample to each side. */
function drawHair(
  cover: Float32Array,
  width: number,
  height: number,
  hair: { x: number; y: number; lean: number; length: number; alpha: number },
): void {
  const end = hair.y + hair.length;
  for (let row = Math.max(0, Math.ceil(hair.y)); row <= Math.min(height - 1, end); row++) {
    const t = (row - hair.y) / Math.max(1e-3, hair.length);
    const x = hair.x + hair.lean * hair.length * t * (0.6 + 0.4 * t);
    for (const column of [Math.floor(x), Math.floor(x) + 1]) {
      if (column < 0 || column >= width) continue;
      const at = row * width + column;
      const value = hair.alpha * (1 - t) * (1 - Math.abs(x - column));
      cover[at] = cover[at]! + (1 - cover[at]!) * value;
    }
  }
}
