/**
 * Sizes of the mouth's inside in millimetres, in the mouth's frame: x to the avatar's left from the middle, y down from the line of the
 * closed lips, z away from the viewer from where the lips meet.
 *
 * Crowns and widths after S. J. Nelson, "Wheeler's Dental Anatomy" (tables of average tooth dimensions); arch, overlap and the show of the
 * upper front teeth below a relaxed lip are the usual averages of grown people (W. R. Proffit, "Contemporary Orthodontics").
 */

/** Between the pupils and between the sides of the face in grown people, mean. */
export const PUPIL_DISTANCE_MM = 63;
export const FACE_WIDTH_MM = 140;

/** One crown: mesiodistal width along the arch, length, how far its edge stands back from the occlusal plane. */
export interface Crown {
  width: number;
  length: number;
  lift: number;
  /** How round the corners of the biting edge are, 0…1, and how pointed its middle is. */
  round: number;
  point: number;
}

const crown = (width: number, length: number, lift: number, round: number, point: number): Crown => ({
  width,
  length,
  lift,
  round,
  point,
});

/** From the middle outwards: two incisors, canine, two premolars, first molar. */
export const UPPER_CROWNS: readonly Crown[] = [
  crown(8.5, 10.2, 0, 0.5, 0),
  crown(6.5, 8.8, 0.7, 0.8, 0),
  crown(7.6, 9.8, 0.1, 1, 0.9),
  crown(7, 8.4, 0.5, 1, 0.8),
  crown(6.8, 7.8, 0.6, 1, 0.6),
  crown(10, 7.2, 0.5, 1, 0.3),
];
export const LOWER_CROWNS: readonly Crown[] = [
  crown(5.2, 8.8, 0.1, 0.45, 0),
  crown(5.6, 9, 0, 0.55, 0),
  crown(6.9, 10.2, -0.3, 1, 0.8),
  crown(7, 8.4, 0.3, 1, 0.7),
  crown(7.1, 7.8, 0.4, 1, 0.5),
  crown(11, 7.2, 0.4, 1, 0.3),
];

/** An arch seen from above: depth of the teeth's outer faces, z = front + bend·x² + steep·x⁴. */
export interface Arch {
  front: number;
  bend: number;
  steep: number;
}

export const UPPER_ARCH: Arch = { front: 2.2, bend: 0.022, steep: 1.6e-5 };
export const LOWER_ARCH: Arch = { front: 4.6, bend: 0.025, steep: 2.2e-5 };

export function archDepth({ front, bend, steep }: Arch, x: number): number {
  const square = x * x;
  return front + square * (bend + steep * square);
}

/** Edge of the upper front teeth below the line where the lips meet; how much they overlap the lower ones. */
export const UPPER_EDGE = 2.7;
export const OVERBITE = 2;
/** The plane on which the teeth meet rises towards the back. */
export const OCCLUSAL_RISE = Math.tan((7 * Math.PI) / 180);
/** The jaw turns about an axis this far behind the lower front teeth. */
export const HINGE_DEPTH = 92;
/** Sideways and forward way of the jaw for a coefficient of 1. */
export const JAW_SIDE = 5;
export const JAW_FORWARD = 4;
