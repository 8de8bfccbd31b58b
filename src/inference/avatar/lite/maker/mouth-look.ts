import { MOUTH_GAPS, POINT } from '../../../vision/landmarks.js';

/** What a mouth looks like, each in per cent of the face's width: the gap between the inner lips, the width from corner to corner, and how low four places lie. */
export const LOOKS = ['gap', 'width', 'upperLip', 'lowerLip', 'corners', 'chin'] as const;
export type Look = (typeof LOOKS)[number];

/** How much an error of each counts: what is seen first most. */
export const LOOK_WEIGHTS: Record<Look, number> = {
  gap: 5,
  width: 1,
  upperLip: 0.6,
  lowerLip: 0.6,
  corners: 0.4,
  chin: 0.15,
};

const UPPER_LIP = 0;
const LOWER_LIP = 17;

/** Landmarks as `stride` numbers a point, x and y first, in pixels, of a head that stands upright and still; `faceWidth` in pixels. */
export function lookOf(points: Float32Array, stride: number, faceWidth: number): number[] {
  const unit = 100 / faceWidth;
  const x = (index: number) => points[index * stride]! * unit;
  const y = (index: number) => points[index * stride + 1]! * unit;
  const { gaps, corners } = MOUTH_GAPS;
  const [right, left] = corners as readonly [number, number];
  const gap = gaps.reduce((sum, [upper, lower]) => sum + y(lower!) - y(upper!), 0) / gaps.length;
  const width = Math.hypot(x(left) - x(right), y(left) - y(right));
  return [gap, width, y(UPPER_LIP), y(LOWER_LIP), (y(left) + y(right)) / 2, y(POINT.chin)];
}

export function faceWidthOf(points: Float32Array, stride: number): number {
  const [right, left] = [POINT.rightSide * stride, POINT.leftSide * stride];
  return Math.hypot(points[left]! - points[right]!, points[left + 1]! - points[right + 1]!);
}
