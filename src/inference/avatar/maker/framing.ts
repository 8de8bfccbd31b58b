import { VisavisError } from '../../../errors.js';
import { POINT } from '../../vision/landmarks.js';
import type { Region } from '../../vision/sample.js';

/** How a face is framed: the square that is cut out of the photo, and what it is enlarged or shrunk to. */
export interface Framing {
  region: Region;
  /** Side of the square portrait in pixels, even. */
  side: number;
  /** Portrait pixels a photo pixel; above 1 the photo is enlarged. */
  scale: number;
  /** The largest part of the square's side by which one of its corners lies outside the photo; what is there is mirrored from within. */
  outside: number;
  /** True where the photo has not enough around the head for the usual framing. */
  tight: boolean;
}

/** Of the stock portraits: the face's height (forehead to chin) in picture heights, and where the forehead's point lies. */
const FACE_SHARE = 0.505;
const FOREHEAD_AT = 0.248;
/** How far a corner that straightening turns out of the photo may lie outside it, of the square's side. */
const MAX_OUTSIDE = 0.08;
const ROUNDING = 0.001;
/** A portrait is kept larger than it is shown where the photo has it: the renderer samples at twice the size that it draws. */
const OVERSAMPLING = 1.5;
/** Below this times the size nothing is gained by keeping more. */
const SLIGHTLY = 1.05;
/** More than this shows as blur at full size. */
const MAX_ENLARGEMENT = 2;
const BISECTIONS = 24;

/**
 * The square around head and shoulders with the head upright: framed like the stock portraits where the photo reaches that far, else the
 * largest square that holds the face in the middle and lies in the photo (but for corners of at most 8 % of its side, which straightening
 * lays bare). `landmarks` are 478 points in pixels of the photo, `roll` the head's tilt in degrees, clockwise as one looks at it.
 *
 * Throws `bad-request`, field `size`, when the square would have to be enlarged more than twice for a picture of `size` pixels.
 */
export function frameHead(
  landmarks: Float32Array,
  roll: number,
  photo: { width: number; height: number },
  size: number,
): Framing {
  const angle = (roll * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  // In axes turned with the head, u to the right and v down.
  const turned = (index: number) => {
    const [x = 0, y = 0] = landmarks.subarray(3 * index, 3 * index + 2);
    return [x * cos + y * sin, y * cos - x * sin] as const;
  };
  const [right, left] = [turned(POINT.rightSide)[0], turned(POINT.leftSide)[0]];
  const [forehead, chin] = [turned(POINT.forehead)[1], turned(POINT.chin)[1]];
  const height = chin - forehead;
  const ideal = height / FACE_SHARE;
  const middle = (right + left) / 2;
  const place = (side: number) => within(photo, { middle, top: forehead - FOREHEAD_AT * side, side, cos, sin });
  // Turned by nothing, nothing may lie outside.
  const allowed = ROUNDING + Math.min(MAX_OUTSIDE, (Math.abs(cos) + Math.abs(sin) - 1) / 2);
  let side = ideal;
  if (place(side).outside > allowed) {
    let [low, high] = [height, ideal];
    for (let i = 0; i < BISECTIONS; i++) {
      side = (low + high) / 2;
      if (place(side).outside > allowed) high = side;
      else low = side;
    }
    side = low;
  }
  const { centreX, centreY, outside } = place(side);
  const kept = side < SLIGHTLY * size ? size : Math.min(OVERSAMPLING * size, side);
  const pixels = 2 * Math.round(kept / 2);
  if (pixels > MAX_ENLARGEMENT * side) {
    const most = 2 * Math.floor((MAX_ENLARGEMENT * side) / 2);
    const found = `the head and shoulders in the picture are ${Math.round(side)} pixels wide`;
    throw new VisavisError('bad-request', `${found}: enough for a size of ${most}, not of ${size}`, { field: 'size' });
  }
  return {
    region: { centreX, centreY, side, angle },
    side: pixels,
    scale: pixels / side,
    outside: Math.max(0, outside),
    tight: side < 0.9 * ideal,
  };
}

/**
 * The centre of a square in turned axes, moved as little as possible so that no corner lies farther outside the photo than it must, and how
 * far the worst does, as a part of the side. It is moved up and down freely; sideways only so far that the face stays near its middle.
 */
function within(
  photo: { width: number; height: number },
  o: { middle: number; top: number; side: number; cos: number; sin: number },
): { centreX: number; centreY: number; outside: number } {
  const { side, cos, sin } = o;
  const [u, v] = [o.middle, o.top + side / 2];
  const reach = (side / 2) * (Math.abs(cos) + Math.abs(sin));
  const start = { x: u * cos - v * sin, y: u * sin + v * cos };
  const sideways = 0.08 * side;
  const centreX = clampTo(start.x, reach, photo.width - reach, sideways);
  const centreY = clampTo(start.y, reach, photo.height - reach, side);
  const corner = Math.max(
    reach - centreX,
    centreX + reach - photo.width,
    reach - centreY,
    centreY + reach - photo.height,
  );
  return { centreX, centreY, outside: corner / side };
}

/** `value` moved by at most `most` towards `low`…`high`; where that is empty, towards its middle. */
function clampTo(value: number, low: number, high: number, most: number): number {
  const target = low > high ? (low + high) / 2 : Math.min(high, Math.max(low, value));
  return value + Math.min(most, Math.max(-most, target - value));
}
