import type { Source } from '../inference/engines.js';

/** Of one utterance; nobody looks up more. */
const MAX_SOURCES = 8;
/** Utterances that are prepared or heard at the same time are two or three. */
const MAX_UTTERANCES = 16;

/** What utterances rest on, each source once, until they are over. */
export class UtteranceSources {
  readonly #sources = new Map<number, Source[]>();

  add(utteranceId: number, sources: readonly Source[]): void {
    const known = this.#sources.get(utteranceId) ?? [];
    for (const source of sources) {
      const isKnown = known.some(
        ({ title, page, url }) => title === source.title && page === source.page && url === source.url,
      );
      if (!isKnown && known.length < MAX_SOURCES) known.push(source);
    }
    this.#sources.set(utteranceId, known);
    const [oldest] = this.#sources.keys();
    if (this.#sources.size > MAX_UTTERANCES && oldest !== undefined) this.#sources.delete(oldest);
  }

  /** Those of an utterance that is over, which are forgotten. */
  take(utteranceId: number): Source[] {
    const sources = this.#sources.get(utteranceId) ?? [];
    this.#sources.delete(utteranceId);
    return sources;
  }
}
