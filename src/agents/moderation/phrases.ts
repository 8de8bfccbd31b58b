/** Words and phrases of a policy, found however they are written: accents, case, "l33t" and s p a c e d letters do not hide them. */

/** Words that a `*` on its own may stand for. */
const MAX_GAP = 5;
const LEET: Record<string, string> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};
/** Scripts that write no spaces between words: there a phrase is found anywhere. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;

type Part = { type: 'word'; text: string } | { type: 'prefix'; text: string } | { type: 'gap' };
type Pattern = { parts: Part[] } | { anywhere: string };

/** A text made ready to be searched. */
export interface SearchableText {
  /** Each word in the forms that it may be meant in. */
  words: readonly (readonly string[])[];
  plain: string;
}

const folded = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/[\p{M}\u200b-\u200f\u00ad'’]/gu, '')
    .toLowerCase();

export function searchable(text: string): SearchableText {
  const plain = folded(text);
  const words = (plain.match(/[\p{L}\p{N}@$!]*[\p{L}\p{N}]/gu) ?? []).map(formsOf);
  return { words: withSpelled(words), plain: plain.replace(/\s+/gu, '') };
}

function formsOf(word: string): string[] {
  const letters = word.replace(/[@$!]/g, '');
  const meant = /\p{L}/u.test(word) ? word.replace(/[013457@$!]/g, (sign) => LEET[sign] ?? sign) : word;
  return [...new Set([letters, meant])].filter((form) => form !== '');
}

/** "b a d" is also "bad": three single letters in a row or more. */
function withSpelled(words: readonly string[][]): string[][] {
  const all: string[][] = [];
  let spelled: string[] = [];
  const end = () => {
    if (spelled.length >= 3) all.push([spelled.join('')]);
    spelled = [];
  };
  for (const forms of words) {
    const letter = forms.find((form) => /^\p{L}$/u.test(form));
    if (letter === undefined) end();
    else spelled.push(letter);
    all.push(forms);
  }
  end();
  return all;
}

/** Phrases that are looked for together. Compiled once, used for every text. */
export class PhraseList {
  readonly #patterns: readonly Pattern[];

  constructor(phrases: readonly string[]) {
    this.#patterns = phrases.map(patternOf);
  }

  isIn({ words, plain }: SearchableText): boolean {
    return this.#patterns.some((pattern) =>
      'anywhere' in pattern
        ? plain.includes(pattern.anywhere)
        : words.some((_, at) => matches(pattern.parts, 0, words, at)),
    );
  }
}

function patternOf(phrase: string): Pattern {
  if (UNSPACED.test(phrase)) return { anywhere: folded(phrase).replace(/[\s*]+/gu, '') };
  const parts = folded(phrase)
    .split(/[^\p{L}\p{N}*]+/u)
    .filter((part) => part !== '')
    .map((part): Part => {
      const text = part.replace(/\*/g, '');
      if (text === '') return { type: 'gap' };
      return part.endsWith('*') ? { type: 'prefix', text } : { type: 'word', text };
    });
  // A gap at either end says nothing.
  while (parts[0]?.type === 'gap') parts.shift();
  while (parts.at(-1)?.type === 'gap') parts.pop();
  return parts.length === 0 ? { anywhere: folded(phrase).replace(/\s+/gu, '') } : { parts };
}

function matches(parts: readonly Part[], from: number, words: SearchableText['words'], at: number): boolean {
  const part = parts[from];
  if (part === undefined) return true;
  if (part.type === 'gap') {
    for (let skipped = 0; skipped <= MAX_GAP; skipped++) if (matches(parts, from + 1, words, at + skipped)) return true;
    return false;
  }
  const isFit = (words[at] ?? []).some((form) =>
    part.type === 'word' ? form === part.text : form.startsWith(part.text),
  );
  return isFit && matches(parts, from + 1, words, at + 1);
}
