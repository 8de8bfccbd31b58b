import { createHash } from 'node:crypto';
import { throwIfAborted } from '../../../../abort.js';
import { VisavisError } from '../../../../errors.js';
import { i420ToRgb } from '../../../../i420.js';
import { sizeName } from '../../../../picture-size.js';
import { encodeRgbPng } from '../../../../png.js';
import { canonicalFace } from '../../../vision/canonical-face.js';
import { type FaceLandmarks, regionOfLandmarks } from '../../../vision/face-mesh.js';
import { openVision, type Vision } from '../../../vision/inspect-portrait.js';
import { OUTER_LIPS, POINT } from '../../../vision/landmarks.js';
import { SampledImage } from '../../../vision/sample.js';
import type { MakingOptions } from '../../maker/create-avatar.js';
import { faceLight } from '../../maker/face-light.js';
import { frameHead } from '../../maker/framing.js';
import { restState } from '../../maker/rest-state.js';
import { rigFile } from '../../maker/rig-file.js';
import { FRAME_RATE, MOTION_FRAME_LENGTH } from '../../motion-frame.js';
import { AVATAR_ID, type AvatarManifest, LITE, PACKAGE_FORMAT_VERSION, PORTRAIT, RIG } from '../../package.js';
import { requirePlace, writeAvatarPackage } from '../../package-writer.js';
import type { RgbImage } from '../../png.js';
import { openAvatar } from '../../renderer/portrait.js';
import { parseRig, SURFACE_COUNT } from '../../rig.js';
import { encodeFrames, type Frames, frameAt } from '../frames.js';
import { LiteNetworks } from '../networks.js';
import { SHOWN_PART } from '../patch.js';
import { References } from '../reference.js';
import type { LiteSettings } from '../settings.js';
import { calibrate, type TargetOf } from './calibrate.js';
import { probeVideo, type ReadingOptions, readPictures } from './ffmpeg.js';
import { faceWidthOf, lookOf } from './mouth-look.js';
import { type PackFolder, readPackFolder, readReferences } from './pack-folder.js';
import { quietFrames } from './quiet-frames.js';
import { Studio } from './studio.js';

/** In the order in which they are taken. */
export const IMPORT_STEPS = ['read', 'clip', 'face', 'calibrate', 'write'] as const;
export type ImportStep = (typeof IMPORT_STEPS)[number];

export interface ImportedAvatar {
  folder: string;
  frames: number;
  calibration: LiteSettings['calibration'];
}

export interface ImportProgress {
  signal?: AbortSignal;
  /** `share` 0…1 of the step. */
  onProgress?: (step: ImportStep, share: number) => void;
  /** Programs that read the clip. */
  programs?: Omit<ReadingOptions, 'signal'>;
}

/**
 * Makes an avatar package of a folder of the LiteAvatar family (`net_encode.onnx`, `net_decode.onnx`, `bg_video.mp4`, `face_box.txt`, `neutral_pose.npy`,
 * `ref_frames`): reads and tries out the networks, decodes the clip around head and shoulders, finds the face, calibrates the parameters, writes. About 40 s of one core, most of
 * them the calibration. The same folder gives the same package.
 *
 * Rejects with `bad-request` or `not-found`, field the file that is wrong; `unavailable` without ffmpeg; AbortError when aborted. Nothing is left behind then.
 */
export async function importAvatar(
  folder: string,
  o: MakingOptions,
  { signal, onProgress, programs }: ImportProgress = {},
): Promise<ImportedAvatar> {
  const tell = (step: ImportStep, share: number) => {
    throwIfAborted(signal);
    onProgress?.(step, share);
  };
  if (!AVATAR_ID.test(o.id)) {
    const expected = 'lower-case letters, digits and dashes, a letter or digit first, 63 at most';
    throw new VisavisError('bad-request', `the id ${JSON.stringify(o.id.slice(0, 80))} must be ${expected}`, {
      field: 'id',
    });
  }
  if (o.size.width !== o.size.height) {
    const message = `the clips of this family are shown square: expected a size such as 512, got ${sizeName(o.size)}`;
    throw new VisavisError('bad-request', message, { field: 'size' });
  }
  const side = o.size.width;
  await requirePlace(o.avatars, o.id, o.replace === true);
  tell('read', 0);
  const pack = await readPackFolder(folder);
  const networks = await LiteNetworks.create(pack.encoder, pack.decoder, SHOWN_PART);
  try {
    let read = 0;
    const references = await readReferences(pack.references, () => tell('read', ++read / pack.references.length));
    tell('clip', 0);
    const vision = await openVision();
    const { clip, box } = await readClip(pack, vision, references.count, side, { ...programs, signal });
    tell('face', 0);
    const turns = quietFrames(clip);
    const index = turns[0]!;
    const portrait: RgbImage = { ...o.size, data: i420ToRgb(frameAt(clip, index), side, side) };
    const face = await faceIn(portrait, vision, 'the clip');
    const sampled = new SampledImage(withOpacity(portrait));
    const landmarks = await vision.mesh.refine(sampled, face.points);
    const light = faceLight(portrait, landmarks, canonicalFace().triangles);
    const rest = restState(portrait, landmarks, light.skin);
    const rig = rigFile(landmarks, canonicalFace().triangles, portrait, { rest, light });
    tell('calibrate', 0);
    const pixels = { x: box.x * side, y: box.y * side, width: box.width * side, height: box.height * side };
    const studio = await Studio.create({
      ...{ networks, mesh: vision.mesh, clip, references: new References(references), index },
      ...{ box: pixels, region: regionOfLandmarks(landmarks), landmarks },
    });
    const calibrated = await calibrate(studio, pack.neutral, targetOf(portrait, rig, side), {
      ...(signal && { signal }),
      onProgress: (share) => tell('calibrate', share),
    });
    tell('write', 0);
    const settings: LiteSettings = { formatVersion: 1, box, turns, ...calibrated };
    const files = new Map<string, Uint8Array>([
      [PORTRAIT, encodeRgbPng(portrait)],
      [RIG, Buffer.from(rig)],
      [LITE.encoder, pack.encoder.content],
      [LITE.decoder, pack.decoder.content],
      [LITE.clip, await encodeFrames(clip)],
      [LITE.references, await encodeFrames(references)],
      [LITE.settings, Buffer.from(`${JSON.stringify(settings)}\n`)],
    ]);
    const written = await writeAvatarPackage(o.avatars, manifestOf(pack, o), files, {
      ...(o.replace !== undefined && { replace: o.replace }),
      ...(signal && { signal }),
    });
    return { folder: written, frames: clip.count, calibration: calibrated.calibration };
  } finally {
    await networks.close();
  }
}

/** The clip's frames around head and shoulders, square, and where in them the networks draw. */
async function readClip(
  pack: PackFolder,
  vision: Vision,
  count: number,
  size: number,
  reading: ReadingOptions,
): Promise<{ clip: Frames; box: LiteSettings['box'] }> {
  const { width, height } = await probeVideo(pack.clipPath, reading);
  const { top, bottom, left, right } = pack.box;
  if (bottom > height || right > width) {
    const found = `reaches to ${right}, ${bottom} in pictures of ${width} × ${height} pixels`;
    throw new VisavisError('bad-request', `face_box.txt ${found}`, { field: 'face_box.txt' });
  }
  const first = await readPictures(pack.clipPath, {
    ...reading,
    ...{ filters: 'null', format: 'rgb24', bytesPerPicture: width * height * 3, count: 1 },
  });
  const face = await faceIn({ width, height, data: first }, vision, 'bg_video.mp4');
  const region = squareAround(face.points, { width, height }, size);
  const isShown =
    left >= region.x && right <= region.x + region.side && top >= region.y && bottom <= region.y + region.side;
  const inBox = (index: number) => {
    const [x = 0, y = 0] = face.points.subarray(3 * index, 3 * index + 2);
    return x > left && x < right && y > top && y < bottom;
  };
  if (!isShown || ![...OUTER_LIPS, POINT.chin].every(inBox)) {
    throw new VisavisError(
      'bad-request',
      'face_box.txt does not lie around mouth and chin of the face in bg_video.mp4',
      {
        field: 'face_box.txt',
      },
    );
  }
  const crop = `crop=${region.side}:${region.side}:${region.x}:${region.y}:exact=1`;
  const data = await readPictures(pack.clipPath, {
    ...reading,
    filters: `${crop},scale=${size}:${size}:flags=area+accurate_rnd+full_chroma_int`,
    ...{ format: 'yuv420p', bytesPerPicture: (size * size * 3) / 2, count },
  });
  const part = (value: number) => Math.round((value / region.side) * 1e6) / 1e6;
  return {
    clip: { layout: 'i420', width: size, height: size, count, data },
    box: {
      ...{ x: part(left - region.x), y: part(top - region.y) },
      ...{ width: part(right - left), height: part(bottom - top) },
    },
  };
}

/** The usual framing, upright, on even pixels of the clip. */
function squareAround(landmarks: Float32Array, clip: { width: number; height: number }, size: number) {
  const { region } = frameHead(landmarks, 0, clip, { width: size, height: size });
  const side = 2 * Math.floor(Math.min(region.side, clip.width, clip.height) / 2);
  const place = (centre: number, length: number) =>
    2 * Math.floor(Math.min(Math.max(0, centre - side / 2), length - side) / 2);
  return { x: place(region.centreX, clip.width), y: place(region.centreY, clip.height), side };
}

async function faceIn(image: RgbImage, vision: Vision, where: string): Promise<FaceLandmarks> {
  const sampled = new SampledImage(withOpacity(image));
  const [face, second] = await vision.detector.detect(sampled);
  if (face === undefined)
    throw new VisavisError('bad-request', `${where}: no face is seen in it`, {
      field: 'bg_video.mp4',
      reason: 'no-face',
    });
  if (second !== undefined && second.box.side > 0.5 * face.box.side) {
    throw new VisavisError('bad-request', `${where}: several faces are seen in it`, {
      ...{ field: 'bg_video.mp4', reason: 'several-faces' },
    });
  }
  return vision.mesh.find(sampled, face);
}

/** What the portrait renderer would make of a motion with this face: only where it puts the landmarks. */
function targetOf(portrait: RgbImage, rig: string, size: number): TargetOf {
  const manifest = { width: size, height: size } as AvatarManifest;
  const stream = openAvatar({ folder: '', manifest, portrait, rig: parseRig(rig) }, { width: size, height: size });
  const picture = new Uint8Array((size * size * 3) / 2);
  const points = new Float32Array(SURFACE_COUNT * 2);
  const at = (motion: Float32Array) => {
    stream.render(motion, picture);
    stream.landmarks?.(points);
  };
  at(new Float32Array(MOTION_FRAME_LENGTH));
  const width = faceWidthOf(points, 2);
  return (motion) => {
    at(motion);
    return lookOf(points, 2, width);
  };
}

function manifestOf(pack: PackFolder, o: MakingOptions): Omit<AvatarManifest, 'files'> {
  const sum = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');
  return {
    formatVersion: PACKAGE_FORMAT_VERSION,
    ...{ id: o.id, name: o.name, renderer: 'lite-avatar', ...o.size, frameRate: FRAME_RATE },
    voices: o.voices,
    ...(o.manner && { manner: o.manner }),
    licence: o.likeness.ground === 'licence' ? 'as in the statement of likeness' : 'not for redistribution',
    provenance:
      `Imported by Visavis from a folder of the LiteAvatar family: networks with the SHA-256 ${sum(pack.encoder.content)} and ` +
      `${sum(pack.decoder.content)}. Face found with MediaPipe Face Detection and Face Mesh (Apache-2.0).`,
    likeness: o.likeness,
  };
}

function withOpacity({ width, height, data }: RgbImage) {
  const out = new Uint8Array(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) for (let k = 0; k < 3; k++) out[i * 4 + k] = data[i * 3 + k]!;
  return { width, height, data: out };
}
