import type { RgbImage } from '../inference/avatar/png.js';
import { textMask, textWidth } from '../inference/avatar/renderer/badge-text.js';

export const LABEL_HEIGHT = 22;
const LABEL_SIZE = 14;
export const PAPER = 250;
const INK = 40;

/** Writes `name` in the middle of a strip of paper `cell` pixels wide and `LABEL_HEIGHT` high. Throws as `textMask` does. */
export function writeLabel(name: string, sheet: RgbImage, left: number, top: number, cell: number): void {
  const size = Math.min(LABEL_SIZE, (cell - 4) / textWidth(name));
  const { coverage } = textMask(name, {
    size,
    width: cell,
    height: LABEL_HEIGHT,
    x: (cell - textWidth(name) * size) / 2,
    baseline: LABEL_HEIGHT - 7,
  });
  for (let i = 0; i < coverage.length; i++) {
    const to = ((top + Math.floor(i / cell)) * sheet.width + left + (i % cell)) * 3;
    sheet.data.fill(PAPER + (INK - PAPER) * Math.min(1, coverage[i]!), to, to + 3);
  }
}
