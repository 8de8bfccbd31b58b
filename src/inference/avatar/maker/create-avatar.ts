import { createHash } from 'node:crypto';
import { throwIfAborted } from '../../../abort.js';
import { VisavisError } from '../../../errors.js';
import { type PictureSize, sizeName } from '../../../picture-size.js';
import { encodeGreyPng, encodeRgbPng } from '../../../png.js';
import { canonicalFace } from '../../vision/canonical-face.js';
import { decodeImage } from '../../vision/image.js';
import type { RgbaImage } from '../../vision/image-format.js';
import { inspectPortrait, openVision, type PortraitInspection } from '../../vision/inspect-portrait.js';
import { PersonMask } from '../../vision/person-mask.js';
import { SampledImage } from '../../vision/sample.js';
import type { Manner } from '../manner.js';
import { FRAME_RATE } from '../motion-frame.js';
import {
  AVATAR_ID,
  type AvatarManifest,
  BACKGROUND,
  type Likeness,
  MATTE,
  PACKAGE_FORMAT_VERSION,
  PORTRAIT,
  RIG,
} from '../package.js';
import { requirePlace, writeAvatarPackage } from '../package-writer.js';
import type { RgbImage } from '../png.js';
import type { FaceLight } from '../rig.js';
import { backgroundBehind, continued } from './background.js';
import { faceLight } from './face-light.js';
import { type Framing, frameHead } from './framing.js';
import { settleLips } from './lip-seam.js';
import { cutOut } from './matte.js';
import { coarseMask } from './person-plane.js';
import type { Plane } from './plane.js';
import { insidePicture, resampleRegion } from './resample.js';
import { restState } from './rest-state.js';
import { rigFile, toPortrait } from './rig-file.js';

/** In the order in which they are taken. */
export const STEPS = ['read', 'face', 'frame', 'cut-out', 'background', 'write'] as const;
export type Step = (typeof STEPS)[number];

/** What an avatar is made with, whatever it is made of. */
export interface MakingOptions {
  /** Folder that gets the package as a folder of its own. */
  avatars: string;
  /** Name of that folder. */
  id: string;
  /** Shown to visitors. */
  name: string;
  /** Of the picture, in pixels. */
  size: PictureSize;
  voices: AvatarManifest['voices'];
  manner?: Manner | undefined;
  likeness: Likeness;
  /** Whether an avatar of this id may be replaced. */
  replace?: boolean;
}

export interface CreateAvatarOptions extends MakingOptions {
  /** What the photo's file is called, or its MIME type; must agree with its bytes. */
  declared?: string;
}

export interface CreatedAvatar {
  folder: string;
  framing: Framing;
  /** What will show in the avatar, in sentences. */
  remarks: string[];
}

const USUAL_LICENCE: Record<Likeness['ground'], string> = {
  synthetic: 'not stated',
  licence: 'as in the statement of likeness',
  consent: 'not for redistribution: see the statement of likeness',
};
/** From here on enlargement is worth a remark. */
const ENLARGED = 1.15;
const LAID_BARE = 0.02;
/** Median brightness of the face, of 255; dark skin in good light has 60 and more. */
const DARK_SKIN = 45;
const HARD_LIGHT = 0.6;
/** Over how much of the picture's height grain fades in where a background is continued. */
const FADE = 1 / 192;
/** Rows, as a share of all, in which more of the person than `PERSON` may lie at the photo's side: stray hair. */
const CUT_OFF = 0.02;
const PERSON = 0.5;

/**
 * Makes an avatar package of a portrait photo (JPEG, PNG or WebP): finds the face, straightens and crops, cuts the person out, fills the background
 * behind, measures mouth and light, writes the package. The same photo gives the same package. Takes about 3 s of one core; blocks its
 * thread for some hundred milliseconds at a time and hears `signal` in between.
 *
 * Rejects with what `decodeImage`, `inspectPortrait`, `frameHead` and `writeAvatarPackage` say, each naming the field; nothing is left behind then.
 */
export async function createAvatar(
  photo: Uint8Array,
  o: CreateAvatarOptions,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (step: Step) => void } = {},
): Promise<CreatedAvatar> {
  const begin = async (step: Step) => {
    // Progress is shown, and an abort heard, between two steps that block.
    await new Promise((resolve) => setImmediate(resolve));
    throwIfAborted(signal);
    onProgress?.(step);
  };
  if (!AVATAR_ID.test(o.id)) {
    const expected = 'lower-case letters, digits and dashes, a letter or digit first, 63 at most';
    throw new VisavisError('bad-request', `the id ${JSON.stringify(o.id.slice(0, 80))} must be ${expected}`, {
      field: 'id',
    });
  }
  await requirePlace(o.avatars, o.id, o.replace === true);
  await begin('read');
  const image = await decodeImage(photo, o.declared === undefined ? {} : { declared: o.declared });
  await begin('face');
  const vision = await openVision();
  const found = await inspectPortrait(image, vision);
  const sampled = new SampledImage(image);
  const settled = await vision.mesh.refine(sampled, found.face.landmarks);
  await begin('frame');
  const framing = frameHead(settled, found.face.pose.roll, image, o.size);
  const { portrait, known } = framed(image, framing);
  const landmarks = toPortrait(settled, framing);
  settleLips(portrait, landmarks);
  await begin('cut-out');
  const matte = cutOut(portrait, await coarseMask(portrait, await PersonMask.create()), landmarks);
  if (known !== undefined) requireShoulders(matte, known, o.size);
  await begin('background');
  const background = backgroundBehind(portrait, matte);
  const light = faceLight(portrait, landmarks, canonicalFace().triangles);
  const rest = restState(portrait, landmarks, light.skin);
  await begin('write');
  const { width, height } = framing;
  const files = new Map<string, Uint8Array>([
    [PORTRAIT, encodeRgbPng(portrait)],
    [MATTE, encodeGreyPng({ width, height, data: bytesOf(matte) })],
    [BACKGROUND, encodeRgbPng(background)],
    [RIG, Buffer.from(rigFile(landmarks, canonicalFace().triangles, framing, { rest, light }))],
  ]);
  const folder = await writeAvatarPackage(o.avatars, manifestOf(photo, image, o), files, {
    ...(o.replace !== undefined && { replace: o.replace }),
    ...(signal && { signal }),
  });
  return { folder, framing, remarks: remarksOf(found, framing, light) };
}

function manifestOf(photo: Uint8Array, { width, height }: { width: number; height: number }, o: CreateAvatarOptions) {
  const sum = createHash('sha256').update(photo).digest('hex');
  return {
    formatVersion: PACKAGE_FORMAT_VERSION,
    id: o.id,
    name: o.name,
    renderer: 'portrait',
    width: o.size.width,
    height: o.size.height,
    frameRate: FRAME_RATE,
    voices: o.voices,
    ...(o.manner && { manner: o.manner }),
    licence: USUAL_LICENCE[o.likeness.ground],
    provenance:
      `Made by Visavis of a picture of ${width} × ${height} pixels with the SHA-256 ${sum}. Face found with MediaPipe Face ` +
      'Detection and Face Mesh, person cut out with MediaPipe Selfie Segmentation (Apache-2.0).',
    likeness: o.likeness,
  } as const;
}

function remarksOf({ remarks, face, otherFaces }: PortraitInspection, framing: Framing, light: FaceLight): string[] {
  const more: string[] = [];
  const { pitch, yaw, roll } = face.pose;
  if (Math.abs(roll) > 1) more.push(`The head was turned upright by ${Math.abs(roll).toFixed(0)}°.`);
  if (Math.max(Math.abs(pitch), Math.abs(yaw)) > 15)
    more.push('The face does not look straight into the camera: turning its head shows less than it could.');
  const skin = 0.299 * light.skin[0] + 0.587 * light.skin[1] + 0.114 * light.skin[2];
  if (skin < DARK_SKIN) more.push('The face is dark: more light shows more of it.');
  if (light.strength > HARD_LIGHT && Math.abs(light.direction[0]) > 0.6)
    more.push(
      `The light is hard and comes from the person's ${light.direction[0] > 0 ? 'left' : 'right'}: shadows do not turn with the head.`,
    );
  if (framing.tight) more.push('There is little room around the head: the face fills more of the picture than usual.');
  if (Math.max(framing.beyond.left, framing.beyond.right) > LAID_BARE)
    more.push('The photo is too narrow for a wide picture: its background was continued at the sides.');
  if (framing.outside > LAID_BARE) more.push('Corners of the straightened picture were filled by mirroring.');
  if (framing.scale > ENLARGED) more.push(`The picture was enlarged ${framing.scale.toFixed(1)} times.`);
  if (otherFaces > 0) more.push(`${otherFaces} smaller face${otherFaces === 1 ? ' was' : 's were'} left aside.`);
  return [...remarks, ...more];
}

/** The portrait that a framing cuts out; `known`: 1 a pixel that the photo has, where its background had to be continued. */
function framed(image: RgbaImage, framing: Framing): { portrait: RgbImage; known?: Plane } {
  const portrait = resampleRegion(image, framing.region, framing);
  if (framing.beyond.left + framing.beyond.right === 0) return { portrait };
  const known = insidePicture(image, framing.region, framing);
  return { portrait: continued(portrait, known.data, FADE * framing.height), known };
}

/** A background can be continued, a cut-off shoulder cannot. Throws `bad-request`, field `size`. */
function requireShoulders(matte: Plane, known: Plane, size: PictureSize): void {
  const { width, height } = matte;
  let cut = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 1, i = y * width + 1; x < width; x++, i++) {
      const isBorder = known.data[i] !== known.data[i - 1];
      if (isBorder && Math.max(matte.data[i]!, matte.data[i - 1]!) > PERSON) cut++;
    }
  }
  if (cut <= CUT_OFF * height) return;
  throw new VisavisError(
    'bad-request',
    `the photo ends at the person's shoulders: a picture of ${sizeName(size)} needs both in full, with room beside them; choose a square size, or a wider photo`,
    { field: 'size' },
  );
}

function bytesOf(plane: Plane): Uint8Array {
  return Uint8Array.from(plane.data, (value) => Math.round(255 * value));
}
