/** Text to coverage: outlines of the typeface Barlow SemiBold (SIL Open Font Licence), filled without any graphics library. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { VisavisError } from '../../../errors.js';

/** Capital letters are this high, relative to the size of the type (OS/2 sCapHeight of Barlow). */
export const CAP_HEIGHT = 0.7;
/** Horizontal lines per pixel that are cut with the outlines; along a line the coverage is exact. */
const LINES = 8;
/** A curve becomes this many straight pieces; at a few dozen pixels no eye sees more. */
const PIECES = 6;

/** What this file uses of opentype.js, whose own types would bring a browser's globals along. */
interface Glyph {
  readonly advanceWidth: number;
  readonly path: { readonly commands: readonly PathCommand[] };
}
type PathCommand =
  | { type: 'M'; x: number; y: number }
  | { type: 'L'; x: number; y: number }
  | { type: 'Q'; x1: number; y1: number; x: number; y: number }
  | { type: 'C'; x1: number; y1: number; x2: number; y2: number; x: number; y: number }
  | { type: 'Z' };
interface Font {
  readonly unitsPerEm: number;
  charToGlyphIndex(character: string): number;
  charToGlyph(character: string): Glyph;
  getKerningValue(left: Glyph, right: Glyph): number;
}

export interface TextMask {
  width: number;
  height: number;
  /** How much of each pixel the text covers, 0…1, row by row. */
  coverage: Float32Array;
}

interface Edge {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

const require = createRequire(import.meta.url);
let loaded: Font[] | undefined;

/** The typeface is cut into files by script; each has glyphs that the others lack. */
function fonts(): Font[] {
  loaded ??= ['latin', 'latin-ext'].map((subset) => {
    const file = readFileSync(require.resolve(`@fontsource/barlow/files/barlow-${subset}-600-normal.woff`));
    const { parse } = require('opentype.js') as { parse(file: ArrayBuffer): Font };
    return parse(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer);
  });
  return loaded;
}

/** Throws `bad-request` naming the character that the typeface does not have. */
function fontOf(character: string): Font {
  const font = fonts().find((candidate) => candidate.charToGlyphIndex(character) > 0);
  if (font !== undefined) return font;
  const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  throw new VisavisError('bad-request', `badge: ${JSON.stringify(character)} (U+${code}) cannot be drawn`, {
    field: 'badge',
  });
}

/** Pen positions in units of the type size, kerned within each file; and the width of all. */
function layOut(text: string): { glyphs: { glyph: Glyph; unit: number; x: number }[]; width: number } {
  const glyphs: { glyph: Glyph; unit: number; x: number }[] = [];
  let x = 0;
  let before: { font: Font; glyph: Glyph } | undefined;
  for (const character of text) {
    const font = fontOf(character);
    const glyph = font.charToGlyph(character);
    const unit = 1 / font.unitsPerEm;
    if (before?.font === font) x += font.getKerningValue(before.glyph, glyph) * unit;
    glyphs.push({ glyph, unit, x });
    x += glyph.advanceWidth * unit;
    before = { font, glyph };
  }
  return { glyphs, width: x };
}

/** Width of `text` in units of the type size. Throws `bad-request` when a character cannot be drawn. */
export function textWidth(text: string): number {
  return layOut(text).width;
}

/** `text` in type of `size` pixels, in a box of `width × height` pixels with the pen at (`x`, `baseline`). */
export function textMask(
  text: string,
  o: { size: number; width: number; height: number; x: number; baseline: number },
): TextMask {
  const edges: Edge[] = [];
  for (const { glyph, unit, x } of layOut(text).glyphs) {
    const scale = o.size * unit;
    addOutline(glyph.path.commands, scale, o.x + x * o.size, o.baseline, edges);
  }
  return { width: o.width, height: o.height, coverage: fill(edges, o.width, o.height) };
}

function addOutline(
  commands: readonly PathCommand[],
  scale: number,
  left: number,
  baseline: number,
  out: Edge[],
): void {
  let start = { x: 0, y: 0 };
  let pen = { x: 0, y: 0 };
  const lineTo = (x: number, y: number) => {
    if (y !== pen.y) out.push({ x0: pen.x, y0: pen.y, x1: x, y1: y });
    pen = { x, y };
  };
  // The outlines' y points up.
  const px = (x: number) => left + x * scale;
  const py = (y: number) => baseline - y * scale;
  for (const c of commands) {
    if (c.type === 'M') {
      lineTo(start.x, start.y);
      pen = { x: px(c.x), y: py(c.y) };
      start = pen;
    } else if (c.type === 'L') lineTo(px(c.x), py(c.y));
    else if (c.type === 'Z') lineTo(start.x, start.y);
    else {
      const from = pen;
      const first = { x: px(c.x1), y: py(c.y1) };
      const last = { x: px(c.x), y: py(c.y) };
      for (let k = 1; k <= PIECES; k++) {
        const t = k / PIECES;
        if (c.type === 'Q') {
          lineTo(quadratic(from.x, first.x, last.x, t), quadratic(from.y, first.y, last.y, t));
        } else {
          lineTo(cubic(from.x, first.x, px(c.x2), last.x, t), cubic(from.y, first.y, py(c.y2), last.y, t));
        }
      }
    }
  }
  lineTo(start.x, start.y);
}

function quadratic(a: number, b: number, c: number, t: number): number {
  const u = 1 - t;
  return u * u * a + 2 * u * t * b + t * t * c;
}

function cubic(a: number, b: number, c: number, d: number, t: number): number {
  const u = 1 - t;
  return u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d;
}

/** Inside is where the outlines wind around a point, as TrueType has it (non-zero). */
function fill(edges: readonly Edge[], width: number, height: number): Float32Array {
  const coverage = new Float32Array(width * height);
  for (let line = 0; line < height * LINES; line++) {
    const y = (line + 0.5) / LINES;
    const crossings = edges
      .filter(({ y0, y1 }) => (y0 <= y && y < y1) || (y1 <= y && y < y0))
      .map(({ x0, y0, x1, y1 }) => ({ x: x0 + ((y - y0) / (y1 - y0)) * (x1 - x0), turn: y1 > y0 ? 1 : -1 }))
      .sort((a, b) => a.x - b.x);
    const row = Math.floor(line / LINES) * width;
    let winding = 0;
    for (const [i, { x, turn }] of crossings.entries()) {
      winding += turn;
      const next = crossings[i + 1];
      if (winding !== 0 && next !== undefined) coverSpan(coverage, row, width, x, next.x);
    }
  }
  return coverage;
}

function coverSpan(coverage: Float32Array, row: number, width: number, from: number, to: number): void {
  const left = Math.max(0, from);
  const right = Math.min(width, to);
  for (let i = Math.floor(left); i < right; i++) {
    coverage[row + i] = coverage[row + i]! + (Math.min(right, i + 1) - Math.max(left, i)) / LINES;
  }
}
