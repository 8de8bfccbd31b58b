import { type KnowledgeChunk, splitSentences } from './chunks.js';
import type { RetrievedChunk } from './retriever.js';
import { countWords } from './words.js';

/** Nobody likes to be read to: the first answer has at most about this many words, more on request. */
export const ANSWER_WORDS = 35;
/** A sentence that leans on the one before it may stretch the answer this far. */
const STRETCHED_WORDS = 50;
/** A neighbouring sentence is said, too, when its likeness to the question is at most this much below the best one's. */
const NEXT_GAP = 0.25;
const OPENING_GAP = 0.3;
/** A table row or a list entry ("Double room: …") says nothing about its neighbours. */
const ENTRY = /^[^.!?:]{1,40}: /u;

const LEANS_BACK =
  /^(?:it|its|they|their|them|this|that|these|those|then|there|he|she|his|her|after that|otherwise|however|but|also|instead|both|such|if not|if so|the same|you get it)\b/iu;

/** A run of sentences of one chunk. */
export interface Passage {
  chunk: KnowledgeChunk;
  from: number;
  /** Exclusive. */
  to: number;
}

export function passageText(passage: Passage): string {
  return passage.chunk.sentences.slice(passage.from, passage.to).join(' ');
}

export function isRest(passage: Passage): boolean {
  return passage.to < passage.chunk.sentences.length;
}

const words = (chunk: KnowledgeChunk, i: number): number => countWords(chunk.sentences[i] ?? '');

/** The one or two sentences of the chunk that answer best; `said` ones are passed over while others are nearly as good. */
export function choosePassage(found: RetrievedChunk, said: (i: number) => boolean = () => false): Passage {
  const { chunk, sentenceScores } = found;
  let best = 0;
  const value = (i: number): number => (sentenceScores[i] ?? 0) - (said(i) ? 0.12 : 0) - (i > 0 ? 0.02 : 0);
  for (let i = 1; i < chunk.sentences.length; i++) if (value(i) > value(best)) best = i;
  const near = (i: number, gap: number): boolean =>
    (sentenceScores[i] ?? 0) >= (sentenceScores[best] ?? 0) - gap && !ENTRY.test(chunk.sentences[i] ?? '');
  let from = best;
  let count = words(chunk, best);
  if (from > 0) {
    const leans = LEANS_BACK.test(chunk.sentences[from] ?? '');
    // A passage is written to be said from its beginning.
    const opens = from === 1 && near(0, OPENING_GAP) && !said(0);
    const limit = leans ? STRETCHED_WORDS : opens ? ANSWER_WORDS : 0;
    if (count + words(chunk, from - 1) <= limit) {
      from -= 1;
      count += words(chunk, from);
    }
  }
  let to = best + 1;
  const next = chunk.sentences[to];
  if (next !== undefined && to - from < 2 && count + words(chunk, to) <= ANSWER_WORDS) {
    if (near(to, NEXT_GAP) || LEANS_BACK.test(next)) to += 1;
  }
  return { chunk, from, to };
}

/** The single sentence that fits best: enough for a second question about what was just said. */
export function chooseSentence({ chunk, sentenceScores }: RetrievedChunk): Passage {
  const from = sentenceScores.indexOf(Math.max(...sentenceScores));
  return { chunk, from, to: from + 1 };
}

/** The next sentences of a chunk from `from` on, within the length of one answer. */
export function continuePassage(chunk: KnowledgeChunk, from: number): Passage {
  let to = from + 1;
  let count = words(chunk, from);
  while (to < chunk.sentences.length && count + words(chunk, to) <= ANSWER_WORDS) count += words(chunk, to++);
  return { chunk, from, to };
}

const normal = (sentence: string): string =>
  sentence
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

/**
 * Finds the sentences of the knowledge in what was said, so that an agent needs no memory but the history. A fragment (the
 * reply was cut off) is found by its first words.
 */
export class SentenceFinder {
  readonly #at = new Map<string, { chunk: KnowledgeChunk; index: number }>();

  constructor(chunks: readonly KnowledgeChunk[]) {
    for (const chunk of chunks) {
      for (const [index, sentence] of chunk.sentences.entries()) {
        const key = normal(sentence);
        if (!this.#at.has(key)) this.#at.set(key, { chunk, index });
      }
    }
  }

  /** The passages of knowledge within `text`, in order; `complete` is false for a sentence that breaks off. */
  find(text: string): { chunk: KnowledgeChunk; index: number; complete: boolean }[] {
    const out: { chunk: KnowledgeChunk; index: number; complete: boolean }[] = [];
    for (const sentence of splitSentences(text)) {
      const key = normal(sentence);
      const whole = this.#at.get(key);
      if (whole) {
        out.push({ ...whole, complete: true });
        continue;
      }
      if (/[.!?]["'”’)]*$/u.test(sentence) || key.split(' ').length < 2) continue;
      for (const [other, place] of this.#at) {
        if (!other.startsWith(`${key} `)) continue;
        out.push({ ...place, complete: false });
        break;
      }
    }
    return out;
  }
}
