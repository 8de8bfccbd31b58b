import { VisavisError } from '../../../errors.js';
import { CAP_HEIGHT, textMask, textWidth } from './badge-text.js';
import { clamp } from './curves.js';

/** Sizes below are of a picture of this side; others are scaled. */
const REFERENCE_SIDE = 512;
const CAPITALS = 15;
/** Type gets no smaller than this, however small the picture is. */
const LEAST_CAPITALS = 8;
const MARGIN = 16;
/** Between the text and the chip's edge, relative to the height of capitals. */
const PADDING_X = 0.72;
const PADDING_Y = 0.55;
const CORNER = 0.6;
/** I420 of limited range (ITU-R BT.601): almost black, almost white. */
const CHIP_LUMA = 20;
const TEXT_LUMA = 232;
const GREY = 128;
/** White text on it keeps a contrast above 4.5 : 1 (WCAG 2.2, 1.4.3) on whatever lies behind. */
const CHIP_OPACITY = 0.64;

/**
 * A small dark chip with light text in the top left corner of a picture, prepared once; `draw` only blends its rectangle and
 * allocates nothing. Chip and text are smooth at their edges.
 */
export class Badge {
  /** The rectangle that is drawn on, in pixels; all even, so that chroma samples belong to it whole. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly #pictureWidth: number;
  readonly #pictureHeight: number;
  /** Per pixel, new = (old · keep + add) / 256. */
  readonly #keep: Uint16Array;
  readonly #add: Uint16Array;
  /** The same for each 2 × 2 pixels' chroma. */
  readonly #chromaKeep: Uint16Array;

  /**
   * For pictures of `width × height` pixels (even). Type shrinks until the text fits. Throws `bad-request` when `text` is blank
   * or has a character that cannot be drawn; those of `BADGE_CHARACTERS` (`src/config-values.ts`) can.
   */
  static create(text: string, o: { width: number; height: number }): Badge {
    const shown = text.normalize('NFC').trim();
    if (shown === '') throw new VisavisError('bad-request', 'badge: expected some text, got none', { field: 'badge' });
    return new Badge(shown, o.width, o.height);
  }

  private constructor(text: string, pictureWidth: number, pictureHeight: number) {
    this.#pictureWidth = pictureWidth;
    this.#pictureHeight = pictureHeight;
    const scale = Math.min(pictureWidth, pictureHeight) / REFERENCE_SIDE;
    const margin = even(MARGIN * scale);
    const width = textWidth(text);
    const wanted = Math.max(LEAST_CAPITALS, Math.round(CAPITALS * scale));
    const fitting = (pictureWidth - 2 * margin) / (width / CAP_HEIGHT + 2 * PADDING_X);
    const capitals = Math.min(wanted, fitting);
    const size = capitals / CAP_HEIGHT;
    this.x = margin;
    this.y = margin;
    this.width = Math.min(even(width * size + 2 * PADDING_X * capitals), pictureWidth - margin);
    this.height = Math.min(even(capitals * (1 + 2 * PADDING_Y)), pictureHeight - margin);
    const { coverage } = textMask(text, {
      size,
      width: this.width,
      height: this.height,
      x: (this.width - width * size) / 2,
      // Whole pixels: the feet of the letters are sharp.
      baseline: Math.round((this.height + capitals) / 2),
    });
    const count = this.width * this.height;
    this.#keep = new Uint16Array(count);
    this.#add = new Uint16Array(count);
    const corner = CORNER * capitals;
    for (let i = 0; i < count; i++) {
      const px = (i % this.width) + 0.5;
      const py = Math.floor(i / this.width) + 0.5;
      const chip = CHIP_OPACITY * roundedRectangle(px, py, this.width, this.height, corner);
      const ink = Math.min(1, coverage[i]!);
      this.#keep[i] = Math.round(256 * (1 - chip) * (1 - ink));
      // Half a step makes the division by 256 round.
      this.#add[i] = Math.round(256 * (CHIP_LUMA * chip * (1 - ink) + TEXT_LUMA * ink)) + 128;
    }
    this.#chromaKeep = halved(this.#keep, this.width, this.height);
  }

  /** Blends the badge into an I420 picture (`width·height·3/2` bytes). */
  draw(picture: Uint8Array): void {
    const stride = this.#pictureWidth;
    for (let row = 0, i = 0; row < this.height; row++) {
      let at = (this.y + row) * stride + this.x;
      for (const end = at + this.width; at < end; at++, i++) {
        picture[at] = (picture[at]! * this.#keep[i]! + this.#add[i]!) >> 8;
      }
    }
    const lumaBytes = stride * this.#pictureHeight;
    this.#drawChroma(picture, lumaBytes);
    this.#drawChroma(picture, lumaBytes + lumaBytes / 4);
  }

  #drawChroma(picture: Uint8Array, plane: number): void {
    const stride = this.#pictureWidth / 2;
    const rows = this.height / 2;
    const columns = this.width / 2;
    for (let row = 0, i = 0; row < rows; row++) {
      let at = plane + (this.y / 2 + row) * stride + this.x / 2;
      for (const end = at + columns; at < end; at++, i++) {
        const keep = this.#chromaKeep[i]!;
        picture[at] = (picture[at]! * keep + GREY * (256 - keep) + 128) >> 8;
      }
    }
  }
}

function even(pixels: number): number {
  return 2 * Math.round(pixels / 2);
}

/** Coverage of a pixel by a rectangle with round corners: 1 within, 0 outside, in between at the edge. */
function roundedRectangle(x: number, y: number, width: number, height: number, corner: number): number {
  const dx = Math.max(0, Math.abs(x - width / 2) - width / 2 + corner);
  const dy = Math.max(0, Math.abs(y - height / 2) - height / 2 + corner);
  return clamp(corner - Math.hypot(dx, dy) + 0.5, 0, 1);
}

function halved(values: Uint16Array, width: number, height: number): Uint16Array {
  const out = new Uint16Array((width / 2) * (height / 2));
  for (let row = 0, i = 0; row < height; row += 2) {
    for (let column = 0; column < width; column += 2, i++) {
      const at = row * width + column;
      out[i] = Math.round((values[at]! + values[at + 1]! + values[at + width]! + values[at + width + 1]!) / 4);
    }
  }
  return out;
}
