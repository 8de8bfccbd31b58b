import { throwIfAborted } from '../../abort.js';
import { VisavisError } from '../../errors.js';
import type { SpeechRecogniser, SpeechSynthesiser, TextEmbedder } from '../../inference/engines.js';
import type { SpeechPending } from '../control.js';
import { type LinkOptions, SpeechLink } from './client-link.js';
import { RemoteRecogniser, StreamNumbers } from './client-recogniser.js';
import { RemoteSynthesiser } from './client-synthesiser.js';
import { MAX_TEXT_CHARACTERS, type SynthesiserName } from './protocol.js';

export type { CallReport } from './client-link.js';

/** Texts in one call: about 50 ms of work, so that another client's question waits no longer than that. */
const TEXTS_PER_CALL = 32;

/**
 * The engines of the speech worker, for one avatar worker: proxies that implement the engine interfaces over its socket.
 * When the worker dies, calls under way are rejected with `unavailable` (retryable), the connection is made again as soon
 * as there is a worker, and open recognition streams go on with the audio that they hold.
 */
export class SpeechWorkerClient {
  readonly #link: SpeechLink;
  readonly #streams = new StreamNumbers();

  private constructor(link: SpeechLink) {
    this.#link = link;
  }

  /** Rejects with `unavailable` when no worker answers within `timeoutMs`. `onCall` is told the cost of every call. */
  static async connect(socketPath: string, o: { timeoutMs: number } & LinkOptions): Promise<SpeechWorkerClient> {
    return new SpeechWorkerClient(await SpeechLink.connect(socketPath, o.timeoutMs, o));
  }

  get isConnected(): boolean {
    return this.#link.isConnected;
  }

  /** Calls that have not been answered. */
  get pending(): SpeechPending {
    const link = this.#link;
    return {
      recognition: link.pending('recognise'),
      synthesis: link.pending('speak'),
      embedding: link.pending('embed'),
    };
  }

  recogniser(): SpeechRecogniser {
    return new RemoteRecogniser(this.#link, this.#streams);
  }

  synthesiser(engine: SynthesiserName): SpeechSynthesiser {
    return new RemoteSynthesiser(this.#link, engine);
  }

  embedder(): TextEmbedder {
    return new RemoteEmbedder(this.#link);
  }

  async close(): Promise<void> {
    this.#link.close();
  }
}

class RemoteEmbedder implements TextEmbedder {
  readonly dimensions = 384;
  readonly #link: SpeechLink;

  constructor(link: SpeechLink) {
    this.#link = link;
  }

  async embed(texts: readonly string[], o: { signal?: AbortSignal } = {}): Promise<Float32Array[]> {
    const vectors: Float32Array[] = [];
    for (let from = 0; from < texts.length; from += TEXTS_PER_CALL) {
      throwIfAborted(o.signal);
      const batch = texts.slice(from, from + TEXTS_PER_CALL).map((text) => text.slice(0, MAX_TEXT_CHARACTERS));
      const reply = await this.#link.call({ type: 'embed', texts: batch }, { signal: o.signal });
      if (reply.type !== 'embedded') throw new VisavisError('internal', `unexpected answer ${reply.type}`);
      vectors.push(...reply.vectors.map((vector) => vector.slice()));
    }
    return vectors;
  }

  /** The link and the engine are shared, so there is nothing of its own to close. */
  async close(): Promise<void> {}
}
