import type { TextEmbedder } from '../../inference/engines.js';
import type { ModeratedSide, ModerationPolicy } from '../../moderation-policy.js';
import type { Classifier } from './classifier.js';

type Topic = ModerationPolicy['topics'][number];

/** Of one text: the last sentences, and of each the beginning. */
const MAX_SENTENCES = 8;
const MAX_CHARACTERS = 600;

/**
 * Objects to a text with a sentence that means nearly the same as an example of a topic: the cosine between their embeddings reaches the
 * topic's threshold. The examples are embedded when they are first needed, and again when that failed.
 */
export class TopicClassifier implements Classifier {
  readonly #embedder: TextEmbedder;
  readonly #topics: readonly Topic[];
  #examples: Promise<{ id: string; threshold: number; vectors: Float32Array[] }[]> | undefined;

  constructor(embedder: TextEmbedder, topics: readonly Topic[], side: ModeratedSide) {
    this.#embedder = embedder;
    this.#topics = topics.filter(({ sides }) => sides.includes(side));
  }

  get isEmpty(): boolean {
    return this.#topics.length === 0;
  }

  async judge(text: string, { signal }: { signal: AbortSignal }): Promise<string[]> {
    const topics = await this.#embedded();
    const said = await this.#embedder.embed(sentencesOf(text), { signal });
    const isMeant = ({ threshold, vectors }: { threshold: number; vectors: Float32Array[] }) =>
      vectors.some((example) => said.some((vector) => cosine(example, vector) >= threshold));
    return topics.filter(isMeant).map(({ id }) => `topic:${id}`);
  }

  #embedded() {
    this.#examples ??= Promise.all(
      this.#topics.map(async ({ id, threshold, examples }) => ({
        ...{ id, threshold },
        vectors: await this.#embedder.embed(examples),
      })),
    ).catch((thrown: unknown) => {
      this.#examples = undefined;
      throw thrown;
    });
    return this.#examples;
  }
}

function sentencesOf(text: string): string[] {
  const sentences = text.split(/(?<=[.!?…])\s+|(?<=[。！？])/u).filter((sentence) => sentence.trim() !== '');
  return sentences.slice(-MAX_SENTENCES).map((sentence) => sentence.slice(0, MAX_CHARACTERS));
}

/** Of vectors of unit length. */
function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
