import { BOUNDARY, endingOf, estimateSpeechMs, jointBetween, QuoteDepth, settleEnding } from './segments-boundaries.js';
import { SpokenTextFilter } from './spoken-text.js';

/** A stretch of a reply that is synthesised in one go. */
export interface Segment {
  /** Speakable text without white space at its ends. */
  text: string;
  /** Counts from 0 within the reply. */
  index: number;
  endsSentence: boolean;
  /** What stands between the segment before and this one: a space, or nothing (at the start, or inside an endless word). */
  joint: ' ' | '';
}

/** Speech lengths in ms that shape the segments; see `SegmentAssembler`. */
export interface SegmentLimits {
  firstMs: number;
  secondMs: number;
  laterMs: number;
  /** A segment may be this many times as long as the one before it, so that the voice does not run dry. */
  growth: number;
}

/**
 * `growth`: with a real-time factor of at most 0.34 plus ~50 ms, speech of length d covers the synthesis of 2.5·d.
 * `laterMs`: about 220 characters.
 */
export const DEFAULT_SEGMENT_LIMITS: SegmentLimits = { firstMs: 1050, secondMs: 3000, laterMs: 10_000, growth: 2.5 };

/** A comma or clause end closes the first segment at once when that much has been said. */
const FIRST_CLAUSE_MS = 700;
/** Below this a segment sounds clipped, and covers too little of the next one's synthesis. */
const SHORT_MS = 620;
/** How far a segment may exceed its limit to reach the end of a sentence, and to avoid a joint that sounds wrong. */
const SENTENCE_STRETCH = 1.25;
const HARD_STRETCH = 2;
/** The next segment may always have this length, and more after punctuation, where a pause is natural anyway. */
const AT_LEAST_MS = 1600;
const AFTER_PAUSE_MS = 1850;
/** Words longer than this (scripts without spaces, junk) are cut, so that no segment is unbounded. */
const MAX_WORD_CHARACTERS = 120;

interface Word {
  text: string;
  /** False when the word continues the one before it (see `MAX_WORD_CHARACTERS`). */
  spaced: boolean;
}

interface Candidate {
  /** Number of words before the joint. */
  length: number;
  quality: number;
  speechMs: number;
}

/**
 * Cuts a streamed reply into segments for synthesis. The first is at most about a second long, so that the voice starts
 * soon; each further one may grow, up to whole sentences. A joint lies at the best phrase boundary within the limit, never
 * behind an article or inside a number, name, abbreviation or quotation while that can be avoided. The result depends on the
 * text alone, not on how it was streamed; Markdown is removed first (`SpokenTextFilter`).
 */
export class SegmentAssembler {
  readonly #limits: SegmentLimits;
  readonly #filter = new SpokenTextFilter();
  /** Characters of the word that is still arriving. */
  #partial = '';
  #spaceBefore = false;
  /** Words of the segment in the making, and the joints between them. */
  #words: Word[] = [];
  #candidates: Candidate[] = [];
  #quotes = new QuoteDepth();
  #emitted = 0;
  #limitMs: number;

  constructor(limits: Partial<SegmentLimits> = {}) {
    this.#limits = { ...DEFAULT_SEGMENT_LIMITS, ...limits };
    this.#limitMs = this.#limits.firstMs;
  }

  /** Takes the next piece of the reply; returns the segments that are complete now. */
  push(delta: string): Segment[] {
    return this.#take(this.#filter.push(delta));
  }

  /** The reply is over: returns everything that is left and starts anew. */
  flush(): Segment[] {
    const out = this.#take(this.#filter.flush());
    if (this.#partial !== '') this.#endWord(out);
    if (this.#words.length > 0) this.#emit(this.#words.length, true, out);
    this.#emitted = 0;
    this.#limitMs = this.#limits.firstMs;
    this.#spaceBefore = false;
    this.#quotes = new QuoteDepth();
    return out;
  }

  #take(text: string): Segment[] {
    const out: Segment[] = [];
    for (const char of text) {
      if (/\s/u.test(char)) {
        if (this.#partial !== '') this.#endWord(out);
        this.#spaceBefore = this.#words.length > 0 || this.#emitted > 0;
        continue;
      }
      this.#partial += char;
      if (this.#partial.length >= MAX_WORD_CHARACTERS || /[。！？]/u.test(char)) this.#endWord(out);
    }
    return out;
  }

  #endWord(out: Segment[]): void {
    const word: Word = { text: this.#partial, spaced: this.#spaceBefore };
    this.#partial = '';
    this.#spaceBefore = false;
    this.#accept(word, out);
  }

  /** Appends a word and emits what it decides; words behind a cut are accepted again as the next segment's first. */
  #accept(word: Word, out: Segment[]): void {
    if (this.#settle(word)) this.#cutIfComplete(out);
    this.#words.push(word);
    this.#quotes.add(word.text);
    const ending = endingOf(word.text);
    if (ending !== 'unsure' && ending !== 'none') this.#note(BOUNDARY[ending]);
    if (this.#cutIfComplete(out)) return;
    if (estimateSpeechMs(this.#textOf(this.#words.length)) <= this.#limitMs * SENTENCE_STRETCH) return;
    const best = this.#best();
    if (!best) return;
    const rest = this.#words.slice(best.length);
    this.#emit(best.length, best.quality === BOUNDARY.sentence, out);
    for (const left of rest) this.#accept(left, out);
  }

  /** Rates the joint behind the last word, now that `next` is known; false when it was rated already. */
  #settle(next: Word): boolean {
    const word = this.#words.at(-1);
    if (!word || this.#candidates.at(-1)?.length === this.#words.length) return false;
    const ending = endingOf(word.text) === 'unsure' ? settleEnding(word.text, next.text) : 'none';
    if (ending !== 'none') this.#note(BOUNDARY[ending]);
    else this.#note(next.spaced ? jointBetween(word.text, next.text) : BOUNDARY.plain);
    return true;
  }

  #note(quality: number): void {
    const length = this.#words.length;
    const inside = this.#quotes.inside && quality < BOUNDARY.sentence;
    const speechMs = estimateSpeechMs(this.#textOf(length));
    this.#candidates.push({ length, quality: inside ? BOUNDARY.never : quality, speechMs });
  }

  /** Emits all words when they end a sentence, or, for the first segment, a clause that is long enough. */
  #cutIfComplete(out: Segment[]): boolean {
    const last = this.#candidates.at(-1);
    if (last?.length !== this.#words.length || last.speechMs > this.#limitMs * SENTENCE_STRETCH) return false;
    const sentence = last.quality === BOUNDARY.sentence;
    const clause = this.#emitted === 0 && last.quality >= BOUNDARY.comma && last.speechMs >= FIRST_CLAUSE_MS;
    if (!sentence && !clause) return false;
    this.#emit(last.length, sentence, out);
    return true;
  }

  /** The best joint within the limit; failing that the first that is not wrong, and beyond the hard limit any. */
  #best(): Candidate | undefined {
    // Behind the first segment a joint too many is worse than a long segment.
    const lengthWeight = this.#emitted === 0 ? 20 : 40;
    const score = (candidate: Candidate): number => {
      const short = Math.max(0, 1 - candidate.speechMs / SHORT_MS) * 60;
      return candidate.quality + (lengthWeight * candidate.speechMs) / this.#limitMs - short;
    };
    let best: Candidate | undefined;
    for (const candidate of this.#candidates) {
      if (candidate.quality === BOUNDARY.never) continue;
      const reach = candidate.quality >= BOUNDARY.comma ? SENTENCE_STRETCH : 1;
      if (candidate.speechMs > this.#limitMs * reach && best) continue;
      if (!best || score(candidate) > score(best)) best = candidate;
    }
    if (best) return best;
    const hardMs = this.#limitMs * HARD_STRETCH;
    if (estimateSpeechMs(this.#textOf(this.#words.length)) <= hardMs) return undefined;
    return this.#candidates.filter((candidate) => candidate.speechMs <= hardMs).at(-1) ?? this.#candidates[0];
  }

  #textOf(length: number): string {
    let text = '';
    for (const [i, word] of this.#words.slice(0, length).entries())
      text += (i > 0 && word.spaced ? ' ' : '') + word.text;
    return text;
  }

  #emit(length: number, endsSentence: boolean, out: Segment[]): void {
    const text = this.#textOf(length);
    const paused = (this.#candidates.find((candidate) => candidate.length === length)?.quality ?? 0) >= BOUNDARY.comma;
    out.push({
      text,
      index: this.#emitted,
      endsSentence,
      joint: this.#emitted > 0 && this.#words[0]?.spaced ? ' ' : '',
    });
    this.#emitted += 1;
    this.#quotes = new QuoteDepth();
    this.#words = [];
    this.#candidates = [];
    const { secondMs, laterMs, growth } = this.#limits;
    const grown = Math.max(estimateSpeechMs(text) * growth, paused ? AFTER_PAUSE_MS : AT_LEAST_MS);
    this.#limitMs = Math.min(grown, this.#emitted === 1 ? secondMs : laterMs);
  }
}
