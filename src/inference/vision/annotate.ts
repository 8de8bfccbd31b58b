import { flattened, type RgbaImage } from './image-format.js';
import { EYE, INNER_LIPS, IRIS, LANDMARKS, OUTER_LIPS, OVAL } from './landmarks.js';

type Colour = readonly [number, number, number];

const COLOUR = {
  point: [255, 255, 255],
  oval: [90, 200, 255],
  eye: [120, 255, 120],
  iris: [255, 220, 60],
  lips: [255, 110, 140],
} as const;
/** Eye outlines are listed corner to corner below, then above from the outside: this is the way around. */
const AROUND_EYE = [0, 1, 2, 3, 4, 5, 6, 7, 8, 15, 14, 13, 12, 11, 10, 9];

/** A copy of the picture with a face's landmarks drawn in: all points, and the outlines of face, eyes, irises and lips. */
export function annotateFace(image: RgbaImage, points: Float32Array): RgbaImage {
  const canvas: RgbaImage = { ...image, data: flattened(image).data.slice() };
  const at = (index: number) => [points[3 * index] ?? 0, points[3 * index + 1] ?? 0] as const;
  const faceHeight = Math.hypot(at(10)[0] - at(152)[0], at(10)[1] - at(152)[1]);
  const radius = Math.max(0.5, faceHeight / 600);
  const outline = (indices: readonly number[], colour: Colour) => {
    for (const [i, index] of indices.entries()) {
      line(canvas, at(index), at(indices[(i + 1) % indices.length] ?? index), radius, colour);
    }
  };
  for (let i = 0; i < LANDMARKS; i++) disc(canvas, at(i), radius * 1.2, COLOUR.point);
  outline(OVAL, COLOUR.oval);
  for (const side of ['right', 'left'] as const) {
    outline(
      AROUND_EYE.map((place) => EYE[side][place] ?? 0),
      COLOUR.eye,
    );
    outline(IRIS[side].slice(1), COLOUR.iris);
    disc(canvas, at(IRIS[side][0]), radius * 2, COLOUR.iris);
  }
  outline(OUTER_LIPS, COLOUR.lips);
  outline(INNER_LIPS, COLOUR.lips);
  return canvas;
}

function line(
  canvas: RgbaImage,
  from: readonly [number, number],
  to: readonly [number, number],
  radius: number,
  colour: Colour,
): void {
  const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1])));
  for (let i = 0; i <= steps; i++) {
    const share = i / steps;
    disc(canvas, [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share], radius, colour);
  }
}

function disc(
  { width, height, data }: RgbaImage,
  [centreX, centreY]: readonly [number, number],
  radius: number,
  colour: Colour,
): void {
  const reach = Math.ceil(radius);
  for (let y = Math.max(0, Math.floor(centreY) - reach); y <= Math.min(height - 1, Math.floor(centreY) + reach); y++) {
    for (let x = Math.max(0, Math.floor(centreX) - reach); x <= Math.min(width - 1, Math.floor(centreX) + reach); x++) {
      if (Math.hypot(x + 0.5 - centreX, y + 0.5 - centreY) <= radius + 0.4) data.set(colour, (y * width + x) * 4);
    }
  }
}
