import { textMask, textWidth } from '../../inference/avatar/renderer/badge-text.js';
import type { Region, SampledImage } from '../../inference/vision/sample.js';
import { encodePng } from '../../png.js';

const PAPER = 250;
const INK = 40;
const GAP = 2;
const LABEL_HEIGHT = 20;
const LABEL_SIZE = 13;
const RANGE = { low: 0, high: 255, outside: 'edge' } as const;

/** Square cells in rows, each a part of some picture, with a line of text below it where labels are wanted. */
export class PictureGrid {
  readonly #columns: number;
  readonly #cell: number;
  readonly #pitch: number;
  readonly #width: number;
  readonly #height: number;
  readonly #data: Uint8Array;
  readonly #labelled: boolean;

  constructor(o: { columns: number; count: number; cell: number; labelled: boolean }) {
    this.#columns = o.columns;
    this.#cell = o.cell;
    this.#labelled = o.labelled;
    this.#pitch = o.cell + GAP + (o.labelled ? LABEL_HEIGHT : 0);
    this.#width = o.columns * (o.cell + GAP) + GAP;
    this.#height = Math.ceil(o.count / o.columns) * this.#pitch + GAP;
    this.#data = new Uint8Array(this.#width * this.#height * 4).fill(PAPER);
    for (let i = 3; i < this.#data.length; i += 4) this.#data[i] = 255;
  }

  /** Characters of `label` that cannot be drawn are left out. */
  place(index: number, image: SampledImage, region: Region, label = ''): void {
    const left = GAP + (index % this.#columns) * (this.#cell + GAP);
    const top = GAP + Math.floor(index / this.#columns) * this.#pitch;
    const pixels = image.crop(region, this.#cell, RANGE);
    for (let y = 0, from = 0; y < this.#cell; y++)
      for (let x = 0; x < this.#cell; x++, from += 3)
        this.#data.set(pixels.subarray(from, from + 3), ((top + y) * this.#width + left + x) * 4);
    if (this.#labelled) this.#write(drawable(label), left, top + this.#cell);
  }

  png(): Buffer {
    return encodePng({ width: this.#width, height: this.#height, data: this.#data });
  }

  #write(text: string, left: number, top: number): void {
    if (text === '') return;
    const size = Math.min(LABEL_SIZE, (this.#cell - 4) / textWidth(text));
    const area = { size, width: this.#cell, height: LABEL_HEIGHT, x: 2, baseline: LABEL_HEIGHT - 6 };
    const { coverage } = textMask(text, area);
    for (let i = 0; i < coverage.length; i++) {
      const to = ((top + Math.floor(i / this.#cell)) * this.#width + left + (i % this.#cell)) * 4;
      this.#data.fill(PAPER + (INK - PAPER) * Math.min(1, coverage[i]!), to, to + 3);
    }
  }
}

/** Phoneme symbols as letters that the typeface has; anything else it lacks is left out. */
const LETTERS: Readonly<Record<string, string>> = {
  ...{ ɑ: 'ah', æ: 'ae', ʌ: 'uh', ə: 'uh', ɐ: 'uh', ɔ: 'aw', ɛ: 'eh', ɜ: 'er', ɪ: 'ih', ᵻ: 'ih', ʊ: 'oo', u: 'oo' },
  ...{ A: 'ay', I: 'eye', O: 'oh', W: 'ow', Y: 'oy', i: 'ee', ð: 'dh', θ: 'th', ŋ: 'ng', ɡ: 'g', ɹ: 'r', ʃ: 'sh' },
  ...{ ʒ: 'zh', ʧ: 'ch', ʤ: 'j' },
};

export function soundName(symbol: string): string {
  return LETTERS[symbol] ?? symbol;
}

function drawable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '').trim();
}
