import type { TextEmbedder } from '../../inference/engines.js';
import type { ModeratedSide, ModerationPolicy } from '../../moderation-policy.js';
import type { Classifier } from './classifier.js';

type Topic = ModerationPolicy['topics'][number];

/** Of what is embedded in one go. */
const MAX_CHARACTERS = 600;

/**
 * Objects to what means nearly the same as an example of a topic: the cosine between the sentence embeddings reaches the topic's
 * threshold. The examples are embedded when they are first needed, and again when that failed.
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
    const [vector] = await this.#embedder.embed([text.slice(-MAX_CHARACTERS)], { signal });
    if (vector === undefined) return [];
    const isMeant = ({ threshold, vectors }: { threshold: number; vectors: Float32Array[] }) =>
      vectors.some((example) => cosine(example, vector) >= threshold);
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

/** Of vectors of unit length. */
function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
