import { words } from './speech-audio.js';

/** Word error rate: the least number of words to insert, delete or replace, over the number of words in `reference`. */
export function wordErrorRate(reference: string, heard: string): number {
  const expected = words(reference);
  const actual = words(heard);
  let row = actual.map((_, i) => i + 1);
  for (const [i, word] of expected.entries()) {
    const next: number[] = [];
    for (const [j, other] of actual.entries()) {
      const left = j === 0 ? i + 1 : next[j - 1]!;
      const above = row[j]!;
      const diagonal = j === 0 ? i : row[j - 1]!;
      next.push(Math.min(left + 1, above + 1, diagonal + (word === other ? 0 : 1)));
    }
    row = next;
  }
  return (actual.length === 0 ? expected.length : row.at(-1)!) / Math.max(1, expected.length);
}
