import { promisify } from 'node:util';
import { deflate, inflate } from 'node:zlib';
import { VisavisError } from '../../../errors.js';

/** Planes of Y, U and V of a picture of even sides, or three bytes a pixel. */
export type FrameLayout = 'i420' | 'rgb';

/** Pictures of one size, as many as fit into memory: `MAX_FRAMES` and `MAX_SIDE` bound them. */
export interface Frames {
  layout: FrameLayout;
  width: number;
  height: number;
  count: number;
  /** One after the other. */
  data: Uint8Array;
}

/** Ten seconds at 25 a second: 98 MB of 512 × 512 pixels in memory. */
export const MAX_FRAMES = 250;
const MAX_SIDE = 1024;
const MAGIC = 'VVFR';
const HEADER_BYTES = 16;
const VERSION = 1;
const LAYOUTS: readonly FrameLayout[] = ['i420', 'rgb'];

export function bytesPerFrame({ layout, width, height }: Pick<Frames, 'layout' | 'width' | 'height'>): number {
  return layout === 'i420' ? (width * height * 3) / 2 : width * height * 3;
}

export function frameAt(frames: Frames, index: number): Uint8Array {
  const bytes = bytesPerFrame(frames);
  return frames.data.subarray(index * bytes, (index + 1) * bytes);
}

/**
 * Pictures without loss as one file: a header of 16 bytes (`VVFR`, then as little-endian 16-bit numbers version, layout, width, height, count and zero),
 * then, deflated (RFC 1950), the first picture and of every later one the difference to the one before, byte by byte modulo 256. What stands still costs
 * nearly nothing: five seconds of a person before a wall take about 4 MB at 512 × 512.
 */
export async function encodeFrames(frames: Frames): Promise<Buffer> {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 'latin1');
  const numbers = [VERSION, LAYOUTS.indexOf(frames.layout), frames.width, frames.height, frames.count];
  for (const [k, value] of numbers.entries()) header.writeUInt16LE(value, 4 + 2 * k);
  const bytes = bytesPerFrame(frames);
  const changes = Uint8Array.from(frames.data);
  for (let at = changes.length - 1; at >= bytes; at--) changes[at] = changes[at]! - changes[at - bytes]!;
  return Buffer.concat([header, await promisify(deflate)(changes)]);
}

/**
 * Reads what `encodeFrames` wrote; `field` names the file in errors. Rejects with `bad-request` for anything else, for sizes beyond the limits before a byte is
 * inflated, and for a file that holds more or less than its header says.
 */
export async function decodeFrames(file: Uint8Array, field: string): Promise<Frames> {
  const bad = (what: string, cause?: unknown) =>
    new VisavisError('bad-request', `avatar package: ${field} ${what}`, { field: `files.${field}`, cause });
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < HEADER_BYTES || Buffer.from(file.subarray(0, 4)).toString('latin1') !== MAGIC)
    throw bad('does not hold frames');
  const [version, kind, width, height, count] = [4, 6, 8, 10, 12].map((at) => view.getUint16(at, true)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const layout = LAYOUTS[kind];
  if (version !== VERSION || layout === undefined)
    throw bad(`has version ${version} and layout ${kind}, not 1 and 0 or 1`);
  const isEven = layout === 'rgb' || (width % 2 === 0 && height % 2 === 0);
  if (!isEven || width < 2 || height < 2 || width > MAX_SIDE || height > MAX_SIDE)
    throw bad(`has frames of ${width} × ${height} pixels: expected 2 to ${MAX_SIDE} a side`);
  if (count < 1 || count > MAX_FRAMES) throw bad(`has ${count} frames: expected 1 to ${MAX_FRAMES}`);
  const bytes = bytesPerFrame({ layout, width, height });
  const wanted = bytes * count;
  const data = await promisify(inflate)(file.subarray(HEADER_BYTES), { maxOutputLength: wanted }).catch((cause) => {
    throw bad('is damaged or cut off', cause);
  });
  if (data.length !== wanted) throw bad(`holds ${data.length} bytes of frames, not ${wanted}`);
  for (let at = bytes; at < data.length; at++) data[at] = data[at]! + data[at - bytes]!;
  return { layout, width, height, count, data };
}
