import type { Blendshape } from '../motion-frame.js';
import { CORNER_DROP, JAW_DROP, type ShapeFunction, type Surface } from './expression.js';

/**
 * Where drawing looks better than measuring: the shapes that speech is made of, around the lips. A portrait smiles, the measured head does
 * not: these take the smile's curve out of the lips as they open and round. Displacements are in mouth widths in the mouth's frame (x to
 * the avatar's left, y down), chosen by eye on frontal faces.
 */
export const SHAPES: Partial<Record<Blendshape, ShapeFunction>> = {
  // Corners come in and down, so that an open mouth is an oval and keeps little of the portrait's smile.
  jawOpen: (i, s) => [
    -0.24 * s.x[i]! * dome(s.x[i]!, 1.1) * dome(s.below[i]!, 0.7),
    JAW_DROP * s.jaw[i]! + flatten(i, s, 1.1 * dome(s.x[i]!, 1.1) * dome(s.below[i]!, 0.6)),
  ],
  // Both lips come to one line, a quarter of the way down that the jaw has gone.
  mouthClose: (i, s) => {
    const reach = s.ring[i]! >= 0 ? 1 : bell(s.below[i]!, s.side[i]! > 0 ? 0.32 : 0.25);
    if (s.side[i]! > 0) return [0, -0.75 * JAW_DROP * s.jaw[i]! * reach];
    const line = 0.25 * (CORNER_DROP + (1 - CORNER_DROP) * lipProfile(i, s));
    return [0, JAW_DROP * (line - s.jaw[i]!) * reach];
  },
  mouthPucker: (i, s) => {
    const g = aroundMouth(i, s, 0.62, 0.42);
    return [
      -0.44 * s.x[i]! * g,
      flatten(i, s, 0.9 * g) +
        s.side[i]! * (s.ring[i]! >= 0 ? 0.012 * s.ring[i]! : 0.02) * lipBell(i, s) +
        // The upper lip comes down over the teeth.
        (s.side[i]! < 0 ? 0.03 * lipBell(i, s) : 0),
    ];
  },
  mouthFunnel: (i, s) => {
    const g = aroundMouth(i, s, 0.6, 0.42);
    const open = s.side[i]! < 0 ? -0.05 : 0.07;
    return [-0.3 * s.x[i]! * g, flatten(i, s, 0.55 * g) + open * lipBell(i, s)];
  },
  mouthRollLower: (i, s) => [0, s.side[i]! > 0 && s.ring[i]! >= 0 ? -ROLL[s.ring[i]!]! * lipProfile(i, s) : 0],
  mouthRollUpper: (i, s) => [0, s.side[i]! < 0 && s.ring[i]! >= 0 ? 0.8 * ROLL[s.ring[i]!]! * lipProfile(i, s) : 0],
  ...sided('mouthPress', (i, s, sign) => [
    0,
    s.ring[i]! >= 0 ? -s.side[i]! * PRESS[s.ring[i]!]! * lipProfile(i, s) * half(i, s, sign) : 0,
  ]),
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

function aroundMouth(i: number, s: Surface, wide: number, high: number): number {
  return bell(s.x[i]!, wide) * bell(s.below[i]!, high);
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

/** Takes the curve out of the line between the lips: a rounded mouth is not a smile. */
function flatten(i: number, s: Surface, amount: number): number {
  return -(s.y[i]! - s.below[i]!) * amount;
}
