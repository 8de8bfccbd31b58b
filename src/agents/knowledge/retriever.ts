import { join } from 'node:path';
import type { TextEmbedder } from '../../inference/engines.js';
import { cacheFolder } from '../../inference/models.js';
import { chunkText, type KnowledgeChunk } from './chunks.js';
import { LexicalIndex } from './lexical.js';
import { KnowledgeFolder } from './load.js';
import { NameRepair, properNames } from './names.js';
import { dot, embedCached } from './vectors.js';
import { isStopWord } from './words.js';

/** Weights of the parts of a chunk's score; chosen on the sample knowledge and one test set, checked on another. */
const CHUNK_WEIGHT = 0.3;
const SENTENCE_WEIGHT = 0.7;
const LEXICAL_WEIGHT = 0.15;
/** Sentences are compared only within this many chunks that look best by themselves. */
const SHORTLIST = 64;

export interface RetrievedChunk {
  chunk: KnowledgeChunk;
  text: string;
  /** About −0.1…1.15: from 0.5 on nearly always an answer, below 0.33 nearly never. */
  score: number;
  /** Likeness of each sentence to the question, in the chunk's order. */
  sentenceScores: readonly number[];
  /** Share of the question's own words that the chunk has, 0…1. */
  coverage: number;
}

export interface IndexOptions {
  embedder: TextEmbedder;
  /** Where vectors are kept between starts; null: nowhere. Default: `knowledge` in the cache folder. */
  vectorFolder?: string | null;
  /** Name of the embedding model, part of the cache's key. */
  model?: string;
  /** Of whose texts the vectors are known. */
  previous?: KnowledgeRetriever;
  signal?: AbortSignal;
}

export interface RetrieverOptions extends IndexOptions {
  /** Folder of documents; it may have subfolders. */
  folder: string;
}

/** The indexed knowledge of one folder. Shared by all conversations of a process; it does not own the embedder. */
export class KnowledgeRetriever {
  readonly chunks: readonly KnowledgeChunk[];
  /** Proper names in the text with their counts, most frequent first. */
  readonly names: ReadonlyMap<string, number>;
  readonly #embedder: TextEmbedder;
  readonly #chunkVectors: readonly Float32Array[];
  readonly #sentenceVectors: readonly (readonly Float32Array[])[];
  readonly #lexical: LexicalIndex;
  readonly #repair: NameRepair;

  /** By text, for a successor. */
  readonly #vectors: ReadonlyMap<string, Float32Array>;

  private constructor(
    chunks: readonly KnowledgeChunk[],
    texts: readonly string[],
    vectors: readonly Float32Array[],
    embedder: TextEmbedder,
  ) {
    this.#vectors = new Map(texts.map((text, i) => [text, vectors[i] as Float32Array]));
    this.chunks = chunks;
    this.names = properNames(chunks);
    this.#embedder = embedder;
    this.#chunkVectors = vectors.slice(0, chunks.length);
    let end = chunks.length;
    this.#sentenceVectors = chunks.map(({ sentences }) => {
      end += sentences.length;
      return vectors.slice(end - sentences.length, end);
    });
    this.#lexical = new LexicalIndex(chunks);
    this.#repair = new NameRepair(this.names.keys(), (word) => isStopWord(word) || this.#lexical.knows(word));
  }

  /** Reads and embeds the folder (about 3 ms a sentence, once). Rejects with `bad-request` or `too-large`. */
  static async open({ folder, ...o }: RetrieverOptions): Promise<KnowledgeRetriever> {
    return KnowledgeRetriever.of((await new KnowledgeFolder(folder, o).load()).chunks, o);
  }

  static async of(chunks: readonly KnowledgeChunk[], o: IndexOptions): Promise<KnowledgeRetriever> {
    const title = (chunk: KnowledgeChunk): string => chunk.headings.at(-1) ?? chunk.title ?? '';
    const texts = [
      ...chunks.map((chunk) => `${title(chunk)}. ${chunkText(chunk)}`),
      ...chunks.flatMap((chunk) => chunk.sentences.map((sentence) => `${title(chunk)}: ${sentence}`)),
    ];
    const vectors = await embedCached(texts, {
      embedder: o.embedder,
      model: o.model ?? 'minilm-l6-v2-q8',
      folder: o.vectorFolder === undefined ? join(cacheFolder(), 'knowledge') : o.vectorFolder,
      known: o.previous === undefined ? undefined : o.previous.#vectors,
      signal: o.signal,
    });
    return new KnowledgeRetriever(chunks, texts, vectors, o.embedder);
  }

  static empty(embedder: TextEmbedder): KnowledgeRetriever {
    return new KnowledgeRetriever([], [], [], embedder);
  }

  /** As a source of knowledge that never changes. */
  get current(): this {
    return this;
  }

  /** Number of chunks. */
  get size(): number {
    return this.chunks.length;
  }

  /** The question with misheard names put right. */
  repairNames(question: string): string {
    return this.#repair.repair(question);
  }

  embed(texts: readonly string[], o: { signal?: AbortSignal } = {}): Promise<Float32Array[]> {
    return this.#embedder.embed(texts, o);
  }

  /** The best chunks for a question, best first. Takes a few ms beyond the embedding, for thousands of chunks. */
  async retrieve(question: string, o: { limit?: number; signal?: AbortSignal } = {}): Promise<RetrievedChunk[]> {
    const repaired = this.repairNames(question);
    if (this.size === 0 || repaired === '') return [];
    const [vector] = await this.embed([repaired], { signal: o.signal });
    return vector === undefined ? [] : this.rank(repaired, vector, o.limit ?? 5);
  }

  /** `retrieve` for a question that is embedded already. */
  rank(question: string, vector: Float32Array, limit: number): RetrievedChunk[] {
    const weights = this.#lexical.weigh(question);
    const shortlist: { i: number; likeness: number; coverage: number; score: number }[] = [];
    for (let i = 0; i < this.chunks.length; i++) {
      const likeness = dot(vector, this.#chunkVectors[i] as Float32Array);
      const worst = shortlist.length < SHORTLIST ? Number.NEGATIVE_INFINITY : (shortlist.at(-1)?.score ?? 0);
      if (likeness + LEXICAL_WEIGHT <= worst) continue;
      const coverage = this.#lexical.coverage(weights, i);
      const score = likeness + LEXICAL_WEIGHT * coverage;
      if (score <= worst) continue;
      let at = shortlist.length;
      while (at > 0 && (shortlist[at - 1]?.score ?? 0) < score) at -= 1;
      shortlist.splice(at, 0, { i, likeness, coverage, score });
      if (shortlist.length > SHORTLIST) shortlist.pop();
    }
    const ranked = shortlist.map(({ i, likeness, coverage }): RetrievedChunk => {
      const chunk = this.chunks[i] as KnowledgeChunk;
      const sentenceScores = (this.#sentenceVectors[i] ?? []).map((sentence) => dot(vector, sentence));
      const best = Math.max(...sentenceScores);
      const score = CHUNK_WEIGHT * likeness + SENTENCE_WEIGHT * best + LEXICAL_WEIGHT * coverage;
      return { chunk, text: chunkText(chunk), score, sentenceScores, coverage };
    });
    return ranked.sort((a, b) => b.score - a.score).slice(0, limit);
  }

  /** Chunks that are at least this much like `chunk` itself, best first. */
  neighbours(chunk: KnowledgeChunk, minLikeness: number): KnowledgeChunk[] {
    const vector = this.#chunkVectors[this.chunks.indexOf(chunk)];
    if (!vector) return [];
    return this.chunks
      .map((other, i) => ({ other, likeness: dot(vector, this.#chunkVectors[i] as Float32Array) }))
      .filter(({ other, likeness }) => other !== chunk && likeness >= minLikeness)
      .sort((a, b) => b.likeness - a.likeness)
      .map(({ other }) => other);
  }
}

/** Opens the knowledge in a folder; see `KnowledgeRetriever.open`. */
export function openRetriever(o: RetrieverOptions): Promise<KnowledgeRetriever> {
  return KnowledgeRetriever.open(o);
}
