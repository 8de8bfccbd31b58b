import { MOTION } from '../motion-frame.js';
import { ARTICULATOR } from './visemes.js';

/** Writes the mouth's blendshape coefficients for a position of the articulators. */
export function writeMouth(a: Float32Array, out: Float32Array): void {
  const close = a[ARTICULATOR.close]!;
  const tuck = a[ARTICULATOR.tuck]!;
  const free = (1 - close) * (1 - tuck);
  const round = a[ARTICULATOR.round]!;
  const wide = a[ARTICULATOR.wide]! * (1 - 0.7 * round);
  const flare = a[ARTICULATOR.flare]!;
  const raise = a[ARTICULATOR.raise]!;
  const drop = a[ARTICULATOR.drop]!;
  const jaw = a[ARTICULATOR.jaw]! * (1 - 0.55 * close) * (1 - 0.5 * tuck);
  out[MOTION.jawOpen] = jaw;
  // `mouthClose` equal to `jawOpen` means lips that touch over parted teeth.
  out[MOTION.mouthClose] = jaw * close;
  out[MOTION.mouthFunnel] = Math.min(1, 0.25 * round + 0.6 * flare) * (1 - close);
  out[MOTION.mouthPucker] = Math.min(1, 0.8 * round + 0.25 * flare);
  out[MOTION.mouthRollLower] = Math.min(1, 0.3 * close + 0.85 * tuck);
  out[MOTION.mouthRollUpper] = 0.3 * close;
  out[MOTION.mouthShrugLower] = 0.25 * tuck;
  out[MOTION.tongueOut] = 0.5 * a[ARTICULATOR.tongue]!;
  pair(out, MOTION.mouthSmileLeft, MOTION.mouthSmileRight, 0.2 * wide);
  pair(out, MOTION.mouthStretchLeft, MOTION.mouthStretchRight, 0.5 * wide);
  pair(out, MOTION.mouthPressLeft, MOTION.mouthPressRight, 0.5 * close);
  pair(out, MOTION.mouthUpperUpLeft, MOTION.mouthUpperUpRight, (0.5 * raise + 0.12 * flare) * free + 0.45 * tuck);
  pair(out, MOTION.mouthLowerDownLeft, MOTION.mouthLowerDownRight, 0.5 * drop * free);
}

export function pair(out: Float32Array, left: number, right: number, value: number): void {
  out[left] = value;
  out[right] = value;
}
