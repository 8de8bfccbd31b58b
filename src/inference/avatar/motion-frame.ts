/**
 * Layout of a MotionFrame: 52 ARKit blendshape coefficients (0…1) in the order of Apple's
 * `ARFaceAnchor.BlendShapeLocation` list as used by Live Link Face, then head pitch, yaw, roll in radians
 * (positive: chin up, turn to the avatar's left, tilt to the avatar's left), then gaze x, y (−1…1; positive: avatar's left, up),
 * then how far it has breathed out (0: shoulders as in the portrait, 1: lowest).
 */
export const BLENDSHAPES = [
  'eyeBlinkLeft',
  'eyeLookDownLeft',
  'eyeLookInLeft',
  'eyeLookOutLeft',
  'eyeLookUpLeft',
  'eyeSquintLeft',
  'eyeWideLeft',
  'eyeBlinkRight',
  'eyeLookDownRight',
  'eyeLookInRight',
  'eyeLookOutRight',
  'eyeLookUpRight',
  'eyeSquintRight',
  'eyeWideRight',
  'jawForward',
  'jawLeft',
  'jawRight',
  'jawOpen',
  'mouthClose',
  'mouthFunnel',
  'mouthPucker',
  'mouthLeft',
  'mouthRight',
  'mouthSmileLeft',
  'mouthSmileRight',
  'mouthFrownLeft',
  'mouthFrownRight',
  'mouthDimpleLeft',
  'mouthDimpleRight',
  'mouthStretchLeft',
  'mouthStretchRight',
  'mouthRollLower',
  'mouthRollUpper',
  'mouthShrugLower',
  'mouthShrugUpper',
  'mouthPressLeft',
  'mouthPressRight',
  'mouthLowerDownLeft',
  'mouthLowerDownRight',
  'mouthUpperUpLeft',
  'mouthUpperUpRight',
  'browDownLeft',
  'browDownRight',
  'browInnerUp',
  'browOuterUpLeft',
  'browOuterUpRight',
  'cheekPuff',
  'cheekSquintLeft',
  'cheekSquintRight',
  'noseSneerLeft',
  'noseSneerRight',
  'tongueOut',
] as const;

export type Blendshape = (typeof BLENDSHAPES)[number];

/** Index of every channel of a MotionFrame by name. */
export const MOTION = Object.freeze({
  ...(Object.fromEntries(BLENDSHAPES.map((name, index) => [name, index])) as Record<Blendshape, number>),
  headPitch: 52,
  headYaw: 53,
  headRoll: 54,
  gazeX: 55,
  gazeY: 56,
  exhale: 57,
});

export const MOTION_FRAME_LENGTH = 58;
/** Frames per second of motion and picture. */
export const FRAME_RATE = 25;
