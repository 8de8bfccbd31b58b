import { i420ToRgb } from '../i420.js';
import { encodeRgbPng } from '../png.js';

export { i420ToRgb };

/** An I420 picture as a PNG file, fast enough for every frame of a stream. */
export function i420ToPng(picture: Uint8Array, width: number, height: number): Buffer {
  return encodeRgbPng({ width, height, data: i420ToRgb(picture, width, height) }, 'fast');
}
