import type { VisavisError } from '../../errors.js';
import { badImage } from './image-format.js';
import type { PortraitFace } from './inspect-portrait.js';
import { OVAL } from './landmarks.js';

/** Below it what was detected is no face: the mesh gives faces, drawn ones too, 0.9 and more. */
export const MIN_CONFIDENCE = 0.5;
export const MIN_FACE_PIXELS = 200;
export const MAX_TURN_DEGREES = 30;
/** A second face up to this share of the first is someone in the background. */
const BACKGROUND_SHARE = 0.6;
/** How much of the face's height a point of its outline may lie outside the picture: the forehead's is a guess under hair. */
const MAX_OUTSIDE = 0.05;

/** Where covers begin. On portraits measured: skin around the eyes 0.8 and more, dark lenses 0.4 and less; contrast in eyes 0.41 and more. */
const COVERED_EYES = { surround: 0.5, contrast: 0.4 };
/** On portraits measured: lip colour 0.03 or line 0.15 and more; painted covers at most 0.02 and 0.03. */
const COVERED_MOUTH = { colour: 0.03, line: 0.08 };

const CLOSED_EYE = 0.12;
const OPEN_MOUTH = 0.06;
const BLURRED = 0.05;
/**
 * Even areas beside hard edges, which neither blur nor compression makes: photos and renderings, pressed and smoothed ones too, have less of either.
 * Of 20 filtered to look painted or drawn, 18 have more of both; what has grain or brush strokes all over is not told.
 */
const DRAWN = { flatness: 0.23, sharpness: 0.13 };

/** Which of the faces, given their heights from the largest, is meant. Throws when there is none or the choice is not clear. */
export function chooseFace(heights: readonly number[]): number {
  const [first, second] = heights;
  if (first === undefined)
    throw badImage('shows no face: a picture of one person looking at the camera is needed', undefined, 'no-face');
  if (second !== undefined && second > BACKGROUND_SHARE * first) {
    const similar = heights.filter((height) => height > BACKGROUND_SHARE * first);
    const sizes = similar.map((height) => `${Math.round(height)} pixels`).join(', ');
    throw badImage(
      `shows ${similar.length} faces of similar size (${sizes}): crop it to the one that is meant`,
      undefined,
      'several-faces',
    );
  }
  return 0;
}

/** Throws the one thing that rules a face out, if any: the first of those that a person would notice. */
export function judgeFace(face: PortraitFace, picture: { width: number; height: number }): void {
  const problem = turnProblem(face) ?? sizeProblem(face) ?? edgeProblem(face, picture) ?? coverProblem(face);
  if (problem !== undefined) throw problem;
}

/** What will show in an avatar made of this face. */
export function remarksOn(face: PortraitFace): string[] {
  const remarks: string[] = [];
  const { right, left } = face.eyeOpenness;
  if (right < CLOSED_EYE && left < CLOSED_EYE) remarks.push('The eyes are closed.');
  else if (right < CLOSED_EYE || left < CLOSED_EYE)
    remarks.push(`The person's ${right < left ? 'right' : 'left'} eye is closed.`);
  if (face.mouthOpenness > OPEN_MOUTH) remarks.push('The mouth is open: a closed one moves more naturally.');
  if (face.flatness >= DRAWN.flatness && face.sharpness >= DRAWN.sharpness)
    remarks.push("The face looks drawn or painted: it will move like a photo, with a photo's eyes and teeth.");
  if (face.sharpness < BLURRED) remarks.push('The face is blurred or was enlarged.');
  return remarks;
}

function turnProblem({ pose }: PortraitFace): VisavisError | undefined {
  const needed = `at most ${MAX_TURN_DEGREES}° are possible`;
  const beyond = (degrees: number) => Math.abs(degrees) > MAX_TURN_DEGREES;
  const rounded = (degrees: number) => `${Math.round(Math.abs(degrees))}°`;
  if (beyond(pose.roll))
    return badImage(
      `shows a face tilted by ${rounded(pose.roll)}: ${needed}; turn the picture upright`,
      undefined,
      'face-tilted',
    );
  if (beyond(pose.yaw)) {
    const side = pose.yaw > 0 ? 'left' : 'right';
    return badImage(
      `shows a face turned ${rounded(pose.yaw)} to the person's ${side}: ${needed}; the person should look at the camera`,
      undefined,
      'face-turned',
    );
  }
  if (beyond(pose.pitch)) {
    return badImage(
      `shows a face turned ${rounded(pose.pitch)} ${pose.pitch > 0 ? 'up' : 'down'}: ${needed}; the camera should be level with it`,
      undefined,
      'face-turned',
    );
  }
  return undefined;
}

function sizeProblem({ size }: PortraitFace): VisavisError | undefined {
  if (size.height >= MIN_FACE_PIXELS) return undefined;
  return badImage(
    `shows a face ${Math.round(size.height)} pixels high from forehead to chin: at least ${MIN_FACE_PIXELS} are needed`,
    undefined,
    'face-too-small',
  );
}

function edgeProblem(
  { landmarks, size }: PortraitFace,
  { width, height }: { width: number; height: number },
): VisavisError | undefined {
  const outside = OVAL.map((index) => {
    const [x = 0, y = 0] = landmarks.subarray(3 * index, 3 * index + 2);
    return Math.max(-x, -y, x - width, y - height);
  });
  if (Math.max(...outside) <= MAX_OUTSIDE * size.height) return undefined;
  return badImage(
    'shows a face that its edge cuts off: the whole face from forehead to chin is needed',
    undefined,
    'face-cut-off',
  );
}

function coverProblem({ appearance }: PortraitFace): VisavisError | undefined {
  const { eyeSurround, eyeContrast, lipColour, lipLine } = appearance;
  const covered = (side: 'right' | 'left') =>
    eyeSurround[side] < COVERED_EYES.surround && eyeContrast[side] < COVERED_EYES.contrast;
  if (covered('right') && covered('left'))
    return badImage('shows covered eyes (dark glasses?): both must be seen', undefined, 'eyes-covered');
  if (lipColour < COVERED_MOUTH.colour && lipLine < COVERED_MOUTH.line) {
    return badImage('shows a covered mouth (a mask or a hand?): the lips must be seen', undefined, 'mouth-covered');
  }
  return undefined;
}
