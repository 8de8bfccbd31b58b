import { createHash } from 'node:crypto';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { VisavisError } from '../../errors.js';
import { PICTURE_SIZES, type PictureSize, sizeName, sizesOf } from '../../picture-size.js';
import { KOKORO_VOICE, piperSpeaker } from '../speech/voices.js';
import { cropImage, cropRig, middleOf } from './crop.js';
import { parseLiteSettings } from './lite/settings.js';
import type { LiteFiles } from './lite/stream.js';
import { mannerSchema } from './manner.js';
import { FRAME_RATE } from './motion-frame.js';
import { cropPlates, type Plates, parsePlates } from './plates.js';
import { decodeGreyPng, decodePng, type GreyImage, type RgbImage } from './png.js';
import { FACE_OVAL, parseRig, type Rig } from './rig.js';

export const PACKAGE_FORMAT_VERSION = 1;
export const MANIFEST = 'avatar.json';
export const PORTRAIT = 'portrait.png';
export const RIG = 'rig.json';
export const MATTE = 'matte.png';
export const BACKGROUND = 'background.png';
export const MAX_MANIFEST_BYTES = 64 * 1024;
/** What a package of the LiteAvatar family has besides. */
export const LITE = {
  encoder: 'encoder.onnx',
  decoder: 'decoder.onnx',
  clip: 'clip.bin',
  references: 'references.bin',
  settings: 'lite.json',
} as const;
const MAX_FILE_BYTES = 8 * 1024 * 1024;
/** Films take more than portraits. */
export const MAX_LITE_FILE_BYTES = 64 * 1024 * 1024;
/** Beside the manifest. */
export const MAX_FILES = 32;
const MAX_PORTRAIT_SIDE = 2048;
/** Characters of a statement of likeness. */
export const MAX_STATEMENT = 2_000;
/** An avatar's id, which is the name of its folder. */
export const AVATAR_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Flat names only: no separators, no dot files, nothing that a file system could take for another place. */
const fileName = z.string().regex(/^[a-z0-9][a-z0-9_-]*(\.[a-z0-9]+)+$/, 'must be a plain lower-case file name');
const statement = z.string().min(1).max(MAX_STATEMENT);
/**
 * On what ground this face may be used; there is no package without one. A ground that carries evidence of its own (a recording of the person
 * who speaks a passcode, say) is one more member of this union, with its evidence among `files`.
 */
const likenessSchema = z.discriminatedUnion(
  'ground',
  [
    /** Nobody's face: drawn or generated. */
    z.strictObject({ ground: z.literal('synthetic'), statement }),
    /** The picture's licence allows it; `statement` is that licence. */
    z.strictObject({ ground: z.literal('licence'), statement }),
    /** The person agreed; `statement` is what they agreed to. */
    z.strictObject({ ground: z.literal('consent'), statement }),
  ],
  { error: 'must be synthetic, licence or consent' },
);
const manifestSchema = z.strictObject({
  formatVersion: z.literal(PACKAGE_FORMAT_VERSION, {
    error: ({ input }) => `is ${JSON.stringify(input)?.slice(0, 20)}; version ${PACKAGE_FORMAT_VERSION} is read here`,
  }),
  id: z.string().regex(AVATAR_ID, 'must be lower-case letters, digits and dashes'),
  name: z.string().min(1).max(80),
  /** `lite-avatar`: a clip with a mouth that networks draw. `probe` measures instead of showing a face. */
  renderer: z.enum(['portrait', 'lite-avatar', 'probe']),
  width: z.number().int().min(128).max(1024).multipleOf(2),
  height: z.number().int().min(128).max(1024).multipleOf(2),
  /** Of other shapes that the portrait fills as well: its middle is shown. */
  sizes: z
    .array(z.enum(PICTURE_SIZES, `must be of ${PICTURE_SIZES.join(', ')}`))
    .max(PICTURE_SIZES.length)
    .optional(),
  frameRate: z.literal(FRAME_RATE),
  /** One voice for every speech engine of our own; whether it is installed shows when a session asks for it. */
  voices: z.strictObject({
    kokoro: z.string().regex(KOKORO_VOICE, 'must be a voice of Kokoro such as af_heart'),
    piper: z.string().refine((voice) => piperSpeaker(voice) !== undefined, 'must be libritts-0 … libritts-903'),
  }),
  /** How it carries itself; absent: as all do that have none. */
  manner: mannerSchema.optional(),
  licence: z.string().min(1).max(200),
  provenance: z.string().min(1).max(2_000),
  likeness: likenessSchema,
  files: z
    .record(fileName, z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.number().int().min(1) }))
    .refine((files) => Object.keys(files).length <= MAX_FILES, `at most ${MAX_FILES} files`),
});

export type AvatarManifest = z.infer<typeof manifestSchema>;
export type Likeness = AvatarManifest['likeness'];

/** An avatar whose every file was checked against the manifest. */
export interface AvatarPackage {
  folder: string;
  manifest: AvatarManifest;
  portrait: RgbImage;
  rig: Rig;
  /** How much of each pixel of the portrait belongs to the person: 0 background, 255 person. As large as the portrait. */
  matte?: GreyImage;
  /** What is seen behind the person: the portrait with the person taken out. As large as the portrait. */
  background?: RgbImage;
  /** The portrait with another face, from the same model. */
  plates?: Plates;
  /** Networks and clip; just where the manifest's renderer is `lite-avatar`. Checked when it is opened. */
  lite?: LiteFiles;
}

/** The manifest alone, checked: for lists of avatars. Rejects like `loadAvatarPackage`. */
export async function loadAvatarManifest(folder: string): Promise<AvatarManifest> {
  return readManifest(await readPlainFile(folder, MANIFEST, MAX_MANIFEST_BYTES));
}

/** A manifest out of the bytes of its file. Throws `bad-request` with the first wrong field. */
export function readManifest(content: Uint8Array): AvatarManifest {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(content).toString('utf8'));
  } catch (cause) {
    throw bad('is not JSON', MANIFEST, cause);
  }
  return parseManifest(json);
}

/** Throws `bad-request` with the first wrong field. */
export function parseManifest(json: unknown): AvatarManifest {
  const parsed = manifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw bad(issue?.message ?? 'is invalid', [MANIFEST, ...(issue?.path ?? [])].join('.'));
}

/**
 * Loads an avatar package and checks everything it says of itself: format version, file names, sizes, SHA-256 sums, the
 * portrait and the rig. Of a portrait of another shape than `size` (by default the manifest's) the middle is given. Rejects with `not-found` when the folder or a file is missing, else with `bad-request` and the
 * field that is wrong; nothing of a rejected package is ever used.
 */
export async function loadAvatarPackage(folder: string, o: { size?: PictureSize } = {}): Promise<AvatarPackage> {
  const manifest = await loadAvatarManifest(folder);
  const contents = new Map<string, Buffer>();
  const mostBytes = manifest.renderer === 'lite-avatar' ? MAX_LITE_FILE_BYTES : MAX_FILE_BYTES;
  for (const [name, expected] of Object.entries(manifest.files)) {
    if (name === MANIFEST) throw bad('must not list itself', `files.${name}`);
    const content = await readPlainFile(folder, name, Math.min(expected.bytes, mostBytes));
    checkListed(name, content, expected);
    contents.set(name, content);
  }
  const [portraitFile, rigFile] = [contents.get(PORTRAIT), contents.get(RIG)];
  if (portraitFile === undefined) throw bad('must be listed', `files.${PORTRAIT}`);
  if (rigFile === undefined) throw bad('must be listed', `files.${RIG}`);
  const portrait = decodePng(portraitFile, { maxSide: MAX_PORTRAIT_SIDE });
  const [matteFile, backgroundFile] = [contents.get(MATTE), contents.get(BACKGROUND)];
  const limits = (field: string) => ({ maxSide: MAX_PORTRAIT_SIDE, field });
  const matte = matteFile && asLargeAs(portrait, decodeGreyPng(matteFile, limits('matte')), MATTE);
  const background = backgroundFile && asLargeAs(portrait, decodePng(backgroundFile, limits('background')), BACKGROUND);
  const rig = parseRig(rigFile.toString('utf8'));
  for (const size of sizesOf(manifest)) requireFaceIn(size, portrait, rig);
  const plates = parsePlates(contents, portrait);
  const shown = middleOf(portrait, o.size ?? manifest);
  const lite = manifest.renderer === 'lite-avatar' ? liteOf(contents) : undefined;
  const cut = <T extends GreyImage | RgbImage>(image: T) => (shown === undefined ? image : cropImage(image, shown));
  return {
    folder,
    manifest,
    portrait: cut(portrait),
    rig: shown === undefined ? rig : cropRig(rig, portrait, shown),
    ...(matte && { matte: cut(matte) }),
    ...(background && { background: cut(background) }),
    ...(plates && { plates: shown === undefined ? plates : cropPlates(plates, portrait, shown) }),
    ...(lite && { lite }),
  };
}

/** Throws `bad-request`, field `files.NAME`, when a file is not as the manifest lists it. */
export function checkListed(name: string, content: Uint8Array, expected: AvatarManifest['files'][string]): void {
  const field = `files.${name}`;
  if (content.length !== expected.bytes) throw bad(`has ${content.length} bytes, not ${expected.bytes}`, field);
  const sum = createHash('sha256').update(content).digest('hex');
  if (sum !== expected.sha256) {
    throw bad(`has another checksum: ${sum.slice(0, 12)}… where ${expected.sha256.slice(0, 12)}… is listed`, field);
  }
}

/** Of a portrait of another shape than `size` the middle is shown, and the face must be there; one that the portrait cuts off is as it is. */
function requireFaceIn(size: PictureSize, portrait: RgbImage, rig: Rig): void {
  const shown = middleOf(portrait, size);
  if (shown === undefined) return;
  const { landmarks } = cropRig(rig, portrait, shown);
  const isOut = (value: number) => value < 0 || value > 1;
  const isCut = (i: number) =>
    (isOut(landmarks[3 * i]!) && !isOut(rig.landmarks[3 * i]!)) ||
    (isOut(landmarks[3 * i + 1]!) && !isOut(rig.landmarks[3 * i + 1]!));
  if (!FACE_OVAL.some(isCut)) return;
  const shape = `${portrait.width} × ${portrait.height}`;
  throw bad(`${sizeName(size)} would cut the face off: the portrait has ${shape} pixels`, 'size');
}

function liteOf(contents: ReadonlyMap<string, Buffer>): LiteFiles {
  const file = (name: string) => {
    const content = contents.get(name);
    if (content !== undefined) return content;
    throw bad('must be listed', `files.${name}`);
  };
  return {
    encoder: { name: LITE.encoder, content: file(LITE.encoder) },
    decoder: { name: LITE.decoder, content: file(LITE.decoder) },
    clip: file(LITE.clip),
    references: file(LITE.references),
    settings: parseLiteSettings(file(LITE.settings).toString('utf8')),
  };
}

function asLargeAs<T extends GreyImage | RgbImage>(portrait: RgbImage, image: T, name: string): T {
  if (image.width === portrait.width && image.height === portrait.height) return image;
  const sizes = `has ${image.width} × ${image.height} pixels, not the ${portrait.width} × ${portrait.height} of the portrait`;
  throw bad(sizes, `files.${name}`);
}

/** Reads a regular file (never through a link) of at most `maxBytes`. */
async function readPlainFile(folder: string, name: string, maxBytes: number): Promise<Buffer> {
  const path = join(folder, name);
  const stat = await lstat(path).catch((cause: NodeJS.ErrnoException) => {
    const missing = cause.code === 'ENOENT' || cause.code === 'ENOTDIR';
    throw new VisavisError(missing ? 'not-found' : 'bad-request', `cannot read ${name} of the avatar package`, {
      field: name,
      cause,
    });
  });
  if (!stat.isFile()) throw bad('is not a regular file', name);
  if (stat.size > maxBytes) throw bad(`has ${stat.size} bytes, more than ${maxBytes}`, name);
  return readFile(path);
}

function bad(what: string, field: string, cause?: unknown): VisavisError {
  return new VisavisError('bad-request', `avatar package: ${field} ${what}`, { field, cause });
}
