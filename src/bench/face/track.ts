/** Landmarks of a face, frame after frame. */
export interface FaceTrack {
  frameRate: number;
  /** x, y of each landmark in pixels, one array a frame; null where no face was seen. */
  frames: readonly (Float32Array | null)[];
  /** Pixels between the sides of the face in its first frame: the measure that everything is given in. */
  faceWidth: number;
}

const SIDES = [234, 454] as const;

/** A track of frames that are there. Throws RangeError when there is no face in any. */
export function trackOf(frames: readonly (Float32Array | null)[], frameRate: number): FaceTrack {
  const first = frames.find((points) => points !== null);
  if (first === undefined) throw new RangeError('no face in any frame');
  return { frameRate, frames, faceWidth: distance(first, SIDES[0], SIDES[1]) };
}

/** Pixels between two landmarks. */
export function distance(points: Float32Array, a: number, b: number): number {
  return Math.hypot(points[2 * a]! - points[2 * b]!, points[2 * a + 1]! - points[2 * b + 1]!);
}

/** Without depth: `values` holds x, y, z of each landmark. */
export function flat(values: Float32Array): Float32Array {
  return Float32Array.from({ length: (values.length / 3) * 2 }, (_, k) => values[(k >> 1) * 3 + (k & 1)]!);
}
