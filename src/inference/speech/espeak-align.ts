import { STRESS_MARKS } from './phonemes.js';

/** Of two symbols in one another's place. A blank stands for a blank, a sound for a sound. */
function exchange(a: string, b: string): number {
  if (a === b) return 0;
  const isMark = (symbol: string) => STRESS_MARKS.has(symbol);
  if (isMark(a) && isMark(b)) return 0.2;
  return a === ' ' || b === ' ' || isMark(a) || isMark(b) ? 3 : 1;
}

/** Of a symbol that only one side has. */
const single = (symbol: string): number => (symbol === ' ' ? 0.4 : STRESS_MARKS.has(symbol) ? 0.2 : 1);

/**
 * Divides the pronunciation of a phrase among its words, by the pronunciation that each has alone: in a phrase words lose sounds, gain them
 * and grow together. The least edit distance decides; a sound that no word has alone goes to the word before it, or to the one after it
 * where it follows a blank. A word may be left with nothing. The parts in order, blanks aside, are the phrase.
 *
 * Time and memory grow with the product of the lengths; phrases are bounded by the caller.
 */
export function alignWords(phrase: string, alone: readonly string[]): string[] {
  if (alone.length <= 1) return alone.length === 0 ? [] : [phrase];
  const a = [...phrase];
  const b: string[] = [];
  const owner: number[] = [];
  alone.forEach((word, i) => {
    if (i > 0) {
      b.push(' ');
      owner.push(-1);
    }
    for (const symbol of word) {
      b.push(symbol);
      owner.push(symbol === ' ' ? -1 : i);
    }
  });
  const words = matched(a, b, owner);
  const parts = alone.map(() => '');
  let current = 0;
  a.forEach((symbol, i) => {
    if (symbol === ' ') {
      parts[current] += ' ';
      return;
    }
    const own = words[i] as number;
    const next = a[i - 1] === ' ' || STRESS_MARKS.has(symbol) ? words.slice(i).find((word) => word >= 0) : undefined;
    current = Math.max(current, own >= 0 ? own : (next ?? current));
    parts[current] += symbol;
  });
  return parts.map((part) => part.replace(/ +/g, ' ').trim());
}

/** For every symbol of `a` the owner of the one in `b` that it stands for; −1: none. */
function matched(a: readonly string[], b: readonly string[], owner: readonly number[]): number[] {
  const width = b.length + 1;
  const cost = new Float32Array((a.length + 1) * width);
  for (let j = 1; j <= b.length; j++) cost[j] = cost[j - 1]! + single(b[j - 1]!);
  for (let i = 1; i <= a.length; i++) {
    cost[i * width] = cost[(i - 1) * width]! + single(a[i - 1]!);
    for (let j = 1; j <= b.length; j++) {
      cost[i * width + j] = Math.min(
        cost[(i - 1) * width + j - 1]! + exchange(a[i - 1]!, b[j - 1]!),
        cost[(i - 1) * width + j]! + single(a[i - 1]!),
        cost[i * width + j - 1]! + single(b[j - 1]!),
      );
    }
  }
  const words = new Array<number>(a.length).fill(-1);
  const near = (x: number, y: number) => Math.abs(x - y) < 1e-3;
  for (let i = a.length, j = b.length; i > 0; ) {
    const here = cost[i * width + j]!;
    if (j > 0 && near(here, cost[(i - 1) * width + j - 1]! + exchange(a[i - 1]!, b[j - 1]!))) {
      words[--i] = owner[--j]!;
    } else if (near(here, cost[(i - 1) * width + j]! + single(a[i - 1]!))) i--;
    else j--;
  }
  return words;
}
