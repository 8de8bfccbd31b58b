import { chunkText, type KnowledgeChunk } from './chunks.js';
import { contentStems, stem, WEAK_WORDS } from './words.js';

/** A stem that only a few passages have tells more than one that many have (inverse document frequency, as in BM25). */
const WEAK_WEIGHT = 0.3;

/** The words of all chunks, to rate how much of a question's wording a chunk repeats. */
export class LexicalIndex {
  readonly #stems: ReadonlySet<string>[];
  readonly #documents = new Map<string, number>();

  constructor(chunks: readonly KnowledgeChunk[]) {
    this.#stems = chunks.map((chunk) => new Set(contentStems(`${chunk.headings.join(' ')} ${chunkText(chunk)}`)));
    for (const stems of this.#stems) {
      for (const s of stems) this.#documents.set(s, (this.#documents.get(s) ?? 0) + 1);
    }
  }

  /** Whether any chunk has the word in any form. */
  knows(word: string): boolean {
    return this.#documents.has(stem(word.toLowerCase()));
  }

  /** The distinct stems of a question with their weights; a stem that no chunk has weighs most. */
  weigh(question: string): Map<string, number> {
    const weights = new Map<string, number>();
    for (const s of contentStems(question)) {
      const idf = Math.log(1 + this.#stems.length / (0.5 + (this.#documents.get(s) ?? 0)));
      weights.set(s, WEAK_WORDS.has(s) ? idf * WEAK_WEIGHT : idf);
    }
    return weights;
  }

  /** How much of the question's weight chunk `index` covers, 0…1. */
  coverage(weights: ReadonlyMap<string, number>, index: number): number {
    return coveredShare(weights, this.#stems[index] ?? new Set());
  }
}

export function coveredShare(weights: ReadonlyMap<string, number>, stems: ReadonlySet<string>): number {
  let total = 0;
  let covered = 0;
  for (const [s, weight] of weights) {
    total += weight;
    if (stems.has(s)) covered += weight;
  }
  return total === 0 ? 0 : covered / total;
}
