import { z } from 'zod';
import { VisavisError } from '../../errors.js';

/** Points of the MediaPipe face mesh: 468 of the surface, then 5 of each iris (avatar's right eye first). */
export const LANDMARK_COUNT = 478;
/** Only these carry triangles. */
export const SURFACE_COUNT = 468;

/**
 * Where the face is in the portrait. `landmarks` are x, y, z of each point: x and y as fractions of the picture's width
 * and height, z as a fraction of its width, smaller is nearer to the viewer. `triangles` index the first 468.
 */
export interface Rig {
  landmarks: Float32Array;
  triangles: Uint16Array;
  /** What the mouth does in the portrait. Absent: nobody measured it, the landmarks say how far it is open. */
  rest?: RestState;
  /** The light on the face. Absent: nobody measured it. */
  light?: FaceLight;
}

/** sRGB, 0…255 a channel. */
export type Colour = [number, number, number];

export interface RestState {
  /** Mean gap between the inner lips over the width of the mouth; 0: closed. */
  mouthOpenness: number;
  /** The part of the gap between the lips in which teeth are seen, 0…1. */
  teeth: number;
  /** Median colour of the teeth that are seen; absent where none are. */
  teethColour?: Colour;
}

export interface FaceLight {
  /** Median colour of the skin. */
  skin: Colour;
  /** Unit vector from the face to where most light comes from: x right and y down in the picture, z away from the viewer. */
  direction: [number, number, number];
  /** From 0, light from everywhere alike, to 1, one lamp in the dark. */
  strength: number;
}

const coordinate = z.number().min(-2).max(3);
const share = z.number().min(0).max(1);
const channel = z.number().min(0).max(255);
const colour = z.tuple([channel, channel, channel]);
const component = z.number().min(-1).max(1);
const rigSchema = z.strictObject({
  formatVersion: z.literal(1),
  topology: z.literal('mediapipe-face-mesh-478'),
  landmarks: z.array(z.tuple([coordinate, coordinate, coordinate])).length(LANDMARK_COUNT),
  triangles: z
    .array(
      z
        .number()
        .int()
        .min(0)
        .max(SURFACE_COUNT - 1),
    )
    .min(3)
    .max(6_000)
    .refine((list) => list.length % 3 === 0, 'three indices a triangle'),
  rest: z
    .strictObject({ mouthOpenness: z.number().min(0).max(2), teeth: share, teethColour: colour.optional() })
    .optional(),
  light: z
    .strictObject({ skin: colour, direction: z.tuple([component, component, component]), strength: share })
    .optional(),
});

/** Checks and unpacks a `rig.json`. Rejects with `bad-request` naming the first wrong field. */
export function parseRig(text: string): Rig {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new VisavisError('bad-request', 'rig.json is not JSON', { field: 'rig', cause });
  }
  const parsed = rigSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = ['rig', ...(issue?.path ?? [])].join('.');
    throw new VisavisError('bad-request', `rig.json: ${field}: ${issue?.message ?? 'invalid'}`, { field });
  }
  const { landmarks, triangles, rest, light } = parsed.data;
  return {
    landmarks: Float32Array.from(landmarks.flat()),
    triangles: Uint16Array.from(triangles),
    ...(rest && { rest }),
    ...(light && { light }),
  };
}

/**
 * Index lists of the MediaPipe face mesh topology, from the avatar's right (left in the picture) to its left.
 * Source: the landmark map published with MediaPipe Face Mesh (Apache-2.0).
 */
export const FACE_OVAL = [
  10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136,
  172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
] as const;
export const UPPER_LIP = {
  inner: [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308],
  innerMiddle: [62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292],
  middle: [76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306],
  outer: [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291],
} as const;
export const LOWER_LIP = {
  inner: [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308],
  innerMiddle: [62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292],
  middle: [76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306],
  outer: [61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291],
} as const;
export interface EyeIndices {
  upper: readonly number[];
  lower: readonly number[];
  browLower: readonly number[];
  browUpper: readonly number[];
  iris: number;
}
export const RIGHT_EYE: EyeIndices = {
  upper: [33, 246, 161, 160, 159, 158, 157, 173, 133],
  lower: [33, 7, 163, 144, 145, 153, 154, 155, 133],
  browLower: [46, 53, 52, 65, 55],
  browUpper: [70, 63, 105, 66, 107],
  iris: 468,
};
export const LEFT_EYE: EyeIndices = {
  upper: [362, 398, 384, 385, 386, 387, 388, 466, 263],
  lower: [362, 382, 381, 380, 374, 373, 390, 249, 263],
  browLower: [285, 295, 282, 283, 276],
  browUpper: [336, 296, 334, 293, 300],
  iris: 473,
};
export const CHIN = 152;
export const FOREHEAD = 10;
