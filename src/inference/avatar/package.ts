import { createHash } from 'node:crypto';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { VisavisError } from '../../errors.js';
import { KOKORO_VOICE, piperSpeaker } from '../speech/voices.js';
import { parseLiteSettings } from './lite/settings.js';
import type { LiteFiles } from './lite/stream.js';
import { FRAME_RATE } from './motion-frame.js';
import { type Plates, parsePlates } from './plates.js';
import { decodeGreyPng, decodePng, type GreyImage, type RgbImage } from './png.js';
import { parseRig, type Rig } from './rig.js';

export const PACKAGE_FORMAT_VERSION = 1;
export const MANIFEST = 'avatar.json';
export const PORTRAIT = 'portrait.png';
export const RIG = 'rig.json';
export const MATTE = 'matte.png';
export const BACKGROUND = 'background.png';
const MAX_MANIFEST_BYTES = 64 * 1024;
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
const MAX_LITE_FILE_BYTES = 64 * 1024 * 1024;
const MAX_FILES = 32;
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
  formatVersion: z.literal(PACKAGE_FORMAT_VERSION),
  id: z.string().regex(AVATAR_ID, 'must be lower-case letters, digits and dashes'),
  name: z.string().min(1).max(80),
  /** `lite-avatar`: a clip with a mouth that networks draw. `probe` measures instead of showing a face. */
  renderer: z.enum(['portrait', 'lite-avatar', 'probe']),
  width: z.number().int().min(128).max(1024).multipleOf(2),
  height: z.number().int().min(128).max(1024).multipleOf(2),
  frameRate: z.literal(FRAME_RATE),
  /** One voice for every speech engine of our own; whether it is installed shows when a session asks for it. */
  voices: z.strictObject({
    kokoro: z.string().regex(KOKORO_VOICE, 'must be a voice of Kokoro such as af_heart'),
    piper: z.string().refine((voice) => piperSpeaker(voice) !== undefined, 'must be libritts-0 … libritts-903'),
  }),
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
  const text = (await readPlainFile(folder, MANIFEST, MAX_MANIFEST_BYTES)).toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
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
 * portrait and the rig. Rejects with `not-found` when the folder or a file is missing, else with `bad-request` and the
 * field that is wrong; nothing of a rejected package is ever used.
 */
export async function loadAvatarPackage(folder: string): Promise<AvatarPackage> {
  const manifest = await loadAvatarManifest(folder);
  const contents = new Map<string, Buffer>();
  const mostBytes = manifest.renderer === 'lite-avatar' ? MAX_LITE_FILE_BYTES : MAX_FILE_BYTES;
  for (const [name, expected] of Object.entries(manifest.files)) {
    const field = `files.${name}`;
    if (name === MANIFEST) throw bad('must not list itself', field);
    const content = await readPlainFile(folder, name, Math.min(expected.bytes, mostBytes));
    if (content.length !== expected.bytes) throw bad(`has ${content.length} bytes, not ${expected.bytes}`, field);
    if (createHash('sha256').update(content).digest('hex') !== expected.sha256)
      throw bad('has another checksum', field);
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
  const plates = parsePlates(contents, portrait);
  const lite = manifest.renderer === 'lite-avatar' ? liteOf(contents) : undefined;
  return {
    folder,
    manifest,
    portrait,
    rig,
    ...(matte && { matte }),
    ...(background && { background }),
    ...(plates && { plates }),
    ...(lite && { lite }),
  };
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
