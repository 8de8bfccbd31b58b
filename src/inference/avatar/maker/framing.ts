import { VisavisError } from '../../../errors.js';
import type { PictureSize } from '../../../picture-size.js';
import { POINT } from '../../vision/landmarks.js';
import type { Region } from '../../vision/sample.js';

/** A rectangle of a photo, turned about its centre; `side` is its width. */
export interface FrameRegion extends Region {
  height: number;
}

/** How a face is framed: the rectangle that is cut out of the photo, and what it is enlarged or shrunk to. */
export interface Framing {
  region: FrameRegion;
  /** The portrait's size in pixels, even. */
  width: number;
  height: number;
  /** Portrait pixels a photo pixel; above 1 the photo is enlarged. */
  scale: number;
  /** The largest part of the region's height by which one of its corners lies outside the photo above, below or, but for `beyond`, beside it; what is there is mirrored from within. */
  outside: number;
  /** Parts of the region's width by which it reaches beyond the photo's left and right side: wide pictures only. The background is continued there. */
  beyond: { left: number; right: number };
  /** True where the photo has not enough around the head for the usual framing. */
  tight: boolean;
}

/** Of the stock portraits: the face's height (forehead to chin) in picture heights, and where the forehead's point lies. */
const FACE_SHARE = 0.505;
const FOREHEAD_AT = 0.248;
/** The largest share of a wide picture's height that a face may have where the photo ends beside the shoulders; then background is added instead. */
const WIDE_FACE_SHARE = 0.58;
/** How far a corner that straightening turns out of the photo may lie outside it, of the region's height. */
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
 * The rectangle around head and shoulders with the head upright, of the shape of `size`: framed like the stock portraits where the photo reaches that
 * far, else the largest that holds the face in the middle and lies in the photo (but for corners of at most 8 % of its height, which straightening
 * lays bare). A wide one that would bring the face too near reaches beyond the photo's sides instead. `landmarks` are 478 points in pixels of the
 * photo, `roll` the head's tilt in degrees, clockwise as one looks at it.
 *
 * Throws `bad-request`, field `size`, when the rectangle would have to be enlarged more than twice for a picture of `size`.
 */
export function frameHead(landmarks: Float32Array, roll: number, photo: PictureSize, size: PictureSize): Framing {
  const angle = (roll * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  // In axes turned with the head, u to the right and v down.
  const turned = (index: number) => {
    const [x = 0, y = 0] = landmarks.subarray(3 * index, 3 * index + 2);
    return [x * cos + y * sin, y * cos - x * sin] as const;
  };
  const [right, left] = [turned(POINT.rightSide)[0], turned(POINT.leftSide)[0]];
  const [forehead, chin] = [turned(POINT.forehead)[1], turned(POINT.chin)[1]];
  const faceHeight = chin - forehead;
  const middle = (right + left) / 2;
  const aspect = size.width / size.height;
  const isWide = aspect > 1;
  // Turned by nothing, nothing may lie outside.
  const bare = (Math.abs(cos) + Math.max(1, aspect) * Math.abs(sin) - 1) / 2;
  const allowed = ROUNDING + Math.min(MAX_OUTSIDE, bare);
  const place = (height: number, sidesCount: boolean) =>
    within(photo, {
      ...{ middle, top: forehead - FOREHEAD_AT * height, width: aspect * height, height, cos, sin, sidesCount },
    });
  const largest = (most: number, least: number, sidesCount: boolean) => {
    if (place(most, sidesCount).outside <= allowed) return most;
    let [low, high] = [least, most];
    for (let i = 0; i < BISECTIONS; i++) {
      const height = (low + high) / 2;
      if (place(height, sidesCount).outside > allowed) high = height;
      else low = height;
    }
    return low;
  };
  const ideal = faceHeight / FACE_SHARE;
  const inside = largest(ideal, faceHeight, true);
  const goesBeyond = isWide && faceHeight / inside > WIDE_FACE_SHARE;
  const height = goesBeyond ? largest(ideal, faceHeight, false) : inside;
  const { centreX, centreY, outside, beyond } = place(height, !goesBeyond);
  const kept = height < SLIGHTLY * size.height ? size.height : Math.min(OVERSAMPLING * size.height, height);
  const rows = 2 * Math.round(kept / 2);
  const columns = 2 * Math.round((kept * aspect) / 2);
  if (rows > MAX_ENLARGEMENT * height) throw tooSmall(height, aspect, size);
  return {
    region: { centreX, centreY, side: aspect * height, height, angle },
    width: columns,
    height: rows,
    scale: rows / height,
    outside: Math.max(0, outside),
    beyond,
    tight: height < 0.9 * ideal,
  };
}

function tooSmall(height: number, aspect: number, size: PictureSize): VisavisError {
  const most = 2 * Math.floor((MAX_ENLARGEMENT * height) / 2);
  const of = (side: number) => (aspect === 1 ? `${side}` : `${2 * Math.round((side * aspect) / 2)}x${side}`);
  const found = `the head and shoulders in the picture are ${Math.round(height)} pixels ${aspect === 1 ? 'wide' : 'high'}`;
  const message = `${found}: enough for a size of ${of(most)}, not of ${of(size.height)}`;
  return new VisavisError('bad-request', message, { field: 'size' });
}

/**
 * The centre of a rectangle in turned axes, moved as little as possible so that no corner lies farther outside the photo than it must, and how
 * far the worst does, as a part of the height. It is moved up and down freely; sideways only so far that the face stays near its middle. Without
 * `sidesCount` what lies beside the photo does not count, and it is not moved sideways for it.
 */
function within(
  photo: PictureSize,
  o: { middle: number; top: number; width: number; height: number; cos: number; sin: number; sidesCount: boolean },
): { centreX: number; centreY: number; outside: number; beyond: { left: number; right: number } } {
  const { width, height, cos, sin } = o;
  const [u, v] = [o.middle, o.top + height / 2];
  const reachX = (width * Math.abs(cos) + height * Math.abs(sin)) / 2;
  const reachY = (height * Math.abs(cos) + (o.sidesCount ? width : Math.min(width, height)) * Math.abs(sin)) / 2;
  const start = { x: u * cos - v * sin, y: u * sin + v * cos };
  const sideways = o.sidesCount ? 0.08 * height : 0;
  const centreX = clampTo(start.x, reachX, photo.width - reachX, sideways);
  const centreY = clampTo(start.y, reachY, photo.height - reachY, height);
  const beside = Math.max(reachX - centreX, centreX + reachX - photo.width);
  const above = Math.max(reachY - centreY, centreY + reachY - photo.height);
  const beyond = o.sidesCount
    ? { left: 0, right: 0 }
    : {
        left: Math.max(0, (width / 2 - centreX) / width),
        right: Math.max(0, (centreX + width / 2 - photo.width) / width),
      };
  return { centreX, centreY, outside: (o.sidesCount ? Math.max(beside, above) : above) / height, beyond };
}

/** `value` moved by at most `most` towards `low`…`high`; where that is empty, towards its middle. */
function clampTo(value: number, low: number, high: number, most: number): number {
  const target = low > high ? (low + high) / 2 : Math.min(high, Math.max(low, value));
  return value + Math.min(most, Math.max(-most, target - value));
}
