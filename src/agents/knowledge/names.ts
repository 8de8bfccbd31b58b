import { chunkText, type KnowledgeChunk } from './chunks.js';
import { joinSpelled } from './words.js';

const MIN_NAME_LENGTH = 5;
const MAX_JOINED_WORDS = 3;

/** Sounds of the consonants in order, roughly: "visavis", "viz a viz" and "visa vis" share one key. */
export function soundKey(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z]/gu, '')
    .replace(/ph/gu, 'f')
    .replace(/c(?=[eiy])/gu, 's')
    .replace(/[cq]/gu, 'k')
    .replace(/x/gu, 'ks')
    .replace(/z/gu, 's')
    .replace(/[aeiouyhw]/gu, '')
    .replace(/(.)\1+/gu, '$1');
}

/** Levenshtein distance. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

/** Proper names of the passages (words that are capitalised inside sentences), most frequent first, with their counts. */
export function properNames(chunks: readonly KnowledgeChunk[]): Map<string, number> {
  const capital = new Map<string, number>();
  const small = new Set<string>();
  for (const chunk of chunks) {
    for (const sentence of chunk.sentences) {
      const words = sentence.match(/\p{L}+/gu) ?? [];
      for (const [i, word] of words.entries()) {
        if (/^\p{Ll}/u.test(word)) small.add(word);
        else if (i > 0 && /^\p{Lu}\p{L}*\p{Ll}\p{L}*$/u.test(word)) capital.set(word, (capital.get(word) ?? 0) + 1);
      }
    }
    // A name that always begins its sentence counts when a heading has it, too.
    const text = chunkText(chunk);
    for (const word of chunk.headings.join(' ').match(/\p{Lu}\p{L}+/gu) ?? []) {
      if (capital.has(word) && text.startsWith(word)) capital.set(word, (capital.get(word) ?? 0) + 1);
    }
  }
  const names = [...capital].filter(([name]) => !small.has(name.toLowerCase()));
  return new Map(names.sort((a, b) => b[1] - a[1]));
}

/** Puts names back, and spelled words together, that a recogniser heard as other words ("media soup", "viz a viz"). */
export class NameRepair {
  readonly #names: { name: string; lower: string; key: string }[];
  readonly #isKnown: (word: string) => boolean;

  /** `isKnown` tells words that are surely meant as they stand. */
  constructor(names: Iterable<string>, isKnown: (word: string) => boolean) {
    this.#names = [...new Set(names)]
      .filter((name) => name.length >= MIN_NAME_LENGTH)
      .map((name) => ({ name, lower: name.toLowerCase(), key: soundKey(name) }));
    this.#isKnown = isKnown;
  }

  repair(text: string): string {
    const tokens = joinSpelled(text.normalize('NFKD').replace(/\p{M}/gu, ''))
      .replace(/(?<=\p{L})-(?=\p{L})/gu, ' ')
      .split(/\s+/u);
    const out: string[] = [];
    for (let i = 0; i < tokens.length; ) {
      const found = this.#nameAt(tokens, i);
      const last = tokens[i + (found?.length ?? 1) - 1] ?? '';
      out.push(found ? found.name + (/[^\p{L}\p{N}]+$/u.exec(last)?.[0] ?? '') : (tokens[i] ?? ''));
      i += found?.length ?? 1;
    }
    return out.join(' ').trim();
  }

  #nameAt(tokens: readonly string[], at: number): { name: string; length: number } | undefined {
    for (let length = Math.min(MAX_JOINED_WORDS, tokens.length - at); length >= 1; length--) {
      const words = tokens.slice(at, at + length).map((token) => token.toLowerCase().replace(/[^\p{L}]/gu, ''));
      if (words.some((word) => word === '')) continue;
      const joined = words.join('');
      // A common word at either end usually belongs to the sentence, not to the name.
      const commonEdge = this.#isKnown(words[0] ?? '') || this.#isKnown(words.at(-1) ?? '');
      const allCommon = words.every((word) => this.#isKnown(word));
      for (const { name, lower, key } of this.#names) {
        if (joined === lower) return { name, length };
        const distance = editDistance(joined, lower);
        if (allCommon || (commonEdge && distance > 1)) continue;
        const alike =
          soundKey(joined) === key && key.length >= 2 && distance <= Math.max(1, Math.floor(lower.length / 3));
        const close = lower.length >= 7 && distance <= 2 && soundKey(joined)[0] === key[0];
        if (alike || close) return { name, length };
      }
    }
    return undefined;
  }
}
