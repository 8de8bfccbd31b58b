import type { AvatarPackage } from '../inference/avatar/package.js';
import type { RgbImage } from '../inference/avatar/png.js';
import { measureFace } from '../inference/avatar/renderer/face-geometry.js';
import { openStream } from '../inference/avatar/renderer/open-stream.js';
import { coverFit } from '../inference/avatar/renderer/texture.js';
import { i420ToRgb } from '../media/png.js';
import { LABEL_HEIGHT, PAPER, writeLabel } from './label.js';
import type { SpokenFrame } from './spoken.js';

/** The size in which most visitors see an avatar. */
const DRAWN = 512;
/** Frames on a strip: two thirds of a second. */
export const STRIP_FRAMES = 16;
const COLUMNS = 4;
const CELL = 280;
const GAP = 2;
/** Width of what is shown, in mouth widths and in face widths. */
const SHOWN = { mouth: 1.5, face: 1.5 } as const;
const MOUTH_ASPECT = 0.8;

export type StripPart = keyof typeof SHOWN;

/**
 * Draws frames as they come out of the renderer at 512 × 512, four in a row, only the mouth or the face of each, magnified without
 * sharpening, labelled with its time and word: an RGB picture.
 */
export async function drawStrip(
  avatar: AvatarPackage,
  frames: readonly SpokenFrame[],
  part: StripPart,
): Promise<RgbImage> {
  const stream = await openStream(avatar, { width: DRAWN, height: DRAWN });
  const face = measureFace(avatar.rig, coverFit(avatar.portrait, DRAWN, DRAWN));
  const high = Math.round(part === 'mouth' ? CELL * MOUTH_ASPECT : CELL);
  const side = SHOWN[part] * (part === 'mouth' ? face.mouth.width : face.faceWidth);
  const step = side / CELL;
  const box = {
    x: (part === 'mouth' ? face.mouth.centreX : face.centreX) - side / 2,
    y:
      part === 'mouth' ? face.mouth.centreY - 0.4 * high * step : (face.foreheadY + face.chinY) / 2 - (high * step) / 2,
    step,
  };
  const pitch = { x: CELL + GAP, y: high + LABEL_HEIGHT + GAP };
  const width = COLUMNS * pitch.x + GAP;
  const height = Math.ceil(frames.length / COLUMNS) * pitch.y + GAP;
  const strip: RgbImage = { width, height, data: new Uint8Array(width * height * 3).fill(PAPER) };
  const frame = new Uint8Array((DRAWN * DRAWN * 3) / 2);
  for (const [i, { atMs, word, motion }] of frames.entries()) {
    await stream.prepare?.(motion);
    stream.render(motion, frame);
    const left = GAP + (i % COLUMNS) * pitch.x;
    const top = GAP + Math.floor(i / COLUMNS) * pitch.y;
    magnify(i420ToRgb(frame, DRAWN, DRAWN), box, strip, left, top, high);
    writeLabel(`${Math.round(atMs)} ms ${word}`.trim(), strip, left, top + high, CELL);
  }
  stream.close();
  return strip;
}

/** Copies a part of `from`, bilinearly; `box.step` pixels of it to a pixel. */
function magnify(
  from: Uint8Array,
  box: { x: number; y: number; step: number },
  to: RgbImage,
  left: number,
  top: number,
  high: number,
): void {
  const last = DRAWN - 1;
  for (let row = 0; row < high; row++) {
    const y = Math.min(last, Math.max(0, box.y + (row + 0.5) * box.step - 0.5));
    const y0 = Math.floor(y);
    const y1 = Math.min(last, y0 + 1);
    for (let column = 0; column < CELL; column++) {
      const x = Math.min(last, Math.max(0, box.x + (column + 0.5) * box.step - 0.5));
      const x0 = Math.floor(x);
      const x1 = Math.min(last, x0 + 1);
      const at = ((top + row) * to.width + left + column) * 3;
      for (let c = 0; c < 3; c++) {
        const pixel = (px: number, py: number) => from[(py * DRAWN + px) * 3 + c]!;
        const upper = pixel(x0, y0) + (pixel(x1, y0) - pixel(x0, y0)) * (x - x0);
        const lower = pixel(x0, y1) + (pixel(x1, y1) - pixel(x0, y1)) * (x - x0);
        to.data[at + c] = upper + (lower - upper) * (y - y0) + 0.5;
      }
    }
  }
}
