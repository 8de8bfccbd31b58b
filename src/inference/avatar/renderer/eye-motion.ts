import type { LandmarkTable } from '../landmark-table.js';
import { type Blendshape, MOTION } from '../motion-frame.js';
import { LEFT_EYE, RIGHT_EYE } from '../rig.js';
import { clamp } from './curves.js';
import type { EyeState } from './eye.js';

/**
 * How far the gaze channels turn the iris at 1 (30°), in iris radii: an eyeball of 12 mm and an iris of 5.9 mm radius (means of adults)
 * would give 1.02; a flat opening shows a little less.
 */
const GAZE_REACH = 0.9;
/** Portraits look a little narrower out of their eyes than the measured head does: their lids have less of the way to go. */
const LID_FOLLOWS = 0.6;
const LID_MIDDLE = 4;
const IRIS_EDGE = 1;

/** What a MotionFrame says about one eye, as an `Eye` is painted. The lid follows the eye down as measured. */
export class EyeMotion implements EyeState {
  lid = 0;
  x = 0;
  y = 0;
  upperY = 0;
  lowerY = 0;
  readonly #blink: number;
  readonly #down: number;
  /** Direction of the nose. */
  readonly #inwards: number;
  readonly #up: number;
  readonly #rightward: number;
  readonly #leftward: number;
  /** The lid's fall for the eye all down, as a share of a blink. */
  readonly #lidDrop: number;
  readonly #upperBy: Float32Array;
  readonly #lowerBy: Float32Array;
  readonly #reach: { rightward: number; leftward: number; down: number; up: number };

  /** `offsets`: what each coefficient does to the portrait's mesh, as `fitTable` says. */
  constructor(table: LandmarkTable, offsets: readonly Float32Array[], side: 'Left' | 'Right') {
    const channel = (name: string) => MOTION[`${name}${side}` as Blendshape];
    const isLeft = side === 'Left';
    this.#blink = channel('eyeBlink');
    this.#inwards = isLeft ? -1 : 1;
    this.#down = channel('eyeLookDown');
    this.#up = channel('eyeLookUp');
    this.#rightward = channel(isLeft ? 'eyeLookOut' : 'eyeLookIn');
    this.#leftward = channel(isLeft ? 'eyeLookIn' : 'eyeLookOut');
    const eye = isLeft ? LEFT_EYE : RIGHT_EYE;
    const lid = eye.upper[LID_MIDDLE]! * 3 + 1;
    this.#lidDrop = (LID_FOLLOWS * table.offsets[this.#down]![lid]!) / table.offsets[this.#blink]![lid]!;
    this.#upperBy = Float32Array.from(offsets, (block) => block[lid]!);
    this.#lowerBy = Float32Array.from(offsets, (block) => block[eye.lower[LID_MIDDLE]! * 3 + 1]!);
    const radius = table.neutral[(eye.iris + IRIS_EDGE) * 3]! - table.neutral[eye.iris * 3]!;
    const moved = (index: number, axis: number) => Math.abs(table.offsets[index]![eye.iris * 3 + axis]!) / radius;
    this.#reach = {
      rightward: moved(this.#rightward, 0),
      leftward: moved(this.#leftward, 0),
      down: moved(this.#down, 1),
      up: moved(this.#up, 1),
    };
  }

  /** The gaze channels, or where both are zero the look coefficients, which say the same to others' avatars. */
  set(motion: Float32Array): void {
    const down = motion[this.#down]!;
    const blink = clamp(motion[this.#blink]!, 0, 1);
    this.lid = blink + (1 - blink) * clamp(this.#lidDrop * down, 0, 1);
    this.upperY = 0;
    this.lowerY = 0;
    for (let c = 0; c < this.#upperBy.length; c++) {
      this.upperY += this.#upperBy[c]! * motion[c]!;
      this.lowerY += this.#lowerBy[c]! * motion[c]!;
    }
    const gazeX = motion[MOTION.gazeX]!;
    const gazeY = motion[MOTION.gazeY]!;
    if (gazeX !== 0 || gazeY !== 0) {
      this.x = GAZE_REACH * (gazeX + this.#inwards * vergenceOf(motion));
      this.y = -GAZE_REACH * gazeY;
      return;
    }
    this.x = this.#reach.rightward * motion[this.#rightward]! - this.#reach.leftward * motion[this.#leftward]!;
    this.y = this.#reach.down * down - this.#reach.up * motion[this.#up]!;
  }
}

/** How much the two eyes turn inwards, in units of gaze: what of their look coefficients is not common to both. */
function vergenceOf(motion: Float32Array): number {
  const left = motion[MOTION.eyeLookInLeft]! - motion[MOTION.eyeLookOutLeft]!;
  const right = motion[MOTION.eyeLookInRight]! - motion[MOTION.eyeLookOutRight]!;
  return (left + right) / 2;
}
