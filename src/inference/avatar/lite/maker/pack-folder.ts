import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VisavisError } from '../../../../errors.js';
import { decodeImage } from '../../../vision/image.js';
import { type Frames, MAX_FRAMES } from '../frames.js';
import { LITE_PARAMETER_COUNT, LITE_SIDE, type NetworkFile } from '../networks.js';

/** A folder as the family's own tools write it. */
export interface PackFolder {
  encoder: NetworkFile;
  decoder: NetworkFile;
  clipPath: string;
  /** The rectangle that is drawn, in pixels of the clip. */
  box: { top: number; bottom: number; left: number; right: number };
  /** Parameters of a mouth at rest. */
  neutral: Float32Array;
  /** Paths of the pictures to encode, one for each frame of the clip. */
  references: string[];
}

const NETWORKS = { encoder: 'net_encode.onnx', decoder: 'net_decode.onnx' } as const;
const CLIP = 'bg_video.mp4';
const BOX = 'face_box.txt';
const NEUTRAL = 'neutral_pose.npy';
const REFERENCES = 'ref_frames';
const REFERENCE = /^ref_(\d{5})\.(jpe?g|png)$/;
const MAX_NETWORK_BYTES = 64 * 1024 * 1024;
const MAX_CLIP_BYTES = 256 * 1024 * 1024;
const MAX_SMALL_BYTES = 64 * 1024;
const MAX_REFERENCE_BYTES = 4 * 1024 * 1024;

/**
 * Reads a folder of the LiteAvatar family: networks, clip, face box, neutral pose and the list of reference pictures. Rejects with `bad-request` (`not-found` for what
 * is missing), field the file's name, and says what was found and what is expected.
 */
export async function readPackFolder(folder: string): Promise<PackFolder> {
  const there = await lstat(folder).catch(() => undefined);
  if (there === undefined) throw new VisavisError('not-found', `${folder} does not exist`, { field: 'folder' });
  if (!there.isDirectory()) throw new VisavisError('bad-request', `${folder} is not a folder`, { field: 'folder' });
  const [encoder, decoder] = await Promise.all([
    plainFile(folder, NETWORKS.encoder, MAX_NETWORK_BYTES),
    plainFile(folder, NETWORKS.decoder, MAX_NETWORK_BYTES),
  ]);
  await sizeOf(folder, CLIP, MAX_CLIP_BYTES);
  return {
    encoder: { name: NETWORKS.encoder, content: encoder },
    decoder: { name: NETWORKS.decoder, content: decoder },
    clipPath: join(folder, CLIP),
    box: parseBox((await plainFile(folder, BOX, MAX_SMALL_BYTES)).toString('latin1')),
    neutral: parseNeutral(await plainFile(folder, NEUTRAL, MAX_SMALL_BYTES)),
    references: await listReferences(folder),
  };
}

/** The reference pictures as frames of one size, at most 384 pixels a side. Rejects with `bad-request`, field the file's name. */
export async function readReferences(paths: readonly string[], onEach: () => void): Promise<Frames> {
  let frames: Frames | undefined;
  for (const [index, path] of paths.entries()) {
    const name = path.split('/').slice(-2).join('/');
    const content = await readFile(path);
    const image = await decodeImage(content, { declared: path }).catch((thrown: unknown) => {
      const { message } = VisavisError.from(thrown);
      throw new VisavisError('bad-request', `${name}: ${message}`, { field: name, cause: thrown });
    });
    const { width, height, data } = image;
    frames ??= {
      layout: 'rgb',
      width,
      height,
      count: paths.length,
      data: new Uint8Array(width * height * 3 * paths.length),
    };
    if (width > 2 * LITE_SIDE || height > 2 * LITE_SIDE)
      throw bad(name, `has ${width} × ${height} pixels, more than ${2 * LITE_SIDE} a side`);
    if (width !== frames.width || height !== frames.height)
      throw bad(name, `has ${width} × ${height} pixels, the first one ${frames.width} × ${frames.height}`);
    const at = index * width * height * 3;
    for (let i = 0; i < width * height; i++) for (let k = 0; k < 3; k++) frames.data[at + 3 * i + k] = data[4 * i + k]!;
    onEach();
  }
  if (frames === undefined) throw bad(REFERENCES, 'holds no pictures');
  return frames;
}

/** Top, bottom, left and right in pixels, as four whole numbers. */
export function parseBox(text: string): PackFolder['box'] {
  const words = text.trim().split(/\s+/);
  const [top, bottom, left, right] = words.map(Number) as [number, number, number, number];
  const isBox = words.length === 4 && words.every((word) => /^\d{1,5}$/.test(word)) && top < bottom && left < right;
  if (!isBox) {
    const found = JSON.stringify(text.trim().slice(0, 60));
    throw bad(BOX, `holds ${found}, expected top, bottom, left and right in pixels`);
  }
  return { top, bottom, left, right };
}

/** A NumPy array file (format 1.0 to 3.0, NumPy Enhancement Proposal 1) of 32 float32 numbers. */
export function parseNeutral(file: Buffer): Float32Array {
  const isNpy = file.length > 12 && file.subarray(0, 6).equals(Buffer.from('\x93NUMPY', 'latin1'));
  if (!isNpy) throw bad(NEUTRAL, 'is not a NumPy file');
  const long = file[6]! >= 2;
  const start = long ? 12 : 10;
  const length = long ? file.readUInt32LE(8) : file.readUInt16LE(8);
  const header = file.subarray(start, start + length).toString('latin1');
  const shape =
    /'shape':\s*\(([^)]*)\)/
      .exec(header)?.[1]
      ?.split(',')
      .map((side) => side.trim()) ?? [];
  const count = shape.filter((side) => side !== '').reduce((product, side) => product * Number(side), 1);
  if (!/'descr':\s*'<f4'/.test(header) || count !== LITE_PARAMETER_COUNT) {
    const found = header.replace(/\s+/g, ' ').trim().slice(0, 80);
    throw bad(NEUTRAL, `holds ${found}, expected ${LITE_PARAMETER_COUNT} numbers of type <f4`);
  }
  const body = file.subarray(start + length);
  if (body.length !== 4 * LITE_PARAMETER_COUNT)
    throw bad(NEUTRAL, `holds ${body.length} bytes of numbers, expected ${4 * LITE_PARAMETER_COUNT}`);
  const values = Float32Array.from({ length: LITE_PARAMETER_COUNT }, (_, i) => body.readFloatLE(4 * i));
  if (values.some((value) => !Number.isFinite(value) || Math.abs(value) > 10))
    throw bad(NEUTRAL, 'holds values that are not numbers, or far beyond 1');
  return values;
}

async function listReferences(folder: string): Promise<string[]> {
  const path = join(folder, REFERENCES);
  const names = await readdir(path).catch((cause: unknown) => {
    throw missing(REFERENCES, cause);
  });
  const found = names.filter((name) => REFERENCE.test(name)).sort();
  if (found.length === 0) throw bad(REFERENCES, 'holds no pictures called ref_00000.jpg and so on');
  const used = found.slice(0, MAX_FRAMES);
  for (const [index, name] of used.entries()) {
    if (Number(REFERENCE.exec(name)?.[1]) !== index)
      throw bad(REFERENCES, `lacks picture ${String(index).padStart(5, '0')}: found ${name} in its place`);
    await sizeOf(path, name, MAX_REFERENCE_BYTES);
  }
  return used.map((name) => join(path, name));
}

async function plainFile(folder: string, name: string, most: number): Promise<Buffer> {
  await sizeOf(folder, name, most);
  return readFile(join(folder, name));
}

async function sizeOf(folder: string, name: string, most: number): Promise<void> {
  const found = await lstat(join(folder, name)).catch((cause: unknown) => {
    throw missing(name, cause);
  });
  if (!found.isFile()) throw bad(name, 'is not a regular file');
  if (found.size > most) throw bad(name, `has ${found.size} bytes, more than ${most}`);
  if (found.size === 0) throw bad(name, 'is empty');
}

function missing(name: string, cause: unknown): VisavisError {
  const what = `${name} is missing: a folder of the LiteAvatar family has ${NETWORKS.encoder}, ${NETWORKS.decoder}, ${CLIP}, ${BOX}, ${NEUTRAL} and ${REFERENCES}`;
  return new VisavisError('not-found', what, { field: name, cause });
}

function bad(name: string, what: string): VisavisError {
  return new VisavisError('bad-request', `${name} ${what}`, { field: name });
}
