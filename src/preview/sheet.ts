import type { AvatarPackage } from '../inference/avatar/package.js';
import type { RgbImage } from '../inference/avatar/png.js';
import { openStream } from '../inference/avatar/renderer/open-stream.js';
import { SURFACE_COUNT } from '../inference/avatar/rig.js';
import { i420ToRgb } from '../media/png.js';
import { LABEL_HEIGHT, PAPER, writeLabel } from './label.js';
import type { NamedPose } from './poses.js';

const COLUMNS = 10;
/** What is drawn, and how much of it the face fills: its landmarks' box is this much larger on every side. */
const DRAWN = 768;
const MARGIN = 0.06;
const GAP = 2;

/**
 * Draws one face per pose in rows of ten, each with its name below: an RGB picture. `cell` is the side of a face in pixels. Throws
 * `bad-request` when a name has a character that cannot be drawn.
 */
export async function drawSheet(avatar: AvatarPackage, poses: readonly NamedPose[], cell: number): Promise<RgbImage> {
  const stream = await openStream(avatar, { width: DRAWN, height: DRAWN });
  const frame = new Uint8Array((DRAWN * DRAWN * 3) / 2);
  const box = faceBox(avatar);
  const rows = Math.ceil(poses.length / COLUMNS);
  const pitch = { x: cell + GAP, y: cell + LABEL_HEIGHT + GAP };
  const width = COLUMNS * pitch.x + GAP;
  const sheet: RgbImage = {
    width,
    height: rows * pitch.y + GAP,
    data: new Uint8Array(width * (rows * pitch.y + GAP) * 3).fill(PAPER),
  };
  for (const [i, { name, motion }] of poses.entries()) {
    await stream.prepare?.(motion);
    stream.render(motion, frame);
    const left = GAP + (i % COLUMNS) * pitch.x;
    const top = GAP + Math.floor(i / COLUMNS) * pitch.y;
    shrink(i420ToRgb(frame, DRAWN, DRAWN), box, sheet, left, top, cell);
    writeLabel(name, sheet, left, top + cell, cell);
  }
  stream.close();
  return sheet;
}

/** The square around the face, in pixels of what is drawn. */
function faceBox(avatar: AvatarPackage): { x: number; y: number; side: number } {
  const points = Array.from({ length: SURFACE_COUNT }, (_, i) => ({
    x: avatar.rig.landmarks[i * 3]! * DRAWN,
    y: avatar.rig.landmarks[i * 3 + 1]! * DRAWN,
  }));
  const [x0, x1] = [Math.min(...points.map((p) => p.x)), Math.max(...points.map((p) => p.x))];
  const [y0, y1] = [Math.min(...points.map((p) => p.y)), Math.max(...points.map((p) => p.y))];
  const side = Math.min(DRAWN, Math.max(x1 - x0, y1 - y0) * (1 + 2 * MARGIN));
  const within = (middle: number) => Math.min(DRAWN - side, Math.max(0, middle - side / 2));
  return { x: within((x0 + x1) / 2), y: within((y0 + y1) / 2 + 0.02 * side), side };
}

/** Copies a square of `from`, each pixel the mean of those that fall into it. */
function shrink(
  from: Uint8Array,
  box: { x: number; y: number; side: number },
  sheet: RgbImage,
  left: number,
  top: number,
  cell: number,
): void {
  const step = box.side / cell;
  for (let y = 0; y < cell; y++) {
    const [y0, y1] = span(box.y + y * step, step);
    for (let x = 0; x < cell; x++) {
      const [x0, x1] = span(box.x + x * step, step);
      const to = ((top + y) * sheet.width + left + x) * 3;
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let sy = y0; sy < y1; sy++) for (let sx = x0; sx < x1; sx++) sum += from[(sy * DRAWN + sx) * 3 + c]!;
        sheet.data[to + c] = sum / ((y1 - y0) * (x1 - x0));
      }
    }
  }
}

function span(from: number, step: number): [number, number] {
  const first = Math.min(DRAWN - 1, Math.floor(from));
  return [first, Math.min(DRAWN, Math.max(first + 1, Math.floor(from + step)))];
}
