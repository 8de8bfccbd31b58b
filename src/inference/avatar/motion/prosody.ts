import type { SpeechMotion } from '../../engines.js';

/** Where a phrase ends: before a pause, or with a sentence. */
export interface PhraseEnd {
  atMs: number;
  kind: 'pause' | 'statement' | 'question';
}

/** Punctuation as the synthesisers write it among their phonemes. */
const KINDS: ReadonlyMap<string, PhraseEnd['kind']> = new Map([
  [',', 'pause'],
  [';', 'pause'],
  [':', 'pause'],
  ['—', 'pause'],
  ['–', 'pause'],
  ['…', 'pause'],
  ['.', 'statement'],
  ['!', 'statement'],
  ['?', 'question'],
]);
/** Gestures begin before the last sound is over. */
const AHEAD_MS = 220;
/** Punctuation closer to the one before belongs to it. */
const APART_MS = 350;

/** The ends of phrases of one stretch of speech in order, each a little before its last sound ends; none without phonemes. */
export function phraseEnds({ phonemes = [] }: Pick<SpeechMotion, 'phonemes'>): PhraseEnd[] {
  const ends: PhraseEnd[] = [];
  for (const { symbol, startMs } of phonemes) {
    const kind = KINDS.get(symbol);
    const atMs = Math.max(0, startMs - AHEAD_MS);
    if (kind === undefined || startMs <= 0) continue;
    const last = ends[ends.length - 1];
    if (last !== undefined && atMs - last.atMs < APART_MS) continue;
    ends.push({ atMs, kind });
  }
  return ends;
}
