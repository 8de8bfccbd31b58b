/**
 * An I420 picture (BT.601, studio range, even sides) as packed 8-bit RGB, `width · height · 3` bytes. The coefficients are those
 * of ITU-R BT.601-7, section 2.5.
 */
export function i420ToRgb(picture: Uint8Array, width: number, height: number): Uint8Array {
  const rgb = new Uint8ClampedArray(width * height * 3);
  const planeU = width * height;
  const planeV = planeU + planeU / 4;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const chroma = (y >> 1) * (width >> 1) + (x >> 1);
      const luma = (255 / 219) * ((picture[y * width + x] ?? 16) - 16);
      const u = (picture[planeU + chroma] ?? 128) - 128;
      const v = (picture[planeV + chroma] ?? 128) - 128;
      const at = (y * width + x) * 3;
      rgb[at] = luma + 1.596 * v;
      rgb[at + 1] = luma - 0.392 * u - 0.813 * v;
      rgb[at + 2] = luma + 2.017 * u;
    }
  }
  return new Uint8Array(rgb.buffer);
}
