import { INNER_LIPS } from '../../vision/landmarks.js';
import { mouthOpenness } from '../../vision/portrait-measures.js';
import type { RgbImage } from '../png.js';
import type { RestState } from '../rig.js';
import { insidePolygon } from './regions.js';

/** Below this many pixels between the lips nothing can be told of teeth. */
const FEWEST_PIXELS = 12;
/** Teeth are at least this bright against the skin, and less colourful than it by this factor. On rendered mouths teeth reach 0.6 and 0.5, tongue and gums 0.35 and 1.2. */
const TEETH = { brightness: 0.5, colourfulness: 0.75 };
const FEWEST_TEETH = 0.08;

/**
 * What the mouth of a portrait is doing: how far it is open, which part of the gap shows teeth, and their colour. Teeth are told from tongue,
 * gums and the dark by being bright and little colourful against the skin. `skin`: its colour, 0…255.
 */
export function restState(
  portrait: RgbImage,
  landmarks: Float32Array,
  skin: readonly [number, number, number],
): RestState {
  const { width, height, data } = portrait;
  const outline = INNER_LIPS.map((index) => [landmarks[3 * index]!, landmarks[3 * index + 1]!] as const);
  const gap = insidePolygon(outline, width, height);
  const open = Math.round(mouthOpenness(landmarks) * 1000) / 1000;
  const [skinLuma, skinColour] = [lumaOf(skin), colourfulness(skin)];
  let pixels = 0;
  const teeth: [number, number, number][] = [];
  for (let i = 0; i < gap.length; i++) {
    if (gap[i] === 0) continue;
    pixels++;
    const colour = [data[i * 3]!, data[i * 3 + 1]!, data[i * 3 + 2]!] as [number, number, number];
    const bright = lumaOf(colour) > TEETH.brightness * skinLuma;
    if (bright && colourfulness(colour) < TEETH.colourfulness * skinColour) teeth.push(colour);
  }
  if (pixels < FEWEST_PIXELS || teeth.length < FEWEST_TEETH * pixels) return { mouthOpenness: open, teeth: 0 };
  const middle = (k: number) => teeth.map((colour) => colour[k]!).toSorted((a, b) => a - b)[teeth.length >> 1]!;
  return {
    mouthOpenness: open,
    teeth: Math.round((1000 * teeth.length) / pixels) / 1000,
    teethColour: [middle(0), middle(1), middle(2)],
  };
}

function lumaOf([r, g, b]: readonly [number, number, number]): number {
  return 0.299 * r + 0.587 * g + 0.114 * b;
}

/** Saturation: how far red is above blue, as a part of the brightest channel; skin and flesh 0.3 and more, teeth less. */
function colourfulness([r, g, b]: readonly [number, number, number]): number {
  const most = Math.max(r, g, b);
  return most === 0 ? 0 : (most - Math.min(r, g, b)) / most;
}
