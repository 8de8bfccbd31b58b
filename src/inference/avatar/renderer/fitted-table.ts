import type { LandmarkTable } from '../landmark-table.js';
import { BLENDSHAPES, type Blendshape } from '../motion-frame.js';
import { LEFT_EYE, RIGHT_EYE, SURFACE_COUNT, UPPER_LIP } from '../rig.js';
import { lerp, smoothstep } from './curves.js';
import type { FaceGeometry } from './face-geometry.js';

/** The lids and the eyeballs are painted: here these coefficients move no skin. */
const PAINTED: ReadonlySet<Blendshape> = new Set([
  'eyeBlinkLeft',
  'eyeBlinkRight',
  'eyeLookDownLeft',
  'eyeLookDownRight',
]);

/** Of a portrait's camera, in distances between the irises: about 0.6 m. */
const CAMERA_DISTANCE = 9.5;
const LOWER_FACE = /^(mouth|jaw)/;
const NOSE = /^nose/;
/** The measured head's lips part with its nose; those of a face that smiles with closed lips hold together by this share. */
const HELD_BY_LIPS = 0.65;

/**
 * The measured table for a portrait, in pixels: x, y, z of each surface point, one block a coefficient; turned and scaled as the face is,
 * and around the mouth as its width is.
 */
export function fitTable(table: LandmarkTable, face: FaceGeometry): Float32Array[] {
  const [right, left] = [RIGHT_EYE.iris, LEFT_EYE.iris];
  const cos = face.x[left]! - face.x[right]!;
  const sin = face.y[left]! - face.y[right]!;
  const apart = Math.hypot(cos, sin);
  const [cornerRight, cornerLeft] = [UPPER_LIP.outer[0], UPPER_LIP.outer[10]];
  const usual = (table.neutral[cornerLeft * 3]! - table.neutral[cornerRight * 3]!) * apart;
  const wide = face.mouth.width / usual;
  const middleX = (face.x[right]! + face.x[left]!) / 2;
  const middleY = (face.y[right]! + face.y[left]!) / 2;
  return BLENDSHAPES.map((name, c) => {
    const block = new Float32Array(SURFACE_COUNT * 3);
    if (PAINTED.has(name)) return block;
    for (let i = 0; i < SURFACE_COUNT; i++) {
      const scale =
        lerp(1, wide, nearMouth(i, face)) *
        (LOWER_FACE.test(name) ? awayFromEyes(i, face, apart) : 1) *
        (NOSE.test(name) ? 1 - HELD_BY_LIPS * atLips(i, face) : 1);
      const [x, y, z] = [0, 1, 2].map((k) => table.offsets[c]![i * 3 + k]! * scale) as [number, number, number];
      // What comes nearer to the camera grows from the middle of the picture's face.
      const nearer = -z / CAMERA_DISTANCE;
      const px = (face.x[i]! - middleX) * nearer;
      const py = (face.y[i]! - middleY) * nearer;
      block.set([x * cos - y * sin + px, x * sin + y * cos + py, z * apart], i * 3);
    }
    return block;
  });
}

/** 0 at the lids, 1 well away from them: who speaks does not squint; where eyes smile too, squint and cheek coefficients say so. */
function awayFromEyes(i: number, face: FaceGeometry, apart: number): number {
  const distances = [RIGHT_EYE, LEFT_EYE].map(({ iris }) =>
    Math.hypot(face.x[i]! - face.x[iris]!, face.y[i]! - face.y[iris]!),
  );
  return smoothstep(0.3, 0.6, Math.min(...distances) / apart);
}

/** 1 at the lips, 0 from one and a half mouth widths on. */
function nearMouth(i: number, face: FaceGeometry): number {
  const { centreX, centreY, width } = face.mouth;
  return 1 - smoothstep(0.6, 1.5, Math.hypot(face.x[i]! - centreX, face.y[i]! - centreY) / width);
}

/** 1 on the lips' height, falling to nothing half a mouth width away from it. */
function atLips(i: number, face: FaceGeometry): number {
  const { centreX, centreY, width, cos, sin } = face.mouth;
  const below = ((face.y[i]! - centreY) * cos - (face.x[i]! - centreX) * sin) / width;
  return Math.exp(-((below / 0.24) ** 2));
}
