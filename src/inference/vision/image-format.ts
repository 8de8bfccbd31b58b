import { VisavisError } from '../../errors.js';

/** 8 bits a channel, red, green, blue, opacity, row by row: `width * height * 4` bytes; colours are not premultiplied. */
export interface RgbaImage {
  width: number;
  height: number;
  data: Uint8Array;
}

/** What a file says of its picture before it is decoded; the size is that of the stored pixels, before `orientation` turns them. */
export interface ImageHeader {
  width: number;
  height: number;
  /** EXIF orientation, 1 (upright) to 8. */
  orientation: number;
}

export type ImageFormat = 'JPEG' | 'PNG' | 'WebP';

/** The `reason` of an error whose field is `image`. */
export type ImageProblem =
  | 'unreadable'
  | 'too-large'
  | 'no-face'
  | 'several-faces'
  | 'face-too-small'
  | 'face-tilted'
  | 'face-turned'
  | 'face-cut-off'
  | 'eyes-covered'
  | 'mouth-covered';

export const MAX_FILE_BYTES = 64_000_000;
export const MAX_PIXELS = 40_000_000;
const MIN_SIDE = 16;

/** First bytes of files that people take for photos, by what they are called. `at` is where they stand, 0 when left out. */
const OTHERS: readonly { name: string; magic: string; at?: number }[] = [
  { name: 'GIF', magic: 'GIF8' },
  { name: 'HEIC', magic: 'ftyphe', at: 4 },
  { name: 'HEIC', magic: 'ftypmif1', at: 4 },
  { name: 'AVIF', magic: 'ftypavi', at: 4 },
  { name: 'video', magic: 'ftyp', at: 4 },
  { name: 'BMP', magic: 'BM' },
  { name: 'TIFF', magic: 'II*\0' },
  { name: 'TIFF', magic: 'MM\0*' },
  { name: 'JPEG XL', magic: '\xff\x0a' },
  { name: 'JPEG XL', magic: '\0\0\0\x0cJXL ' },
  { name: 'JPEG 2000', magic: '\0\0\0\x0cjP' },
  { name: 'Photoshop', magic: '8BPS' },
  { name: 'PDF', magic: '%PDF' },
  { name: 'SVG', magic: '<svg' },
  { name: 'SVG', magic: '<?xml' },
  { name: 'HTML', magic: '<!' },
];

/** The format by the first bytes, whatever the file is called. Throws `bad-request` or `too-large`. */
export function formatOf(file: Uint8Array): ImageFormat {
  if (file.length === 0) throw badImage('is empty');
  if (file.length > MAX_FILE_BYTES) {
    throw tooLarge(`has ${megabytes(file.length)} MB: at most ${megabytes(MAX_FILE_BYTES)} MB are read`);
  }
  const begins = (magic: string, at = 0) =>
    Buffer.from(file.subarray(at, at + magic.length)).toString('latin1') === magic;
  if (begins('\xff\xd8\xff')) return 'JPEG';
  if (begins('\x89PNG\r\n\x1a\n')) return 'PNG';
  if (begins('RIFF') && begins('WEBP', 8)) return 'WebP';
  const other = OTHERS.find(({ magic, at }) => begins(magic, at));
  const found = other === undefined ? 'is no picture that is known here' : `is a ${other.name} file`;
  throw badImage(`${found}: JPEG, PNG or WebP is needed`);
}

/** What is wrong with a picture's size, if anything is. */
export function sizeProblem(width: number, height: number): VisavisError | undefined {
  if (width < MIN_SIDE || height < MIN_SIDE) {
    return badImage(
      `has ${width}×${height} pixels: at least ${MIN_SIDE} a side are needed`,
      undefined,
      'face-too-small',
    );
  }
  if (width * height > MAX_PIXELS) {
    return tooLarge(
      `has ${width}×${height} pixels, ${megabytes(width * height)} megapixels: at most ${megabytes(MAX_PIXELS)} are read`,
    );
  }
  return undefined;
}

/** A picture without transparency: what is transparent is laid on mid grey, which resembles no face. */
export function flattened(image: RgbaImage): RgbaImage {
  const { data } = image;
  let opaque = true;
  for (let i = 3; i < data.length && opaque; i += 4) opaque = data[i] === 255;
  if (opaque) return image;
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 4) {
    const alpha = (data[i + 3] ?? 0) / 255;
    for (let k = 0; k < 3; k++) out[i + k] = Math.round((data[i + k] ?? 0) * alpha + 128 * (1 - alpha));
    out[i + 3] = 255;
  }
  return { ...image, data: out };
}

export function badImage(what: string, cause?: unknown, reason: ImageProblem = 'unreadable'): VisavisError {
  return new VisavisError('bad-request', `the image ${what}`, { field: 'image', reason, cause });
}

function tooLarge(what: string): VisavisError {
  return new VisavisError('too-large', `the image ${what}`, { field: 'image', reason: 'too-large' });
}

function megabytes(count: number): string {
  return (count / 1e6).toFixed(1).replace(/\.0$/, '');
}
