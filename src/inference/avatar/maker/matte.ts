import { OVAL } from '../../vision/landmarks.js';
import { fillMembrane } from '../membrane.js';
import type { RgbImage } from '../png.js';
import { guidedFilter } from './guided-filter.js';
import { boxMean, type Plane, planeOf, resized, shrunk } from './plane.js';
import { insidePolygon, removeIslands } from './regions.js';

/** Outside of it the mask is as good as sure. */
const MASK_RANGE = { low: 0.2, high: 0.8 };
/** All lengths are parts of the portrait's shorter side. */
const EDGE = { radius: 1 / 40, epsilon: 1e-4 };
/** How far the mask's edge may lie outside the person: twice the side of its pixels. Deeper inside, textures such as curls are left alone. */
const MASK_SHIFT = 1 / 128;
/** Less than this and more than its complement count as sure. */
const SURE = 0.06;
/** How far inside the sure parts colours are taken from: hair and light mix beyond. */
const INSET = 1 / 160;
/** How far the mask may be wrong, as a standard deviation: near its edge and outside, where it never knows of strands, and well inside. */
const MASK_ERROR = { edge: 0.3, inside: 0.08 };
/** Window in which the scatter of colours is measured, and the least that is believed: squared differences of colours of 0…1. */
const SCATTER = { radius: 1 / 64, least: 5e-4 };
const FINE = { radius: 1 / 190, epsilon: 4e-4 };
/** What is left of haze and holes after the fine edge is found: below `low` nothing, above `high` all. */
const CONTRAST = { low: 0.06, high: 0.94 };

/**
 * How much of each pixel of a portrait belongs to the person, 0…1, from a coarse mask of any size that covers it: the mask's edge is first
 * laid along the picture's own (guided filter), then every pixel near it is parted by where its colour lies between the person's and the
 * background's next to it (the alpha of Porter and Duff 1984, each colour continued as a membrane), so that strands of hair come out.
 * The face itself is the person's throughout, and so are holes; parts that do not hang together with the face are not.
 *
 * `landmarks`: 478 points, x, y, z in pixels of the portrait.
 */
export function cutOut(portrait: RgbImage, mask: Plane, landmarks: Float32Array): Plane {
  const { width, height } = portrait;
  const pixels = (share: number) => Math.max(1, Math.round(share * Math.min(width, height)));
  const oval = OVAL.map((index) => [landmarks[3 * index]!, landmarks[3 * index + 1]!] as const);
  const face = insidePolygon(oval, width, height);
  const coarse = resized(mask, width, height);
  for (let i = 0; i < coarse.data.length; i++) coarse.data[i] = ramp(coarse.data[i]!, MASK_RANGE);
  for (let i = 0; i < face.length; i++) if (face[i] === 1) coarse.data[i] = 1;
  removeIslands(coarse, face);
  const prior = clamped(guidedFilter(portrait, coarse, { radius: pixels(EDGE.radius), epsilon: EDGE.epsilon }));
  const certain = shrunk(
    planeOf(width, height, (i) => (coarse.data[i]! > 1 - SURE ? 1 : 0)),
    pixels(MASK_SHIFT),
  );
  for (let i = 0; i < prior.data.length; i++) if (certain.data[i] === 1) prior.data[i] = 1;
  const parted = partByColour(portrait, prior, pixels(INSET));
  const fine = guidedFilter(portrait, parted, { radius: pixels(FINE.radius), epsilon: FINE.epsilon });
  const matte = planeOf(width, height, (i) => {
    if (face[i] === 1) return 1;
    return ramp(fine.data[i]!, CONTRAST);
  });
  removeIslands(matte, face, prior);
  return matte;
}

/**
 * Every pixel that is not sure is parted by its colour and by the prior, each with the weight that its error allows: the colour says
 * little where person and background look alike or where one of them is as colourful as hair in the sun.
 */
function partByColour(portrait: RgbImage, prior: Plane, inset: number): Plane {
  const { width, height, data } = portrait;
  const colour = Float32Array.from(data, (value) => value / 255);
  const sure = (value: (p: number) => number) => {
    const area = planeOf(width, height, (i) => (value(prior.data[i]!) > 1 - SURE ? 1 : 0));
    return shrunk(area, inset).data;
  };
  const [person, behind] = [sure((p) => p), sure((p) => 1 - p)];
  if (!person.includes(1) || !behind.includes(1)) return prior;
  const front = fillMembrane(colour, person, width, height);
  const back = fillMembrane(colour, behind, width, height);
  const radius = Math.max(1, Math.round(SCATTER.radius * Math.min(width, height)));
  const [frontScatter, backScatter] = [
    scatterOf(colour, person, portrait, radius),
    scatterOf(colour, behind, portrait, radius),
  ];
  return planeOf(width, height, (i) => {
    if (person[i] === 1) return 1;
    if (behind[i] === 1) return 0;
    let [along, apart] = [0, 0];
    for (let c = i * 3; c < i * 3 + 3; c++) {
      const difference = front[c]! - back[c]!;
      along += (colour[c]! - back[c]!) * difference;
      apart += difference * difference;
    }
    const p = prior.data[i]!;
    const error = MASK_ERROR.edge + (MASK_ERROR.inside - MASK_ERROR.edge) * ramp(p, { low: 0.5, high: 1 });
    const trust = (SCATTER.least + frontScatter[i]! + backScatter[i]!) / error ** 2;
    const alpha = (along + trust * p) / (apart + trust);
    return Math.min(1, Math.max(0, alpha));
  });
}

/** How far colours scatter about their local mean in an area, as a squared difference (the mean of the three channels'), continued beyond it. */
function scatterOf(
  colour: Float32Array,
  area: Float32Array,
  { width, height }: { width: number; height: number },
  radius: number,
): Float32Array {
  const share = boxMean({ width, height, data: area }, radius).data;
  const variance = new Float32Array(area.length);
  for (let k = 0; k < 3; k++) {
    const mean = boxMean(
      planeOf(width, height, (i) => area[i]! * colour[i * 3 + k]!),
      radius,
    ).data;
    const square = boxMean(
      planeOf(width, height, (i) => area[i]! * colour[i * 3 + k]! ** 2),
      radius,
    ).data;
    for (let i = 0; i < variance.length; i++) {
      if (share[i]! > 0) variance[i]! += Math.max(0, square[i]! / share[i]! - (mean[i]! / share[i]!) ** 2) / 3;
    }
  }
  const three = new Float32Array(area.length * 3);
  for (let i = 0; i < variance.length; i++) three[i * 3] = variance[i]!;
  const filled = fillMembrane(three, area, width, height);
  return variance.map((_, i) => filled[i * 3]!);
}

/** 0 at `low`, 1 at `high`. */
function ramp(value: number, { low, high }: { low: number; high: number }): number {
  return Math.min(1, Math.max(0, (value - low) / (high - low)));
}

function clamped({ width, height, data }: Plane): Plane {
  return { width, height, data: data.map((value) => Math.min(1, Math.max(0, value))) };
}
