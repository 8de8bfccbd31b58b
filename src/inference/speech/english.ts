import type { EnglishG2p } from './g2p.js';
import { normalise } from './normalise.js';
import { type Utterance, utterances } from './phonemes.js';

/** English text as what a synthesiser is given: read as a person would, pronounced, cut to at most `maxUnits` symbols. */
export function englishUtterances(text: string, g2p: EnglishG2p, maxUnits: number): Generator<Utterance> {
  return utterances(normalise(text, { isWord: (word) => g2p.isWord(word) }), g2p, maxUnits);
}
