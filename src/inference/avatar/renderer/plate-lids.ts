import type { LidLine, LidPlates } from '../plates.js';
import { clamp, smoothstep, traceCurve } from './curves.js';
import type { EyePatch } from './drawn-lid.js';
import { type LidStage, PlatedLid } from './plate-lid.js';
import { buildTexture, type Fit, resampleGrey, type Texture } from './texture.js';

/** A line along a lid in output pixels. */
export interface LidCurve {
  x: Float32Array;
  y: Float32Array;
}

/** One eye's plate at one degree of closing, as the renderer samples it. */
export interface EyeStage {
  /** 0 < … ≤ 1. */
  amount: number;
  /** Skin and eye without the upper lashes. */
  skin: Texture;
  /** Share of light that the upper lashes let through, 0…255; as dense as the texture's `y`, and as its `u` and `v`. */
  lashY: Uint8Array;
  lashC: Uint8Array;
  upper: LidCurve;
  lower: LidCurve;
}

/** An eye's plates by rising `amount`; `x`, `y` (even): where the textures' corner is in the output, in pixels. */
export interface EyeStages {
  x: number;
  y: number;
  /** The lids as the portrait has them. */
  rest: { upper: LidCurve; lower: LidCurve };
  stages: readonly EyeStage[];
}

/** Resamples the plates as the portrait itself was for this `fit`. Runs once per avatar. */
export function eyeStages(
  lids: LidPlates,
  portrait: { width: number; height: number },
  fit: Fit,
): { right: EyeStages; left: EyeStages } {
  const unitX = fit.scaleX / portrait.width;
  const unitY = fit.scaleY / portrait.height;
  const left = lids.x * unitX + fit.offsetX;
  const top = lids.y * unitY + fit.offsetY;
  const x = 2 * Math.floor(left / 2);
  const y = 2 * Math.floor(top / 2);
  const width = 2 * Math.ceil((left - x + lids.width * unitX) / 2);
  const height = 2 * Math.ceil((top - y + lids.height * unitY) / 2);
  const window: Fit = { scaleX: lids.width * unitX, scaleY: lids.height * unitY, offsetX: left - x, offsetY: top - y };
  const curve = (line: LidLine): LidCurve => ({
    x: Float32Array.from(line, ([px]) => px * fit.scaleX + fit.offsetX),
    y: Float32Array.from(line, ([, py]) => py * fit.scaleY + fit.offsetY),
  });
  const shared = lids.stages.map(({ amount }, k) => {
    const rows = <T extends { data: Uint8Array }>(image: T, channels: number) => {
      const size = lids.width * lids.height * channels;
      return { width: lids.width, height: lids.height, data: image.data.subarray(k * size, (k + 1) * size) };
    };
    const lashes = rows(lids.lashes, 1);
    return {
      amount,
      skin: buildTexture(rows(lids.skin, 3), window, width, height),
      lashY: resampleGrey(lashes, window, 2 * width, 2 * height, 2),
      lashC: resampleGrey(lashes, window, width, height),
    };
  });
  const of = (eye: 'right' | 'left'): EyeStages => ({
    x,
    y,
    rest: { upper: curve(lids.rest[eye].upper), lower: curve(lids.rest[eye].lower) },
    stages: shared.map((stage, k) => {
      const { upper, lower } = lids.stages[k]![eye];
      return { ...stage, upper: curve(upper), lower: curve(lower) };
    }),
  });
  return { right: of('right'), left: of('left') };
}

/** The lines of the open lids as the model has them, from corner to corner: landmarks that were found in the portrait are off by some pixels there. */
export function openLids(rest: EyeStages['rest'], found: { x0: number; y0: number; x1: number; y1: number }) {
  const { upper, lower } = rest;
  const ends = (of: number) => {
    const [a, b] = [upper, lower].map((line) => ({ x: line.x.at(of)!, y: line.y.at(of)! })) as [Place, Place];
    return { x: of === 0 ? Math.min(a.x, b.x) : Math.max(a.x, b.x), y: (a.y + b.y) / 2 };
  };
  // Lashes do not reach into the inner corner.
  const first = ends(0).x < found.x0 ? ends(0) : { x: found.x0, y: found.y0 };
  const last = ends(-1).x > found.x1 ? ends(-1) : { x: found.x1, y: found.y1 };
  const line = ({ x, y }: LidCurve): LidCurve => {
    const inner = [...x.keys()].filter((k) => x[k]! > first.x + 0.5 && x[k]! < last.x - 0.5);
    return {
      x: Float32Array.from([first.x, ...inner.map((k) => x[k]!), last.x]),
      y: Float32Array.from([first.y, ...inner.map((k) => y[k]!), last.y]),
    };
  };
  return { upper: line(upper), lower: line(lower) };
}

interface Place {
  x: number;
  y: number;
}

/** Plates fade into the portrait over this much of their own border, and from so far beyond the eye's corners on, in eye widths. */
const FADE = { border: 0.08, from: 0.06, to: 0.22 };

/** Lashes are brown: they take this share of the colour with the light, or skin behind them would turn grey. */
const LASH_CHROMA = 0.8;

/** The lid of a patch as the plates show it. */
export function platedLid(patch: EyePatch, { x, y, stages }: EyeStages): PlatedLid {
  const { channel, isLuma, scale, left, top, width, height, unit, open } = patch;
  const brow = patch.upper.slice().fill(Math.max(1, Math.min(...patch.upper) - patch.room));
  const [offsetX, offsetY] = [left - x * scale, top - y * scale];
  const size = stages[0]!.skin;
  const [wide, high] = [(size.width * scale) | 0, (size.height * scale) | 0];
  const taken = (from: Uint8Array, rest: (at: number) => number) => {
    const out = new Uint8Array(width * height);
    for (let row = 0; row < height; row++) {
      const py = clamp(row + offsetY, 0, high - 1);
      for (let i = 0; i < width; i++) {
        const px = i + offsetX;
        const at = row * width + i;
        out[at] = px >= 0 && px < wide ? from[py * wide + px]! : rest(at);
      }
    }
    return out;
  };
  const mask = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    for (let i = 0; i < width; i++) {
      const [px, py] = [i + offsetX, row + offsetY];
      const border = Math.min(px, wide - 1 - px, py, high - 1 - py) / (FADE.border * unit);
      const aside = Math.max(patch.x0 - i, i - patch.x1) / unit;
      const over = (row - brow[i]!) / (0.5 * FADE.border * unit);
      mask[row * width + i] =
        255 * smoothstep(0, 1, border) * (1 - smoothstep(FADE.from, FADE.to, aside)) * smoothstep(0, 1, over) + 0.5;
    }
  }
  const clear = new Uint8Array(width * height).fill(255);
  const still: LidStage = { amount: 0, skin: open, lashes: clear, upper: patch.upper, lower: patch.lower };
  const closing = stages.map((stage): LidStage => {
    const upper = columnsOf(patch, stage.upper);
    const lower = columnsOf(patch, stage.lower);
    if (stage.amount === 1) {
      for (let i = 0; i < width; i++) upper[i] = lower[i] = (upper[i]! + lower[i]!) / 2;
    }
    let lashes = taken(isLuma ? stage.lashY : stage.lashC, () => 255);
    if (!isLuma) lashes = lashes.map((through) => 255 - LASH_CHROMA * (255 - through) + 0.5);
    return { amount: stage.amount, skin: taken(stage.skin[channel], (at) => open[at]!), lashes, upper, lower };
  });
  return new PlatedLid({ width, height, unit, isLuma, brow, mask }, [still, ...closing]);
}

/** A lid's line by column: it ends in the corners of the eye, which stay where the portrait has them. */
function columnsOf(p: EyePatch, line: LidCurve): Float32Array {
  const out = new Float32Array(p.width);
  const toColumn = Array.from(line.x, (px) => px * p.scale - 0.5 - p.left);
  const inner = [...toColumn.keys()].filter((k) => toColumn[k]! > p.x0 + 1 && toColumn[k]! < p.x1 - 1);
  const at = (x: number) => p.upper[clamp(Math.round(x), 0, p.width - 1)]!;
  const xs = [p.x0, ...inner.map((k) => toColumn[k]!), p.x1];
  const ys = [at(p.x0), ...inner.map((k) => line.y[k]! * p.scale - 0.5 - p.top), at(p.x1)];
  traceCurve(xs, ys, 0, 1, out);
  return out;
}
