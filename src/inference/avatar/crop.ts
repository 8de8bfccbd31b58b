import type { PictureSize } from '../../picture-size.js';
import type { GreyImage, RgbImage } from './png.js';
import type { Rig } from './rig.js';

/** The middle of a picture that has another picture's shape: whole pixels, as large as possible. */
export interface Crop {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Of a picture of that shape nothing is cut off for a few pixels' sake: packages' sizes are even numbers. */
const SLIGHT = 0.01;

/** What a picture shows in another shape; undefined where it has that shape. */
export function middleOf(picture: PictureSize, shape: PictureSize): Crop | undefined {
  const ratio = (shape.width * picture.height) / (shape.height * picture.width);
  if (Math.abs(ratio - 1) < SLIGHT) return undefined;
  const width = ratio < 1 ? 2 * Math.round((picture.width * ratio) / 2) : picture.width;
  const height = ratio > 1 ? 2 * Math.round(picture.height / ratio / 2) : picture.height;
  return { left: (picture.width - width) >> 1, top: (picture.height - height) >> 1, width, height };
}

/** The part of an image with `data.length / (width · height)` bytes a pixel. */
export function cropImage<T extends GreyImage | RgbImage>(image: T, { left, top, width, height }: Crop): T {
  const bytes = image.data.length / (image.width * image.height);
  const data = new Uint8Array(width * height * bytes);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * bytes;
    data.set(image.data.subarray(from, from + width * bytes), y * width * bytes);
  }
  return { ...image, width, height, data };
}

/** The rig of the part: x of its width, y of its height, z of its width. */
export function cropRig(rig: Rig, picture: PictureSize, { left, top, width, height }: Crop): Rig {
  const landmarks = rig.landmarks.slice();
  for (let i = 0; i < landmarks.length; i += 3) {
    landmarks[i] = (landmarks[i]! * picture.width - left) / width;
    landmarks[i + 1] = (landmarks[i + 1]! * picture.height - top) / height;
    landmarks[i + 2] = (landmarks[i + 2]! * picture.width) / width;
  }
  return { ...rig, landmarks };
}
