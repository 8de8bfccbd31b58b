import type { EnglishG2p } from './g2p.js';
import type { SpokenWord } from './normalise.js';

/** One symbol that the synthesiser gets: a phoneme, a stress mark, a blank between words, or punctuation. */
export interface PhonemeUnit {
  /** One character of Kokoro's vocabulary. */
  symbol: string;
  /** Index into `Utterance.words`; −1 for what lies between words. */
  word: number;
}

/** What one run of a synthesiser speaks. */
export interface Utterance {
  units: PhonemeUnit[];
  /** The words as written, in order. */
  words: string[];
  /** The mark that the last word ends with; decides the pause after the audio. */
  endMark: string;
}

/** Stress marks and length marks sound together with a neighbour, never alone. */
export const STRESS_MARKS: ReadonlySet<string> = new Set('ˈˌ');
/** Punctuation that a synthesiser makes a pause of. */
export const PAUSES: ReadonlySet<string> = new Set(',;:.!?…—');

/** True for a unit that has a sound of its own. */
export function isPhoneme(symbol: string): boolean {
  return symbol !== ' ' && !STRESS_MARKS.has(symbol) && !PAUSES.has(symbol);
}

/** Words are pronounced in windows of this size, so that a long text costs only as much as is spoken of it. */
const WINDOW_WORDS = 48;
/** A single written word (a long number or address) is cut after this many symbols. */
const MAX_WORD_UNITS = 300;

export interface PronouncedWord {
  word: Pick<SpokenWord, 'written' | 'opens' | 'pause'>;
  /** Symbols with blanks and pause marks between spoken words. */
  symbols: string;
}

function join(parts: readonly string[], spoken: readonly string[]): string {
  let text = '';
  parts.forEach((part, i) => {
    if (part === '') return;
    if (part === ',' || part === '.') text += part;
    else if (isLetterName(spoken[i]!) && i > 0 && isLetterName(spoken[i - 1]!)) text += part;
    else text += `${text === '' ? '' : ' '}${part}`;
  });
  return text;
}

const isLetterName = (word: string): boolean => /^[A-Z](?:'s)?$/.test(word);

function pronounceWindow(words: readonly SpokenWord[], g2p: EnglishG2p): PronouncedWord[] {
  const flat: string[] = [];
  const starts: number[] = [];
  for (const word of words) {
    if (word.opens && flat.length > 0 && flat.at(-1) !== ',') flat.push(',');
    starts.push(flat.length);
    flat.push(...word.spoken);
    if (word.pause !== '') flat.push(',');
  }
  const parts = g2p.pronounce(flat);
  return words.map((word, i) => {
    const start = starts[i]!;
    return {
      word,
      symbols: join(parts.slice(start, start + word.spoken.length), word.spoken).slice(0, MAX_WORD_UNITS),
    };
  });
}

/** Where a too long run of words may be cut, best first: after a sentence, a clause, any word. */
function cutAfter(words: readonly PronouncedWord[]): number {
  const last = (marks: string, from: number): number => {
    for (let i = words.length - 2; i >= from; i--) if (marks.includes(words[i]!.word.pause || '\0')) return i + 1;
    return 0;
  };
  return last('.!?…', 0) || last(';:—', 0) || last(',', Math.floor(words.length / 3)) || words.length - 1;
}

function toUtterance(words: readonly PronouncedWord[]): Utterance {
  const units: PhonemeUnit[] = [];
  const kept = words.filter(({ symbols }) => [...symbols].some(isPhoneme));
  kept.forEach(({ word, symbols }, i) => {
    if (i > 0) {
      if (word.opens && !PAUSES.has(units.at(-1)!.symbol)) units.push({ symbol: ',', word: -1 });
      units.push({ symbol: ' ', word: -1 });
    }
    for (const symbol of symbols) units.push({ symbol, word: i });
    if (word.pause !== '') units.push({ symbol: word.pause, word: -1 });
  });
  return { units, words: kept.map(({ word }) => word.written), endMark: kept.at(-1)?.word.pause ?? '' };
}

/**
 * The words as one or several utterances of at most `maxUnits` symbols each, cut at sentence ends where possible, else at
 * clauses, else between words. Lazy: only what is asked for is pronounced. Every word appears in exactly one utterance.
 */
export function* utterances(words: readonly SpokenWord[], g2p: EnglishG2p, maxUnits: number): Generator<Utterance> {
  const cutter = new UtteranceCutter(maxUnits);
  for (let start = 0; start < words.length; start += WINDOW_WORDS) {
    for (const next of pronounceWindow(words.slice(start, start + WINDOW_WORDS), g2p)) yield* cutter.add(next);
  }
  yield* cutter.rest();
}

/** As `utterances`, of words that are pronounced elsewhere. */
export async function* utterancesOf(words: AsyncIterable<PronouncedWord>, maxUnits: number): AsyncGenerator<Utterance> {
  const cutter = new UtteranceCutter(maxUnits);
  for await (const { word, symbols } of words) {
    yield* cutter.add({ word, symbols: symbols.slice(0, MAX_WORD_UNITS) });
  }
  yield* cutter.rest();
}

class UtteranceCutter {
  readonly #maxUnits: number;
  #pending: PronouncedWord[] = [];
  #size = 0;

  constructor(maxUnits: number) {
    this.#maxUnits = maxUnits;
  }

  *add(next: PronouncedWord): Generator<Utterance> {
    this.#pending.push(next);
    this.#size += next.symbols.length + 3;
    while (this.#size > this.#maxUnits && this.#pending.length > 1) {
      const cut = cutAfter(this.#pending);
      const utterance = toUtterance(this.#pending.slice(0, cut));
      if (utterance.units.length > 0) yield utterance;
      this.#pending = this.#pending.slice(cut);
      this.#size = this.#pending.reduce((sum, p) => sum + p.symbols.length + 3, 0);
    }
  }

  *rest(): Generator<Utterance> {
    const rest = toUtterance(this.#pending);
    if (rest.units.length > 0) yield rest;
  }
}
