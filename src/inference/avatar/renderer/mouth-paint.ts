import { clamp, smoothstep } from './curves.js';
import { chromaOf, clampByte, lumaOf } from './texture.js';

/** A painted part of the mouth's inside; one mouth width is `LAYER_SCALE` samples. */
export interface MouthLayer {
  width: number;
  height: number;
  y: Uint8Array;
  u: Uint8Array;
  v: Uint8Array;
  /** Coverage 0…255. */
  alpha: Uint8Array;
}

export const LAYER_SCALE = 192;

type Paint = { r: number; g: number; b: number; alpha: number };

/** One tooth seen from the front: half widths and lengths in mouth widths (a mouth at rest is about 50 mm wide). */
interface Tooth {
  left: number;
  right: number;
  length: number;
  /** How far its edge stands back from the neighbours' edge. */
  lift: number;
  roundness: number;
}

const MM = 1 / 52;

/**
 * Widths of the teeth from the middle outwards as seen from the front, in mm: crowns after Wheeler's Dental Anatomy, the
 * side ones foreshortened by the arch.
 */
const UPPER_TEETH = row([8.4, 6.3, 6.2, 4.6, 3.4, 2.4], [10, 8.8, 9.6, 8.2, 7.4, 6.5], [0, 0.5, 0.2, 0.6, 0.9, 1.2]);
const LOWER_TEETH = row([5.2, 5.5, 5.6, 4.6, 3.6, 2.6], [7.8, 7.8, 8.4, 7.4, 6.6, 6], [0, 0.1, -0.2, 0.6, 1.2, 1.8]);

function row(widths: readonly number[], lengths: readonly number[], lifts: readonly number[]): Tooth[] {
  let left = 0;
  return widths.map((width, i) => {
    const tooth = {
      left,
      right: left + width * MM,
      length: lengths[i]! * MM,
      lift: lifts[i]! * MM,
      roundness: i === 2 ? 1 : 0.6,
    };
    left = tooth.right;
    return tooth;
  });
}

/**
 * Upper teeth and gum. The layer's x middle is the mouth's middle; its bottom is `margin` below the edges of
 * the front teeth. `light` is the brightness of a front tooth, 0…1.
 */
export function paintUpperTeeth(light: number): MouthLayer {
  return paintLayer(1.16, 0.3, (x, y, height) => toothRow(UPPER_TEETH, Math.abs(x), height - 0.012 - y, light, x));
}

/** Lower teeth and gum; the layer's top is `margin` above the edges of the front teeth. */
export function paintLowerTeeth(light: number): MouthLayer {
  return paintLayer(1.0, 0.26, (x, y) => toothRow(LOWER_TEETH, Math.abs(x), y - 0.012, light * 0.86, x));
}

/** `up` counts from the biting edge towards the gum. */
function toothRow(teeth: readonly Tooth[], x: number, up: number, light: number, signedX: number): Paint {
  const tooth = teeth.find((t) => x < t.right) ?? teeth[teeth.length - 1]!;
  const width = tooth.right - tooth.left;
  const across = clamp((x - tooth.left) / width, 0, 1) * 2 - 1;
  // Rounded corners at the biting edge, an arched gum line.
  const edge = tooth.lift + tooth.roundness * 0.014 * Math.abs(across) ** 4;
  const gum = tooth.lift + tooth.length * (1 - 0.22 * across ** 2);
  const soft = 0.006;
  const inTooth = smoothstep(edge - soft, edge + soft, up) * (1 - smoothstep(gum - soft, gum + soft, up));
  const gap = (1 - smoothstep(0.0, 0.011, (1 - Math.abs(across)) * width)) * 0.42;
  const arch = 1 - 0.78 * smoothstep(0.1, 0.56, x);
  const bulge = 1 - 0.16 * across ** 2;
  const along = (up - edge) / Math.max(1e-3, gum - edge);
  const shade =
    light * arch * bulge * (1 - gap) * (0.93 + 0.12 * smoothstep(0, 0.35, along) - 0.12 * smoothstep(0.6, 1, along));
  const sheen =
    14 * arch * Math.exp(-(((across + Math.sign(signedX) * 0.25) / 0.32) ** 2) - ((along - 0.45) / 0.22) ** 2);
  const warm = smoothstep(0.4, 1, along);
  const gumShade = light * arch * (0.9 - 0.25 * Math.abs(across));
  const pink = smoothstep(gum - soft, gum + soft, up);
  return {
    r: (236 * shade + sheen) * (1 - pink) + 172 * gumShade * pink,
    g: ((229 - 5 * warm) * shade + sheen) * (1 - pink) + 92 * gumShade * pink,
    b: ((216 - 14 * warm) * shade + sheen) * (1 - pink) + 92 * gumShade * pink,
    alpha:
      Math.max(inTooth, pink) *
      (1 - smoothstep(teeth[teeth.length - 1]!.right - 0.02, teeth[teeth.length - 1]!.right, x)),
  };
}

/** The tongue's visible back and tip, lying behind the lower teeth. */
export function paintTongue(light: number): MouthLayer {
  return paintLayer(0.72, 0.42, (x, y, height) => {
    const nx = x / 0.33;
    const ny = (y - height * 0.52) / (height * 0.46);
    const r2 = nx * nx + ny * ny * (ny < 0 ? 1 : 0.6);
    const dome = Math.sqrt(Math.max(0, 1 - r2));
    const groove = 0.16 * Math.exp(-((nx / 0.1) ** 2)) * smoothstep(-1, 0.2, ny);
    const lit = light * (0.35 + 0.6 * dome - groove) * (0.75 + 0.25 * smoothstep(-1, 0.4, ny));
    const wet = 20 * Math.exp(-(((nx + 0.28) / 0.2) ** 2) - ((ny + 0.1) / 0.3) ** 2);
    return { r: 190 * lit + wet, g: 92 * lit + wet, b: 92 * lit + wet, alpha: smoothstep(1.02, 0.8, r2) };
  });
}

/** A tongue put out, seen from the front: 0.44 mouth widths long, its root in the upper lip's shadow. */
export function paintTongueOut(light: number): MouthLayer {
  return paintLayer(0.5, 0.46, (x, y) => {
    const along = y / 0.44;
    const half = 0.215 * Math.sqrt(Math.max(0, 1 - Math.max(0, (along - 0.45) / 0.55) ** 2)) * (0.9 + 0.1 * along);
    const nx = x / Math.max(1e-3, half);
    const dome = Math.sqrt(Math.max(0, 1 - nx * nx * 0.85));
    const tip = 1 - 0.3 * smoothstep(0.75, 1, along);
    const groove = 0.14 * Math.exp(-((x / 0.02) ** 2)) * (1 - smoothstep(0.4, 0.8, along));
    const lit = light * (0.55 + 0.45 * dome - groove) * tip * (0.45 + 0.55 * smoothstep(0, 0.4, along));
    const wet = 16 * Math.exp(-(((nx + 0.35) / 0.22) ** 2) - ((along - 0.62) / 0.14) ** 2);
    return {
      r: 205 * lit + wet,
      g: 112 * lit + wet,
      b: 110 * lit + wet,
      alpha: smoothstep(1.02, 0.94, Math.abs(nx)) * (half > 0.004 ? 1 : 0),
    };
  });
}

function paintLayer(wide: number, high: number, paint: (x: number, y: number, height: number) => Paint): MouthLayer {
  const width = Math.round(wide * LAYER_SCALE);
  const height = Math.round(high * LAYER_SCALE);
  const size = width * height;
  const layer: MouthLayer = {
    width,
    height,
    y: new Uint8Array(size),
    u: new Uint8Array(size),
    v: new Uint8Array(size),
    alpha: new Uint8Array(size),
  };
  for (let py = 0; py < height; py++) {
    for (let px = 0; px < width; px++) {
      const p = paint((px + 0.5 - width / 2) / LAYER_SCALE, (py + 0.5) / LAYER_SCALE, high);
      const at = py * width + px;
      const [u, v] = chromaOf(p.r, p.g, p.b);
      layer.y[at] = clampByte(lumaOf(p.r, p.g, p.b));
      layer.u[at] = clampByte(u);
      layer.v[at] = clampByte(v);
      const edge = px === 0 || py === 0 || px === width - 1 || py === height - 1;
      layer.alpha[at] = edge ? 0 : clampByte(p.alpha * 255);
    }
  }
  return layer;
}
