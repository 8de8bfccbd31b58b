import { alignWords } from './espeak-align.js';
import type { EspeakProcess } from './espeak-process.js';
import { fromEspeak } from './espeak-symbols.js';
import type { ForeignWord } from './espeak-text.js';
import type { PronouncedWord } from './phonemes.js';

/** A phrase is what stands between two pauses, and no longer than this. */
const MAX_PHRASE_WORDS = 24;

/**
 * Pronounces words phrase by phrase, so that neighbours change one another as in speech, and divides each phrase among its words. A word that
 * is swallowed by its neighbour is shown together with the one before it. Lazy: only what is asked for is pronounced.
 */
export async function* pronounceForeign(
  words: readonly ForeignWord[],
  espeak: Pick<EspeakProcess, 'pronounce'>,
  o: { signal?: AbortSignal } = {},
): AsyncGenerator<PronouncedWord> {
  for (const phrase of phrases(words)) {
    const says = phrase.map(({ say }) => say);
    const lines = phrase.length === 1 ? says : [says.join(' '), ...says];
    const [whole = '', ...alone] = (await espeak.pronounce(lines, o)).map(fromEspeak);
    const parts = alignWords(whole, phrase.length === 1 ? [whole] : alone);
    yield* withSound(phrase, parts);
  }
}

function* withSound(phrase: readonly ForeignWord[], parts: readonly string[]): Generator<PronouncedWord> {
  let held: PronouncedWord | undefined;
  for (const [i, { written, opens, pause }] of phrase.entries()) {
    const symbols = parts[i] ?? '';
    if (held !== undefined && (symbols === '' || held.symbols === '')) {
      const word = { written: `${held.word.written} ${written}`, opens: held.word.opens, pause };
      held = { word, symbols: held.symbols + symbols };
      continue;
    }
    if (held !== undefined) yield held;
    held = { word: { written, opens, pause }, symbols };
  }
  if (held !== undefined) yield held;
}

function* phrases(words: readonly ForeignWord[]): Generator<ForeignWord[]> {
  let phrase: ForeignWord[] = [];
  for (const word of words) {
    if (word.opens && phrase.length > 0) {
      yield phrase;
      phrase = [];
    }
    phrase.push(word);
    if (word.pause === '' && phrase.length < MAX_PHRASE_WORDS) continue;
    yield phrase;
    phrase = [];
  }
  if (phrase.length > 0) yield phrase;
}
