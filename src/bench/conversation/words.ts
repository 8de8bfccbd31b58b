/** Words that were said against words that were understood. Pure. */

/** Sounds of thinking: recognisers may write them or not. */
const FILLERS = new Set(['um', 'uh', 'erm', 'er', 'hmm', 'hm', 'mm', 'mmhm', 'ah']);

/** The same word, written in another way. */
const SPELLINGS: Readonly<Record<string, string>> = { licence: 'license', licences: 'licenses' };

export interface WordErrors {
  errors: number;
  words: number;
}

/** Lower-case words without punctuation and fillers; hyphens and accents count as nothing. */
export function plainWords(text: string): string[] {
  const plain = text
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[’‘]/g, "'")
    .replace(/(?<=\p{L})-(?=\p{L})/gu, '');
  return (plain.match(/[\p{L}\p{N}']+/gu) ?? [])
    .filter((word) => !FILLERS.has(word))
    .map((word) => SPELLINGS[word] ?? word);
}

/** The least number of words to insert, delete or replace (Levenshtein 1966), and how many words there were. */
export function wordErrors(said: string, understood: string): WordErrors {
  const expected = plainWords(said);
  const actual = plainWords(understood);
  let row = [0, ...actual.map((_, i) => i + 1)];
  for (const [i, word] of expected.entries()) {
    const next = [i + 1];
    for (const [j, other] of actual.entries()) {
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (word === other ? 0 : 1)));
    }
    row = next;
  }
  return { errors: row.at(-1)!, words: expected.length };
}
