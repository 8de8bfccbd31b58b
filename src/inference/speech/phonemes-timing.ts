import type { TimedPhoneme, TimedWord } from '../engines.js';
import { isPhoneme, PAUSES, STRESS_MARKS, type Utterance } from './phonemes.js';

export interface Timeline {
  phonemes: TimedPhoneme[];
  words: TimedWord[];
}

/**
 * Times of phonemes and words from the samples that each unit of the utterance lasts. A stress mark and its time belong to the
 * phoneme after it, a plain blank between words is shared by its neighbours, a blank after punctuation belongs to the pause.
 * `leadSamples` come before the first unit. Times may be shifted by `trimmedSamples` cut from the front and are clamped to
 * `totalSamples`, so that they are non-decreasing and inside the audio.
 */
export function timeline(
  utterance: Utterance,
  unitSamples: readonly number[],
  o: { leadSamples: number; trimmedSamples: number; totalSamples: number; sampleRateHz: number },
): Timeline {
  const { units } = utterance;
  const toMs = (sample: number): number =>
    (Math.min(o.totalSamples, Math.max(0, sample - o.trimmedSamples)) / o.sampleRateHz) * 1000;
  const phonemes: TimedPhoneme[] = [];
  const words: TimedWord[] = utterance.words.map((text) => ({ text, startMs: -1, endMs: -1 }));
  let position = o.leadSamples;
  /** Start of a stress mark or of half a blank that the next phoneme takes over. */
  let claimed: number | undefined;
  let stress: TimedPhoneme['stress'];
  units.forEach((unit, i) => {
    const start = position;
    position += unitSamples[i]!;
    if (isPhoneme(unit.symbol)) {
      const startMs = toMs(claimed ?? start);
      const endMs = toMs(position);
      claimed = undefined;
      // The syllabic ᵊ is no IPA letter; to the mouth it is a schwa.
      const symbol = unit.symbol === 'ᵊ' ? 'ə' : unit.symbol;
      phonemes.push({ symbol, startMs, endMs, ...(stress === undefined ? {} : { stress }) });
      stress = undefined;
      const word = words[unit.word]!;
      if (word.startMs < 0) word.startMs = startMs;
      word.endMs = endMs;
    } else if (STRESS_MARKS.has(unit.symbol)) {
      claimed ??= start;
      stress = unit.symbol === 'ˈ' ? 'primary' : 'secondary';
    } else if (PAUSES.has(unit.symbol)) {
      phonemes.push({ symbol: unit.symbol, startMs: toMs(start), endMs: toMs(position) });
    } else if (unit.symbol === ' ' && i > 0 && PAUSES.has(units[i - 1]!.symbol)) {
      phonemes.at(-1)!.endMs = toMs(position);
    } else if (unit.symbol === ' ' && i > 0 && isPhoneme(units[i - 1]!.symbol)) {
      const middle = start + unitSamples[i]! / 2;
      const before = phonemes.at(-1)!;
      before.endMs = toMs(middle);
      const word = words[units[i - 1]!.word];
      if (word) word.endMs = before.endMs;
      claimed = middle;
    }
  });
  return { phonemes, words };
}
