import { createHash } from 'node:crypto';
import { throwIfAborted } from '../../../abort.js';
import { VisavisError } from '../../../errors.js';
import { encodeGreyPng, encodeRgbPng } from '../../../png.js';
import { canonicalFace } from '../../vision/canonical-face.js';
import { decodeImage } from '../../vision/image.js';
import { inspectPortrait, openVision, type PortraitInspection } from '../../vision/inspect-portrait.js';
import { PersonMask } from '../../vision/person-mask.js';
import { SampledImage } from '../../vision/sample.js';
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
import { backgroundBehind } from './background.js';
import { faceLight } from './face-light.js';
import { type Framing, frameHead } from './framing.js';
import { settleLips } from './lip-seam.js';
import { cutOut } from './matte.js';
import type { Plane } from './plane.js';
import { resampleSquare } from './resample.js';
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
  /** Side of the picture in pixels, even. */
  size: number;
  voices: AvatarManifest['voices'];
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
  const portrait = resampleSquare(image, framing.region, framing.side);
  const landmarks = toPortrait(settled, framing);
  settleLips(portrait, landmarks);
  await begin('cut-out');
  const coarse = await (await PersonMask.create()).segment(new SampledImage(withOpacity(portrait)));
  const matte = cutOut(portrait, coarse, landmarks);
  await begin('background');
  const background = backgroundBehind(portrait, matte);
  const light = faceLight(portrait, landmarks, canonicalFace().triangles);
  const rest = restState(portrait, landmarks, light.skin);
  await begin('write');
  const { width, height } = portrait;
  const files = new Map<string, Uint8Array>([
    [PORTRAIT, encodeRgbPng(portrait)],
    [MATTE, encodeGreyPng({ width, height, data: bytesOf(matte) })],
    [BACKGROUND, encodeRgbPng(background)],
    [RIG, Buffer.from(rigFile(landmarks, canonicalFace().triangles, framing.side, { rest, light }))],
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
    width: o.size,
    height: o.size,
    frameRate: FRAME_RATE,
    voices: o.voices,
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
  if (framing.outside > LAID_BARE) more.push('Corners of the straightened picture were filled by mirroring.');
  if (framing.scale > ENLARGED) more.push(`The picture was enlarged ${framing.scale.toFixed(1)} times.`);
  if (otherFaces > 0) more.push(`${otherFaces} smaller face${otherFaces === 1 ? ' was' : 's were'} left aside.`);
  return [...remarks, ...more];
}

function withOpacity({ width, height, data }: RgbImage) {
  const out = new Uint8Array(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) for (let k = 0; k < 3; k++) out[i * 4 + k] = data[i * 3 + k]!;
  return { width, height, data: out };
}

function bytesOf(plane: Plane): Uint8Array {
  return Uint8Array.from(plane.data, (value) => Math.round(255 * value));
}
