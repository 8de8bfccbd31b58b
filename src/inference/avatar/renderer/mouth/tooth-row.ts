import { clamp, smoothstep } from '../curves.js';
import { chromaOf, clampByte, lumaOf } from '../texture.js';
import { type Arch, archDepth, type Crown } from './anatomy.js';
import type { MouthLight } from './light.js';

/**
 * A row of teeth with its gum on the arch's surface, seen along the arch's axis: column by x, row by the height above the biting edges'
 * plane. Relief and gaps are lit once; how deep in the mouth a place lies is a matter of the frame.
 */
export interface ToothRow {
  width: number;
  height: number;
  /** Samples a millimetre. */
  scale: number;
  /** Height of row 0's upper edge below the plane of the edges (towards the other row), in mm. */
  margin: number;
  y: Uint8Array;
  u: Uint8Array;
  v: Uint8Array;
  /** Coverage 0…255. */
  alpha: Uint8Array;
}

const MARGIN_MM = 1.2;
const GUM_MM = 4;
/** Samples of each side of a texel that are averaged. */
const FINE = 3;

interface Placed extends Crown {
  from: number;
  to: number;
}

/** Paints a row: `scale` samples a millimetre, `facing` −1 for an upper row (its gum is up), 1 for a lower one. */
export function paintToothRow(
  crowns: readonly Crown[],
  arch: Arch,
  facing: -1 | 1,
  light: MouthLight,
  scale: number,
): ToothRow {
  const along = arcLengths(arch);
  const teeth = placeCrowns(crowns, along);
  const last = teeth[teeth.length - 1]!;
  const half = last.to;
  const high = MARGIN_MM + Math.max(...crowns.map((c) => c.length + c.lift)) + GUM_MM;
  const width = Math.ceil(2 * half * scale);
  const height = Math.ceil(high * scale);
  const size = width * height;
  const row: ToothRow = {
    width,
    height,
    scale,
    margin: MARGIN_MM,
    y: new Uint8Array(size),
    u: new Uint8Array(size),
    v: new Uint8Array(size),
    alpha: new Uint8Array(size),
  };
  const sample = { r: 0, g: 0, b: 0, alpha: 0 };
  for (let py = 0; py < height; py++) {
    for (let px = 0; px < width; px++) {
      let [r, g, b, alpha] = [0, 0, 0, 0];
      for (let k = 0; k < FINE * FINE; k++) {
        const x = (px + ((k % FINE) + 0.5) / FINE - width / 2) / scale;
        const up = (py + (Math.floor(k / FINE) + 0.5) / FINE) / scale - MARGIN_MM;
        shade(teeth, arch, facing, light, x, up, sample);
        r += sample.r * sample.alpha;
        g += sample.g * sample.alpha;
        b += sample.b * sample.alpha;
        alpha += sample.alpha;
      }
      const at = py * width + px;
      const share = alpha > 0 ? 1 / alpha : 0;
      if (share === 0) [r, g, b] = [light.tooth[0] * 0.6, light.tooth[1] * 0.6, light.tooth[2] * 0.6];
      else [r, g, b] = [r * share, g * share, b * share];
      const [u, v] = chromaOf(r, g, b);
      row.y[at] = clampByte(lumaOf(r, g, b));
      row.u[at] = clampByte(u);
      row.v[at] = clampByte(v);
      const edge = px === 0 || py === 0 || px === width - 1 || py === height - 1;
      row.alpha[at] = edge ? 0 : clampByte((alpha / (FINE * FINE)) * 255);
    }
  }
  return row;
}

const STEP = 0.05;
const REACH = 32;

/** Length of the arch from its middle to each x, in steps of `STEP` mm. */
function arcLengths(arch: Arch): Float32Array {
  const out = new Float32Array(REACH / STEP);
  for (let i = 1; i < out.length; i++) {
    out[i] = out[i - 1]! + Math.hypot(STEP, archDepth(arch, i * STEP) - archDepth(arch, (i - 1) * STEP));
  }
  return out;
}

function placeCrowns(crowns: readonly Crown[], along: Float32Array): Placed[] {
  let used = 0;
  let i = 0;
  return crowns.map((crown) => {
    const from = i * STEP;
    used += crown.width;
    while (i + 1 < along.length && along[i]! < used) i++;
    return { ...crown, from, to: i * STEP };
  });
}

/** Colour of a place of the row; `up` counts from the plane of the edges towards the gum, in mm. */
function shade(
  teeth: readonly Placed[],
  arch: Arch,
  facing: -1 | 1,
  light: MouthLight,
  x: number,
  up: number,
  out: { r: number; g: number; b: number; alpha: number },
): void {
  const side = Math.abs(x);
  let tooth = teeth[teeth.length - 1]!;
  for (const candidate of teeth) {
    if (side < candidate.to) {
      tooth = candidate;
      break;
    }
  }
  const half = (tooth.to - tooth.from) / 2;
  // −1 next to the middle of the mouth … 1 away from it.
  const across = clamp((side - tooth.from - half) / half, -1, 1);
  const far = Math.abs(across);
  const edge = tooth.lift + tooth.round * (0.75 + 0.35 * across) * far ** 4 + tooth.point * 1.1 * far ** 1.5;
  const gum = tooth.lift + tooth.length * (1 - 0.2 * across * across);
  const t = clamp((up - edge) / (gum - edge), 0, 1);
  // Crowns are widest a third above their edge and narrower at the gum: dark triangles open between the necks' edges.
  const waist = 1 - 0.025 - 0.06 * smoothstep(0.45, 1, t) - 0.05 * smoothstep(0.25, 0, t) * tooth.round;
  const sideways = (1 - smoothstep(waist - 0.04, waist + 0.03, far)) * 0.48 + 0.52;
  const onTooth = up >= edge && up < gum;
  const onGum = up >= gum;
  out.alpha = onTooth || onGum ? 1 : 0;
  if (out.alpha === 0) return;
  // The arch turns away from the viewer, the crown bulges on it.
  const slope = archDepth(arch, side + 0.1) - archDepth(arch, side - 0.1);
  const turn = Math.atan(slope / 0.2) + (onTooth ? 0.62 * across * far ** 0.8 : 0.15 * across);
  const sign = x < 0 ? -1 : 1;
  const tilt = onTooth ? 0.3 * t - 0.55 * smoothstep(0.3, 0, t) + 0.1 : 0.2 - 0.5 * smoothstep(0.8, 0, up - gum);
  const nx = sign * Math.sin(turn) * Math.cos(tilt);
  const ny = facing * Math.sin(tilt);
  const nz = Math.cos(turn) * Math.cos(tilt);
  const diffuse = light.at(nx, ny, nz);
  if (onTooth) {
    const wet = light.gloss(nx, ny, nz) * 46;
    // Enamel is thin and grey at the edge, dentine shows through towards the neck.
    const neck = smoothstep(0.45, 1, t);
    const clear = smoothstep(0.2, 0.02, t) * (tooth.point > 0.5 ? 0.4 : 1);
    const shadow = sideways * (0.72 + 0.28 * smoothstep(0, 0.5, gum - up));
    const lit = diffuse * shadow;
    out.r = light.tooth[0] * lit * (1 - 0.1 * clear) * (1 - 0.02 * neck) + wet * sideways;
    out.g = light.tooth[1] * lit * (1 - 0.09 * clear) * (1 - 0.05 * neck) + wet * sideways;
    out.b = light.tooth[2] * lit * (1 - 0.05 * clear) * (1 - 0.1 * neck) + wet * sideways;
  } else {
    const wet = light.gloss(nx, ny, nz) * 30;
    const lit = diffuse * (0.8 + 0.2 * smoothstep(0, 1, up - gum)) * (1 - 0.25 * far ** 3);
    out.r = light.gum[0] * lit + wet;
    out.g = light.gum[1] * lit + wet;
    out.b = light.gum[2] * lit + wet;
  }
}
