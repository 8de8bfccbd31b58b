import { EYE, INNER_LIPS, IRIS, OUTER_LIPS } from '../../inference/vision/landmarks.js';
import type { FaceTrack } from './track.js';

/** The greatest way that any landmark goes from one frame to the next. */
export interface Step {
  /** Of the later frame. */
  frame: number;
  landmark: number;
  /** Of the face's width. */
  percent: number;
  region: 'lips' | 'eyes' | 'face';
}

const IRISES: ReadonlySet<number> = new Set([...IRIS.right, ...IRIS.left]);
/** Where the three rings of the lips between the inner and the outer one are (MediaPipe's refined lips). */
const LIP_FLESH = [
  ...[76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408],
  ...[62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268, 271, 272, 407],
];
const LIPS: ReadonlySet<number> = new Set([...INNER_LIPS, ...OUTER_LIPS, ...LIP_FLESH]);
const LIDS: ReadonlySet<number> = new Set([...EYE.right, ...EYE.left]);

/** One for each frame that has a neighbour before it; frames without a face break the row. Irises are left out: eyes may jump. */
export function steps(track: FaceTrack): Step[] {
  const found: Step[] = [];
  for (let frame = 1; frame < track.frames.length; frame++) {
    const [before, now] = [track.frames[frame - 1], track.frames[frame]];
    if (before == null || now == null) continue;
    let [landmark, farthest] = [0, -1];
    for (let i = 0; 2 * i + 1 < now.length; i++) {
      if (IRISES.has(i)) continue;
      const way = Math.hypot(now[2 * i]! - before[2 * i]!, now[2 * i + 1]! - before[2 * i + 1]!);
      if (way > farthest) [landmark, farthest] = [i, way];
    }
    const region = LIPS.has(landmark) ? 'lips' : LIDS.has(landmark) ? 'eyes' : 'face';
    found.push({ frame, landmark, percent: (100 * farthest) / track.faceWidth, region });
  }
  return found;
}

/** Undefined for a film of one frame. */
export function largestStep(list: readonly Step[]): Step | undefined {
  return list.reduce<Step | undefined>((a, b) => (a === undefined || b.percent > a.percent ? b : a), undefined);
}
