import type { Blendshape } from '../motion-frame.js';
import { LEFT_EYE, RIGHT_EYE } from '../rig.js';
import { browPoint, JAW_DROP, type ShapeFunction, type Surface } from './expression.js';

/**
 * The blendshapes that the portrait renderer draws by moving the surface, after the descriptions of Apple's
 * `ARFaceAnchor.BlendShapeLocation`. Displacements are in mouth widths in the mouth's frame (x to the avatar's left, y
 * down), chosen by eye on frontal faces. Lids and gaze are painted elsewhere; channels that a frontal picture can hardly show
 * (`jawForward`, `cheekPuff`, `tongueOut` of the surface) are left out.
 */
export const SHAPES: Partial<Record<Blendshape, ShapeFunction>> = {
  // Corners come in and down, so that an open mouth is an oval and keeps little of the portrait's smile.
  jawOpen: (i, s) => [
    -0.24 * s.x[i]! * dome(s.x[i]!, 1.1) * dome(s.below[i]!, 0.7),
    JAW_DROP * s.jaw[i]! + flatten(i, s, 1.1 * dome(s.x[i]!, 1.1) * dome(s.below[i]!, 0.6)),
  ],
  jawLeft: (i, s) => [0.1 * s.jaw[i]!, 0],
  jawRight: (i, s) => [-0.1 * s.jaw[i]!, 0],
  mouthClose: (i, s) => {
    if (s.side[i]! > 0) return [0, -0.75 * JAW_DROP * s.jaw[i]! * (s.ring[i]! >= 0 ? 1 : bell(s.below[i]!, 0.32))];
    return [0, 0.25 * JAW_DROP * lipProfile(i, s) * (s.ring[i]! >= 0 ? 1 : bell(s.below[i]!, 0.25))];
  },
  mouthPucker: (i, s) => {
    const g = aroundMouth(i, s, 0.62, 0.42);
    return [
      -0.44 * s.x[i]! * g,
      flatten(i, s, 0.9 * g) + s.side[i]! * (s.ring[i]! >= 0 ? 0.012 * s.ring[i]! : 0.02) * lipBell(i, s),
    ];
  },
  mouthFunnel: (i, s) => {
    const g = aroundMouth(i, s, 0.6, 0.42);
    const open = s.side[i]! < 0 ? -0.05 : 0.07;
    return [-0.3 * s.x[i]! * g, flatten(i, s, 0.55 * g) + open * lipBell(i, s)];
  },
  ...sided('mouthSmile', (i, s, sign) => {
    const g = cornerBell(i, s, 0.26) * half(i, s, sign);
    const cheek = at(i, s, sign * 0.72, -0.4, 0.3, 0.28);
    return [sign * 0.055 * g, -0.075 * g - 0.04 * cheek];
  }),
  ...sided('mouthFrown', (i, s, sign) => [0, 0.08 * cornerBell(i, s, 0.24) * half(i, s, sign)]),
  ...sided('mouthDimple', (i, s, sign) => [sign * 0.04 * cornerBell(i, s, 0.22) * half(i, s, sign), 0]),
  ...sided('mouthStretch', (i, s, sign) => {
    const g = cornerBell(i, s, 0.3) * half(i, s, sign);
    return [sign * 0.09 * g, 0.02 * g];
  }),
  mouthLeft: (i, s) => [0.1 * aroundMouth(i, s, 0.7, 0.4), 0],
  mouthRight: (i, s) => [-0.1 * aroundMouth(i, s, 0.7, 0.4), 0],
  mouthRollLower: (i, s) => [0, s.side[i]! > 0 && s.ring[i]! >= 0 ? -ROLL[s.ring[i]!]! * lipProfile(i, s) : 0],
  mouthRollUpper: (i, s) => [0, s.side[i]! < 0 && s.ring[i]! >= 0 ? 0.8 * ROLL[s.ring[i]!]! * lipProfile(i, s) : 0],
  mouthShrugLower: (i, s) => [0, s.side[i]! > 0 ? -0.06 * chinBell(i, s) : 0],
  mouthShrugUpper: (i, s) => [0, s.side[i]! < 0 ? -0.05 * lipBell(i, s) : 0],
  ...sided('mouthPress', (i, s, sign) => [
    0,
    s.ring[i]! >= 0 ? -s.side[i]! * PRESS[s.ring[i]!]! * lipProfile(i, s) * half(i, s, sign) : 0,
  ]),
  ...sided('mouthUpperUp', (i, s, sign) => [0, s.side[i]! < 0 ? -0.11 * lipBell(i, s) * half(i, s, sign) : 0]),
  ...sided('mouthLowerDown', (i, s, sign) => [0, s.side[i]! > 0 ? 0.12 * lipBell(i, s) * half(i, s, sign) : 0]),
  browInnerUp: (i, s) => [0, -0.17 * (brow(i, s, false, true) + brow(i, s, true, true))],
  browOuterUpLeft: (i, s) => [0, -0.15 * brow(i, s, true, false)],
  browOuterUpRight: (i, s) => [0, -0.15 * brow(i, s, false, false)],
  browDownLeft: (i, s) => browDown(i, s, true),
  browDownRight: (i, s) => browDown(i, s, false),
  ...sided('cheekSquint', (i, s, sign) => [0, -0.06 * at(i, s, sign * 0.72, -0.62, 0.34, 0.3)]),
  eyeSquintLeft: (i, s) => [0, lid(i, s, true)],
  eyeSquintRight: (i, s) => [0, lid(i, s, false)],
};

/** How far each ring of a lip, inner to outer, turns inwards for roll 1 and press 1. */
const ROLL = [0.02, 0.035, 0.055, 0.075] as const;
const PRESS = [0, 0.008, 0.018, 0.03] as const;

function sided(name: string, shape: (i: number, s: Surface, sign: number) => readonly [number, number]) {
  return {
    [`${name}Left`]: (i: number, s: Surface) => shape(i, s, 1),
    [`${name}Right`]: (i: number, s: Surface) => shape(i, s, -1),
  } as Partial<Record<Blendshape, ShapeFunction>>;
}

function bell(x: number, width: number): number {
  return Math.exp(-((x / width) ** 2));
}

/** Like a bell, but nothing at all beyond `reach`. */
function dome(x: number, reach: number): number {
  return Math.max(0, 1 - (x / reach) ** 2) ** 2;
}

function at(i: number, s: Surface, x: number, y: number, wide: number, high: number): number {
  return bell(s.x[i]! - x, wide) * bell(s.y[i]! - y, high);
}

function aroundMouth(i: number, s: Surface, wide: number, high: number): number {
  return bell(s.x[i]!, wide) * bell(s.below[i]!, high);
}

function cornerBell(i: number, s: Surface, width: number): number {
  return bell(Math.abs(s.x[i]!) - 0.5, width) * bell(s.below[i]!, width);
}

/** 1 on the side of `sign`, 0 on the other, soft at the middle. */
function half(i: number, s: Surface, sign: number): number {
  return 1 / (1 + Math.exp((-sign * s.x[i]!) / 0.07));
}

/** 1 at the lips' middle, 0 at the corners. */
function lipProfile(i: number, s: Surface): number {
  const x = Math.min(1, Math.abs(s.x[i]!) * 2);
  return Math.cos((x * Math.PI) / 2) ** 0.6;
}

/** Lips and the skin next to them. */
function lipBell(i: number, s: Surface): number {
  const reach = s.ring[i]! >= 0 ? 1 : bell(s.below[i]!, s.side[i]! < 0 ? 0.24 : 0.34);
  return lipProfile(i, s) * reach;
}

function chinBell(i: number, s: Surface): number {
  return bell(s.x[i]!, 0.5) * (s.ring[i]! >= 0 ? lipProfile(i, s) : bell(s.below[i]! - 0.2, 0.5));
}

/** Takes the curve out of the line between the lips: a rounded mouth is not a smile. */
function flatten(i: number, s: Surface, amount: number): number {
  return -(s.y[i]! - s.below[i]!) * amount;
}

function brow(i: number, s: Surface, left: boolean, inner: boolean): number {
  const p = browPoint(s.face, left, inner);
  const { faceWidth } = s.face;
  return bell((s.face.x[i]! - p.x) / faceWidth, 0.13) * bell((s.face.y[i]! - p.y) / faceWidth, 0.09);
}

function browDown(i: number, s: Surface, left: boolean): readonly [number, number] {
  const inner = brow(i, s, left, true);
  const outer = brow(i, s, left, false);
  return [(left ? -0.03 : 0.03) * inner, 0.09 * inner + 0.05 * outer];
}

/** The lower lid rises and bulges. */
function lid(i: number, s: Surface, left: boolean): number {
  const eye = left ? LEFT_EYE : RIGHT_EYE;
  const at = eye.lower[4]!;
  const dx = (s.face.x[i]! - s.face.x[at]!) / s.face.faceWidth;
  const dy = (s.face.y[i]! - s.face.y[at]!) / s.face.faceWidth;
  const upper = eye.upper.slice(1, -1).includes(i);
  return upper ? 0 : -0.05 * bell(dx, 0.1) * bell(dy - 0.02, 0.05);
}
