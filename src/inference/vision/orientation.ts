import type { RgbaImage } from './image-format.js';

/** EXIF orientation → where the upright picture's step to the right and step down lead in the stored one, and from which corner it starts. */
const STEPS: Readonly<Record<number, { right: [number, number]; down: [number, number] }>> = {
  2: { right: [-1, 0], down: [0, 1] },
  3: { right: [-1, 0], down: [0, -1] },
  4: { right: [1, 0], down: [0, -1] },
  5: { right: [0, 1], down: [1, 0] },
  6: { right: [0, -1], down: [1, 0] },
  7: { right: [0, -1], down: [-1, 0] },
  8: { right: [0, 1], down: [-1, 0] },
};

/** The picture turned and mirrored as an EXIF orientation asks for; the same object for 1. */
export function oriented(image: RgbaImage, orientation: number): RgbaImage {
  const steps = STEPS[orientation];
  if (steps === undefined) return image;
  const { right, down } = steps;
  const swapped = right[0] === 0;
  const [width, height] = swapped ? [image.height, image.width] : [image.width, image.height];
  const stepRight = right[0] + right[1] * image.width;
  const stepDown = down[0] + down[1] * image.width;
  const startX = right[0] + down[0] < 0 ? image.width - 1 : 0;
  const startY = right[1] + down[1] < 0 ? image.height - 1 : 0;
  const from = new Uint32Array(aligned(image.data).buffer, aligned(image.data).byteOffset, image.width * image.height);
  const to = new Uint32Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    let at = startX + startY * image.width + y * stepDown;
    for (let x = 0; x < width; x++, i++, at += stepRight) to[i] = from[at] ?? 0;
  }
  return { width, height, data: new Uint8Array(to.buffer) };
}

/** Whole pixels can be read only at multiples of four. */
function aligned(data: Uint8Array): Uint8Array {
  return data.byteOffset % 4 === 0 ? data : data.slice();
}
