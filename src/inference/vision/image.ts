import { VisavisError } from '../../errors.js';
import { badImage, formatOf, type ImageFormat, type ImageHeader, type RgbaImage, sizeProblem } from './image-format.js';
import { decodeJpeg, readJpegHeader } from './image-jpeg.js';
import { decodePngImage, readPngHeader } from './image-png.js';
import { decodeWebp, readWebpHeader } from './image-webp.js';
import { oriented } from './orientation.js';

export type { RgbaImage } from './image-format.js';
export { MAX_FILE_BYTES, MAX_PIXELS } from './image-format.js';

const READERS: Record<
  ImageFormat,
  { header(file: Uint8Array): ImageHeader; decode(file: Uint8Array): Promise<RgbaImage> }
> = {
  JPEG: { header: readJpegHeader, decode: decodeJpeg },
  PNG: { header: readPngHeader, decode: decodePngImage },
  WebP: { header: readWebpHeader, decode: decodeWebp },
};

/** What a MIME type or the end of a file name promises. */
const PROMISES: Readonly<Record<string, ImageFormat>> = {
  ...{ jpeg: 'JPEG', jpg: 'JPEG', jpe: 'JPEG', jfif: 'JPEG', 'image/jpeg': 'JPEG', 'image/jpg': 'JPEG' },
  ...{ png: 'PNG', 'image/png': 'PNG', webp: 'WebP', 'image/webp': 'WebP' },
};

/**
 * The picture in a JPEG, PNG or WebP file as it is meant to be looked at: 8 bits a channel, not premultiplied, turned upright by its EXIF
 * orientation (1 to 8). 16 bits a channel become 8; grey and palettes become colour; colour profiles are not applied.
 * The size is read and refused before a pixel is decoded: at most 64 MB and 40 megapixels, at least 16 pixels a side.
 *
 * `declared` (a MIME type, a file name or its ending) must agree with the bytes where it is given and names a picture.
 * Rejects with `bad-request` (`too-large` for size), field `image`, for a file that is empty, cut off, damaged, of another kind (HEIC, GIF,
 * …, named where it is known), animated, in CMYK, or other than it says.
 */
export async function decodeImage(file: Uint8Array, o: { declared?: string } = {}): Promise<RgbaImage> {
  const format = formatOf(file);
  const promised = o.declared === undefined ? undefined : PROMISES[promiseOf(o.declared)];
  if (promised !== undefined && promised !== format) {
    throw badImage(`is called ${o.declared} but is a ${format} file: name it rightly or save it again`);
  }
  const reader = READERS[format];
  const header = reader.header(file);
  const problem = sizeProblem(header.width, header.height);
  if (problem !== undefined) throw problem;
  let image: RgbaImage;
  try {
    image = await reader.decode(file);
  } catch (thrown) {
    if (thrown instanceof VisavisError) throw thrown;
    throw badImage(`is a damaged ${format} file`, thrown);
  }
  if (image.width !== header.width || image.height !== header.height) throw badImage(`is a damaged ${format} file`);
  return oriented(image, header.orientation);
}

function promiseOf(declared: string): string {
  const plain = declared.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return plain.startsWith('image/') ? plain : (plain.split('.').at(-1) ?? '');
}
