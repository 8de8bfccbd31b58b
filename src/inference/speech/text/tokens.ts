import { CELL_MARK, STOP_MARK } from './markup.js';

/** Marks of a pause after a word, as both synthesisers know them; empty for none. */
export type PauseMark = '' | ',' | ';' | ':' | '.' | '!' | '?' | '…' | '—';

/** One blank-separated piece of the text while it is being read. */
export interface Token {
  /** As captions show it, punctuation included. */
  readonly written: string;
  /** Compatibility forms folded, outer punctuation removed; empty for pure punctuation. */
  readonly core: string;
  /** The first character after the core is a full stop (an abbreviation may own it). */
  readonly dotted: boolean;
  /** An opening bracket or dash comes before the core. */
  readonly opens: boolean;
  pause: PauseMark;
  /** Set by the first rule that can read the token; empty when there is nothing to say. */
  spoken?: string[];
}

/** Symbols that say something even when they stand alone. */
export const LONE_SYMBOLS: Record<string, string> = {
  '&': 'and',
  '+': 'plus',
  '=': 'equals',
  '@': 'at',
  '%': 'percent',
  '#': 'number',
  '×': 'times',
  '÷': 'divided by',
  '±': 'plus or minus',
  '≈': 'about',
  '<': 'less than',
  '>': 'greater than',
  '≤': 'at most',
  '≥': 'at least',
  '≠': 'is not',
  '°': 'degrees',
  $: 'dollars',
  '€': 'euros',
  '£': 'pounds',
  '©': 'copyright',
  '§': 'section',
  '№': 'number',
  '/': 'slash',
};

const KEEP = /[²³½¼¾⅓⅔⅕⅛⅜⅝⅞℃℉…µ°№]/u;
const LEADING = /^[\s("'“”‘[{«»*_¿¡—–|`^\\]+/u;
const TRAILING = /[\s)"'”’‘“\]}»*_.,;:!?…—–|`^\\\ue000\ue001-]+$/u;
const FEET = /^\d{1,3}['′](?:\d{1,2}["″]?)?/u;

/** NFKC for everything but the characters whose reading it would destroy; typographic quotes and hyphens become plain. */
function fold(text: string): string {
  const folded = [...text.replace(/[®™]/g, '')]
    .map((c) => (KEEP.test(c) || c < '\x80' ? c : c.normalize('NFKC')))
    .join('');
  return folded.replace(/[’‘ʼ]/g, "'").replace(/[‐‑]/g, '-').replace(/−/g, '-');
}

function pauseOf(tail: string): PauseMark {
  if (tail.includes('?')) return '?';
  if (tail.includes('!')) return '!';
  if (tail.includes('…') || tail.includes('...')) return '…';
  if (tail.includes('.') || tail.includes(STOP_MARK)) return '.';
  if (tail.includes(';')) return ';';
  if (tail.includes(':')) return ':';
  if (/[—–]|--/.test(tail)) return '—';
  if (/[,)\]}|]/.test(tail) || tail.includes(CELL_MARK)) return ',';
  return '';
}

function toToken(piece: string): Token {
  const written = piece.replaceAll(STOP_MARK, '').replaceAll(CELL_MARK, '');
  const folded = fold(piece);
  if (LONE_SYMBOLS[folded] !== undefined) return { written, core: folded, dotted: false, opens: false, pause: '' };
  const lead = LEADING.exec(folded)?.[0] ?? '';
  const body = folded.slice(lead.length);
  const feet = FEET.exec(body)?.[0];
  let tail = TRAILING.exec(body)?.[0] ?? '';
  if (feet !== undefined && body.length - tail.length < feet.length) tail = body.slice(feet.length);
  const core = body.slice(0, body.length - tail.length);
  return {
    written,
    core,
    dotted: tail.startsWith('.') && !tail.startsWith('..'),
    opens: /[([{—–]/.test(lead),
    pause: pauseOf(core === '' ? lead + tail : tail),
  };
}

/** Splits text that went through `stripMarkup`; the pieces' `written` joined by spaces give it back. */
export function tokenise(text: string): Token[] {
  return text
    .split(/\s+/)
    .filter((piece) => piece.replace(/[\ue000\ue001]/g, '') !== '')
    .map(toToken);
}
