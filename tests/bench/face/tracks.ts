import { type FaceTrack, trackOf } from '../../../src/bench/face/track.js';
import { EYE_GAPS, LANDMARKS, MOUTH_GAPS } from '../../../src/inference/vision/landmarks.js';

/** What a drawn face does in one frame; lengths in per cent of its width. */
export interface Pose {
  gap?: number;
  mouthWidth?: number;
  /** Gap of the lids over the width of the eye. */
  eyes?: number;
  /** Moves the whole face. */
  dx?: number;
}

export const FACE_WIDTH = 200;

/** A face of which only those landmarks are placed that the measures read. */
export function face({ gap = 0, mouthWidth = 35, eyes = 0.3, dx = 0 }: Pose): Float32Array {
  const points = new Float32Array(LANDMARKS * 2);
  const put = (index: number, x: number, y: number) => points.set([256 + x + dx * 2, 256 + y], index * 2);
  put(234, -FACE_WIDTH / 2, 0);
  put(454, FACE_WIDTH / 2, 0);
  put(MOUTH_GAPS.corners[0], -mouthWidth, 60);
  put(MOUTH_GAPS.corners[1], mouthWidth, 60);
  for (const [k, [upper, lower]] of MOUTH_GAPS.gaps.entries()) {
    put(upper!, (k - 1) * 5, 60 - gap);
    put(lower!, (k - 1) * 5, 60 + gap);
  }
  for (const [side, x] of [
    ['right', -40],
    ['left', 40],
  ] as const) {
    const { gaps, corners } = EYE_GAPS[side];
    put(corners[0]!, x - 20, -40);
    put(corners[1]!, x + 20, -40);
    for (const [upper, lower] of gaps) {
      put(upper!, x, -40 - eyes * 20);
      put(lower!, x, -40 + eyes * 20);
    }
  }
  return points;
}

export function track(poses: readonly (Pose | null)[], frameRate = 25): FaceTrack {
  return trackOf(
    poses.map((pose) => (pose === null ? null : face(pose))),
    frameRate,
  );
}
