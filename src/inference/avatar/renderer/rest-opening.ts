import { MOTION } from '../motion-frame.js';
import { clamp } from './curves.js';

/** Lips this far apart at rest, in mouth widths, show teeth or the dark between them. */
export const PARTED = 0.045;
/** A mouth that does something gives up this share of the portrait's own opening … */
const GIVEN_UP = 0.75;
/** … and all of that share where jaw, rounding and tucking sum up to this. */
const AT_WORK = 0.12;

/** How much of the portrait's own opening a frame keeps: 1 at rest, less while the mouth speaks. */
export function restShare(motion: Float32Array): number {
  const work = motion[MOTION.jawOpen]! + 0.3 * motion[MOTION.mouthPucker]! + 0.3 * motion[MOTION.mouthRollLower]!;
  return 1 - GIVEN_UP * clamp(work / AT_WORK, 0, 1);
}

/**
 * The opening of a mouth that is `rest` open in the portrait where `more` is asked of a closed one, in one unit: not their sum, but about the
 * larger of both, and always more where more is asked. `share` as from `restShare`.
 */
export function openingOf(rest: number, more: number, share: number): number {
  if (more <= 0) return rest * share + more;
  const kept = rest * share;
  return kept + more - (kept * more) / (kept + more + 1e-6);
}
