import { type Blendshape, MOTION } from '../motion-frame.js';

/**
 * What the family's 32 parameters move: ARKit's blendshapes of jaw, mouth, cheeks and nose in alphabetical order. Measured on a published pack: its fifth (from 0) opens the
 * jaw, and its neutral pose has pairs of nearly equal numbers just where this list has a left beside a right. The importer measures every pack anew, and takes from
 * the names only which two are left and right of the same.
 */
export const LITE_PARAMETERS = [
  ...['cheekPuff', 'cheekSquintLeft', 'cheekSquintRight', 'jawForward', 'jawLeft', 'jawOpen', 'jawRight', 'mouthClose'],
  ...['mouthDimpleLeft', 'mouthDimpleRight', 'mouthFrownLeft', 'mouthFrownRight', 'mouthFunnel', 'mouthLeft'],
  ...['mouthLowerDownLeft', 'mouthLowerDownRight', 'mouthPressLeft', 'mouthPressRight', 'mouthPucker', 'mouthRight'],
  ...['mouthRollLower', 'mouthRollUpper', 'mouthShrugLower', 'mouthShrugUpper', 'mouthSmileLeft', 'mouthSmileRight'],
  ...[
    'mouthStretchLeft',
    'mouthStretchRight',
    'mouthUpperUpLeft',
    'mouthUpperUpRight',
    'noseSneerLeft',
    'noseSneerRight',
  ],
] as readonly Blendshape[];

export const JAW_OPEN = LITE_PARAMETERS.indexOf('jawOpen');
export const MOUTH_CLOSE = LITE_PARAMETERS.indexOf('mouthClose');

/** A mouth that moves to one side: speech never asks for it, and decoders that never saw it much draw it badly. */
const SIDEWAYS = new Set<Blendshape>(['jawLeft', 'jawRight', 'mouthLeft', 'mouthRight']);

/** What is moved together in speech, as places of parameters: those without a side alone, left and right as one, those that go sideways not at all. */
export const CONTROLS: readonly (readonly number[])[] = LITE_PARAMETERS.flatMap((name, place) => {
  if (SIDEWAYS.has(name) || name.endsWith('Right')) return [];
  if (!name.endsWith('Left')) return [[place]];
  return [[place, LITE_PARAMETERS.indexOf(name.replace(/Left$/, 'Right') as Blendshape)]];
});

/** Numbers that describe a mouth: one for every parameter's blendshape, whether the lips are parted at all, then a constant 1. */
export const MOUTH_NUMBERS = LITE_PARAMETERS.length + 2;
/** An opening of the jaw by this much parts the lips by 63 %. */
const PARTING = 0.07;

const CHANNELS = LITE_PARAMETERS.map((name) => MOTION[name]);

/**
 * Describes the mouth of a MotionFrame in `MOUTH_NUMBERS` numbers. They are the blendshapes, but for two that only mean something together: in place of `jawOpen` the part
 * of the jaw's opening that lips leave open, in place of `mouthClose` the part that they close. Decoders open lips late and then quickly; the number after them rises early and
 * then hardly, so that a linear map can make up for it.
 */
export function mouthOf(motion: Float32Array, out: Float32Array): void {
  for (let k = 0; k < CHANNELS.length; k++) out[k] = motion[CHANNELS[k]!]!;
  const jaw = Math.max(0, motion[MOTION.jawOpen]!);
  const closed = Math.min(jaw, Math.max(0, motion[MOTION.mouthClose]!));
  out[JAW_OPEN] = jaw - closed;
  out[MOUTH_CLOSE] = closed;
  out[CHANNELS.length] = 1 - Math.exp(-(jaw - closed) / PARTING);
  out[CHANNELS.length + 1] = 1;
}

/** Below the first the mouth is at rest, from the second on it is at work: a smile that comes and goes in silence does not count as work. */
const STIRRING = [0.02, 0.1] as const;
const SMILES = new Set<number>(
  [
    'mouthSmileLeft',
    'mouthSmileRight',
    'cheekSquintLeft',
    'cheekSquintRight',
    'mouthDimpleLeft',
    'mouthDimpleRight',
  ].map((name) => LITE_PARAMETERS.indexOf(name as Blendshape)),
);

/** How much a mouth as described by `mouthOf` is at work: 0 at rest … 1. */
export function activityOf(mouth: Float32Array): number {
  let most = 0;
  for (let k = 0; k < CHANNELS.length; k++) if (!SMILES.has(k)) most = Math.max(most, Math.abs(mouth[k]!));
  const t = Math.min(1, Math.max(0, (most - STIRRING[0]) / (STIRRING[1] - STIRRING[0])));
  return t * t * (3 - 2 * t);
}
