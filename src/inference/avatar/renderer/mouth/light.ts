import { LEFT_EYE, RIGHT_EYE } from '../../rig.js';
import { clamp } from '../curves.js';
import type { FaceGeometry } from '../face-geometry.js';
import type { Texture } from '../texture.js';
import type { SeenTeeth } from './seen-teeth.js';

type Rgb = readonly [number, number, number];

/** How the mouth's inside is lit and coloured, so that it belongs to the portrait. */
export interface MouthLight {
  /** Colours in full light, 0…255. */
  readonly tooth: Rgb;
  readonly gum: Rgb;
  readonly tongue: Rgb;
  /** 1 in a portrait that is well exposed, less in one taken in little light. */
  readonly exposure: number;
  /** Brightness of a surface with this normal (x to the right, y down, z towards the viewer); 1 for one that faces the viewer. */
  at(nx: number, ny: number, nz: number): number;
  /** Strength of the wet shine for such a surface, 0…1. */
  gloss(nx: number, ny: number, nz: number): number;
}

/** Points of plain skin, each with its mirror image: cheeks, forehead, beside the mouth. */
const MIRRORED = [
  [50, 280],
  [101, 330],
  [205, 425],
  [36, 266],
  [69, 299],
  [207, 427],
] as const;
const UPPER_SKIN = [151, 9, 69, 299, 101, 330];
const LOWER_SKIN = [200, 199, 204, 424, 194, 418];
/** Natural teeth in neutral light, shade A1 to A2 of the usual shade guides as photographed. */
const TOOTH: Rgb = [238, 221, 203];
const GUM: Rgb = [200, 120, 115];
const TONGUE: Rgb = [198, 110, 104];
/** Luma of skin and white of the eye in a portrait that is well exposed; teeth stand in the same light. */
const USUAL_WHITE = 190;
/** Above black: what white of the eye and the darkest skin have in a portrait with enough light, and the share of both from which on it is enough. */
const EXPOSED = { white: 110, skin: 76, enough: 0.75 };
/** Above the viewer's eye, slightly to one side. */
const GLOSS_HEIGHT = -0.38;
/** Length of the vector half-way to it in light from the front: light from a side must not make that longer, or wet places would blaze. */
const GLOSS_LENGTH = Math.hypot(GLOSS_HEIGHT, 0.93);

/** Estimates the light from the portrait: its side from mirrored places of the face, its height from forehead against chin, its strength from skin and eyes. Teeth that are `seen` give their colour. */
export function mouthLight(face: FaceGeometry, texture: Texture, seen?: SeenTeeth): MouthLight {
  const luma = (i: number) => sampleLuma(face, texture, i);
  let left = 0;
  let right = 0;
  for (const [a, b] of MIRRORED) {
    right += luma(a) - 16;
    left += luma(b) - 16;
  }
  const skin = (left + right) / (2 * MIRRORED.length);
  // Cheeks face about 35° sideways: their contrast over twice that sine is the light's sideways share.
  const sideX = clamp((left - right) / Math.max(1, left + right) / 0.57, -0.5, 0.5);
  const mean = (points: readonly number[]) => points.reduce((sum, i) => sum + luma(i) - 16, 0) / points.length;
  const upper = mean(UPPER_SKIN);
  const lower = mean(LOWER_SKIN);
  const sideY = -clamp((upper - lower) / Math.max(1, upper + lower), 0.05, 0.4);
  const white = whiteOfEyes(face, texture);
  // Deep-set eyes are in shade and skin may be of any depth: neither tells by itself.
  const seenLight = (Math.min(1, (white - 16) / EXPOSED.white) + Math.min(1, skin / EXPOSED.skin)) / 2;
  const exposure = clamp(seenLight / EXPOSED.enough, 0.15, 1);
  const strength = exposure * clamp(0.45 * (white / USUAL_WHITE) + 0.55 * (0.84 + skin * 0.0013), 0.78, 1.02);
  const between = Math.max(1, Math.hypot(sideX * 0.6, GLOSS_HEIGHT, 0.93) / GLOSS_LENGTH);
  const tint = skinTint(face, texture);
  const lit = (colour: Rgb, share: number): Rgb => [
    colour[0] * strength * (1 + (tint[0] - 1) * share),
    colour[1] * strength * (1 + (tint[1] - 1) * share),
    colour[2] * strength * (1 + (tint[2] - 1) * share),
  ];
  return {
    tooth: seen === undefined ? lit(TOOTH, 0.15) : rgbOf(seen.colour),
    gum: lit(GUM, 0.25),
    tongue: lit(TONGUE, 0.25),
    exposure,
    // Lips and cheeks keep more of the light from a side out than of that from above.
    at: (nx, ny, nz) => clamp(0.3 + 0.7 * nz + 0.55 * sideX * nx + 0.75 * sideY * ny, 0.06, 1.12),
    gloss: (nx, ny, nz) => {
      // Half-way between the light and the viewer, who is in front.
      const d = (nx * sideX * 0.6 + ny * GLOSS_HEIGHT + nz * 0.93) / between;
      return exposure * Math.max(0, d) ** 48;
    },
  };
}

function sampleLuma(face: FaceGeometry, texture: Texture, i: number): number {
  const x = clamp(Math.round(face.x[i]! * 2), 1, texture.width * 2 - 2);
  const y = clamp(Math.round(face.y[i]! * 2), 1, texture.height * 2 - 2);
  const stride = texture.width * 2;
  let sum = 0;
  for (let dy = -1; dy <= 1; dy++) for (let dx = -1; dx <= 1; dx++) sum += texture.y[(y + dy) * stride + x + dx]!;
  return sum / 9;
}

/** Luma of the brighter fifth between the lids. */
function whiteOfEyes(face: FaceGeometry, texture: Texture): number {
  const values: number[] = [];
  const stride = texture.width * 2;
  for (const eye of [RIGHT_EYE, LEFT_EYE]) {
    for (let k = 1; k < 8; k++) {
      const [a, b] = [eye.upper[k]!, eye.lower[k]!];
      for (let t = 0.2; t < 0.85; t += 0.1) {
        const x = Math.round((face.x[a]! + (face.x[b]! - face.x[a]!) * t) * 2);
        const y = Math.round((face.y[a]! + (face.y[b]! - face.y[a]!) * t) * 2);
        if (x >= 0 && y >= 0 && x < stride && y < texture.height * 2) values.push(texture.y[y * stride + x]!);
      }
    }
  }
  values.sort((a, b) => a - b);
  return values[Math.floor(values.length * 0.85)] ?? USUAL_WHITE;
}

/** Colour of the light as the face shows it: that of the skin against usual skin, each channel against the mean. */
function skinTint(face: FaceGeometry, texture: Texture): Rgb {
  let u = 0;
  let v = 0;
  let y = 0;
  for (const pair of MIRRORED) {
    for (const i of pair) {
      const x = clamp(Math.round(face.x[i]!), 0, texture.width - 1);
      const at = clamp(Math.round(face.y[i]!), 0, texture.height - 1) * texture.width + x;
      u += (texture.u[at]! - 128) / (2 * MIRRORED.length);
      v += (texture.v[at]! - 128) / (2 * MIRRORED.length);
      y += sampleLuma(face, texture, i) / (2 * MIRRORED.length);
    }
  }
  // Usual skin has about −0.1 and 0.13 of its luma as chroma (Cb, Cr), whatever its shade.
  const luma = Math.max(30, y - 16);
  const du = clamp(u / luma + 0.1, -0.08, 0.08);
  const dv = clamp(v / luma - 0.13, -0.08, 0.08);
  return [1 + 1.4 * dv, 1 - 0.34 * du - 0.71 * dv, 1 + 1.77 * du];
}

/** BT.601, studio range, the inverse of `lumaOf` and `chromaOf`. */
function rgbOf([y, u, v]: Rgb): Rgb {
  const luma = (255 / 219) * (y - 16);
  const channel = (value: number) => clamp(value, 0, 255);
  return [
    channel(luma + 1.596 * (v - 128)),
    channel(luma - 0.392 * (u - 128) - 0.813 * (v - 128)),
    channel(luma + 2.017 * (u - 128)),
  ];
}
