/** Names of MediaPipe's landmarks (canonical face mesh, 468 points, and five for each iris). Left and right are the person's own. */

export const LANDMARKS = 478;

const LEFT_LID_LOWER = [263, 249, 390, 373, 374, 380, 381, 382, 362];
const LEFT_LID_UPPER = [466, 388, 387, 386, 385, 384, 398];
const RIGHT_LID_LOWER = [33, 7, 163, 144, 145, 153, 154, 155, 133];
const RIGHT_LID_UPPER = [246, 161, 160, 159, 158, 157, 173];

/** Outlines of the eyes: outer corner, along the lower lid to the inner corner, then the upper lid from the outside. */
export const EYE = {
  right: [...RIGHT_LID_LOWER, ...RIGHT_LID_UPPER],
  left: [...LEFT_LID_LOWER, ...LEFT_LID_UPPER],
} as const;
/** Pairs of upper and lower lid, and the corners. */
export const EYE_GAPS = {
  right: {
    gaps: [
      [160, 144],
      [159, 145],
      [158, 153],
    ],
    corners: [33, 133],
  },
  left: {
    gaps: [
      [387, 373],
      [386, 374],
      [385, 380],
    ],
    corners: [263, 362],
  },
} as const;
export const IRIS = { right: [468, 469, 470, 471, 472], left: [473, 474, 475, 476, 477] } as const;
/** Pairs of inner upper and lower lip, and the corners of the mouth. */
export const MOUTH_GAPS = {
  gaps: [
    [82, 87],
    [13, 14],
    [312, 317],
  ],
  corners: [61, 291],
} as const;
/** The face's outline from the middle of the forehead, clockwise as one looks at it. */
export const OVAL = [
  ...[10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377],
  ...[152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109],
] as const;
export const OUTER_LIPS = [
  61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185,
] as const;
export const INNER_LIPS = [
  78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191,
] as const;
export const POINT = { forehead: 10, chin: 152, noseTip: 1, rightSide: 234, leftSide: 454 } as const;

/** What the refining parts of the attention mesh return, as places of their points in the mesh (MediaPipe, TensorsToFaceLandmarksWithAttention). */
export const REFINED = {
  output_lips: [
    ...[61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409],
    ...[78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415],
    ...[76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408],
    ...[62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268, 271, 272, 407],
  ],
  output_left_eye: [
    ...[...RIGHT_LID_LOWER, ...RIGHT_LID_UPPER],
    ...[130, 25, 110, 24, 23, 22, 26, 112, 243, 247, 30, 29, 27, 28, 56, 190],
    ...[226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189, 35, 124, 46, 53, 52, 65],
    ...[143, 111, 117, 118, 119, 120, 121, 128, 245, 156, 70, 63, 105, 66, 107, 55, 193],
  ],
  output_right_eye: [
    ...[...LEFT_LID_LOWER, ...LEFT_LID_UPPER],
    ...[359, 255, 339, 254, 253, 252, 256, 341, 463, 467, 260, 259, 257, 258, 286, 414],
    ...[446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444, 443, 442, 441, 413, 265, 353, 276, 283, 282, 295],
    ...[372, 340, 346, 347, 348, 349, 350, 357, 465, 383, 300, 293, 334, 296, 336, 285, 417],
  ],
  output_left_iris: [...IRIS.right],
  output_right_iris: [...IRIS.left],
} as const;
