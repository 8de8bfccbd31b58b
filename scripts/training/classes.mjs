/**
 * Sounds that look or sound alike, by the symbol that stands for the class where speech is made visible. The network learns to tell
 * them apart; `labelTrack` writes which of them is heard when.
 */
import { LENGTH_MARKS } from '../../dist/inference/avatar/motion/visemes.js';

/** Class 0 is silence. Every other: the symbol that stands for it, then those that count as it (Kokoro's IPA). */
export const CLASSES = [
  [' '],
  ['m', 'p', 'b'],
  ['f', 'v'],
  ['θ', 'ð'],
  ['s', 'z'],
  ['ʃ', 'ʒ', 'ʧ', 'ʤ'],
  ['t', 'd', 'n', 'ɾ', 'T', 'r'],
  ['l'],
  ['ɹ'],
  ['w', 'ʍ'],
  ['j'],
  ['k', 'ɡ', 'g', 'ŋ', 'x'],
  ['h'],
  ['ɑ', 'a'],
  ['æ'],
  ['ʌ', 'ɐ'],
  ['ə', 'ᵻ'],
  ['ɔ', 'ɒ'],
  ['o'],
  ['ɛ'],
  ['e'],
  ['ɜ', 'ɚ'],
  ['i'],
  ['ɪ'],
  ['u'],
  ['ʊ'],
];
/** Diphthongs move through two vowels; the first lasts this share of the time, as in the articulation. */
const DIPHTHONGS = { A: 'eɪ', I: 'ɑɪ', W: 'ɑʊ', O: 'oʊ', Q: 'oʊ', Y: 'ɔɪ' };
const FIRST_SHARE = 0.58;

const CLASS_OF = new Map(CLASSES.flatMap((symbols, index) => symbols.map((symbol) => [symbol, index])));

/** Class of a symbol; undefined for what is no sound. */
export function classOf(symbol) {
  return CLASS_OF.get(symbol);
}

/**
 * Which class is heard at 0, 10, 20 … ms: `steps` bytes. Gaps between sounds of less than `bridgeMs` belong half to either side.
 * Throws for a symbol that no class has.
 */
export function labelTrack(phonemes, steps, bridgeMs = 60) {
  const out = new Uint8Array(steps);
  const parts = [];
  for (const { symbol, startMs, endMs } of phonemes) {
    const last = parts.at(-1);
    if (LENGTH_MARKS.has(symbol)) {
      if (last !== undefined) last.endMs = endMs;
      continue;
    }
    const pair = DIPHTHONGS[symbol];
    if (pair === undefined) {
      parts.push({ symbol, startMs, endMs });
      continue;
    }
    const cutMs = startMs + (endMs - startMs) * FIRST_SHARE;
    const [first, second] = [...pair];
    parts.push({ symbol: first, startMs, endMs: cutMs }, { symbol: second, startMs: cutMs, endMs });
  }
  parts.forEach((part, i) => {
    const before = parts[i - 1];
    const after = parts[i + 1];
    const gapBefore = before === undefined ? Number.POSITIVE_INFINITY : part.startMs - before.endMs;
    const gapAfter = after === undefined ? Number.POSITIVE_INFINITY : after.startMs - part.endMs;
    const fromMs = gapBefore > 0 && gapBefore < bridgeMs ? part.startMs - gapBefore / 2 : part.startMs;
    const toMs = gapAfter > 0 && gapAfter < bridgeMs ? part.endMs + gapAfter / 2 : part.endMs;
    const index = classOf(part.symbol);
    if (index === undefined) throw new Error(`no class has the symbol ${JSON.stringify(part.symbol)}`);
    out.fill(index, Math.max(0, Math.ceil(fromMs / 10)), Math.min(steps, Math.max(0, Math.ceil(toMs / 10))));
  });
  return out;
}
