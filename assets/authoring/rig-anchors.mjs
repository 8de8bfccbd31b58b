/** Index lists of `measure-rig.mjs`: the same points in the numberings of MediaPipe, iBUG and ICT-FaceKit. */
import { readFileSync } from 'node:fs';

/** ARKit's names in the order of a MotionFrame, read from where that order is defined. */
export const BLENDSHAPES = /BLENDSHAPES = \[([^\]]*)\]/
  .exec(readFileSync(new URL('../../src/inference/avatar/motion-frame.ts', import.meta.url), 'utf8'))[1]
  .match(/[a-zA-Z]+/g);

/** iBUG points 17 … 67 (brows, nose, eyes, lips) and the chin as vertices of ICT-FaceKit. */
const ICT = [
  268, 493, 1914, 2044, 1401, 3615, 4240, 4114, 2734, 2509, 978, 4527, 4942, 4857, 1140, 2075, 1147, 4269, 3360, 1507, 1542, 1537,
  1528, 1518, 1511, 3742, 3751, 3756, 3721, 3725, 3732, 5708, 5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841, 5702,
  5711, 5533, 6216, 6207, 6470, 5517, 5966, 966,
];
/** The same as MediaPipe landmarks. */
const MEDIAPIPE = [
  70, 63, 105, 66, 107, 336, 296, 334, 293, 300, 168, 197, 5, 4, 98, 97, 2, 326, 327, 33, 160, 158, 133, 153, 144, 362, 385, 387, 263,
  373, 380, 61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 81, 13, 311, 308, 402, 14, 178, 152,
];
export const IBUG_ANCHORS = Object.fromEntries(MEDIAPIPE.map((landmark, i) => [landmark, ICT[i]]));

/** Edges of the upper and the lower lids, right eye first. */
export const LIDS = [
  [33, 246, 161, 160, 159, 158, 157, 173, 133],
  [33, 7, 163, 144, 145, 153, 154, 155, 133],
  [362, 398, 384, 385, 386, 387, 388, 466, 263],
  [362, 382, 381, 380, 374, 373, 390, 249, 263],
];
/** Rings of the lips from the inner to the outer edge, each from the right corner to the left. */
export const LIPS = {
  upper: {
    inner: [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308],
    innerMiddle: [62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292],
    middle: [76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306],
    outer: [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291],
  },
  lower: {
    inner: [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308],
    innerMiddle: [62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292],
    middle: [76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306],
    outer: [61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291],
  },
};
