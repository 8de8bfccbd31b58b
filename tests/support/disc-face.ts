/** A face of nine discs, which detectors take for one: RGB 0…1 at a place −1…1 of a square picture. */
export function discFace(u: number, v: number): readonly [number, number, number] {
  const inDisc = (x: number, y: number, width: number, height: number) =>
    ((u - x) / width) ** 2 + ((v - y) / height) ** 2 < 1;
  const bothSides = (x: number, y: number, width: number, height: number) =>
    inDisc(-x, y, width, height) || inDisc(x, y, width, height);
  if (inDisc(0, 0.1, 0.06, 0.05)) return [0.7, 0.5, 0.4];
  if (inDisc(0, 0.35, 0.2, 0.06)) return [0.6, 0.2, 0.2];
  if (bothSides(0.2, -0.15, 0.045, 0.05)) return [0.1, 0.07, 0.05];
  if (bothSides(0.2, -0.15, 0.1, 0.05)) return [0.95, 0.95, 0.95];
  return inDisc(0, 0, 0.5, 0.68) ? [0.85, 0.65, 0.52] : [0.35, 0.4, 0.5];
}

/** `size`×`size` pixels of it, RGB, `low` to `high`; the pixel (x, y) shows the place of its upper left corner. */
export function discFacePixels(size: number, low: number, high: number): Float32Array {
  const out = new Float32Array(size * size * 3);
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      for (const value of discFace((x / size) * 2 - 1, (y / size) * 2 - 1)) out[i++] = low + value * (high - low);
    }
  }
  return out;
}
