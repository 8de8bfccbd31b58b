import { isAbort, VisavisError } from '../../errors.js';
import type { TextEmbedder } from '../../inference/engines.js';
import { KnowledgeFolder, type LoadedKnowledge } from './load.js';
import type { KnowledgePages } from './pages.js';
import { KnowledgeRetriever } from './retriever.js';

const CHECK_EVERY_MS = 5_000;
const PAGES_EVERY_MS = 3_600_000;

export type KnowledgeReport =
  | { type: 'loaded'; chunks: number; problems: readonly string[] }
  | { type: 'failed'; error: VisavisError };

export interface LiveKnowledgeOptions {
  folder: string;
  pages?: KnowledgePages;
  embedder: TextEmbedder;
  vectorFolder?: string | null;
  /** Compiled thread that reads PDF; undefined: that of this build. */
  pdfThread?: URL;
  onReport?: (report: KnowledgeReport) => void;
  checkEveryMs?: number;
  pagesEveryMs?: number;
}

/**
 * The knowledge of a folder and of web pages, read again when a file changes and once an hour. While it is read, and where that fails,
 * the knowledge stays as it was. Shared by all conversations of a process; it does not own the embedder.
 */
export class LiveKnowledge {
  readonly #o: LiveKnowledgeOptions;
  readonly #folder: KnowledgeFolder;
  readonly #abort = new AbortController();
  #retriever: KnowledgeRetriever;
  #pages: LoadedKnowledge = { chunks: [], problems: [] };
  #pagesAtMs = Number.NEGATIVE_INFINITY;
  #version = '';
  /** Seen once; what is still being written has another one the next time. */
  #seen = '';
  #timer: NodeJS.Timeout | undefined;

  /** Reads the files, and then in the background the pages. Rejects with `bad-request` or `too-large` when the folder is at fault. */
  static async open(o: LiveKnowledgeOptions): Promise<LiveKnowledge> {
    const knowledge = new LiveKnowledge(o);
    await knowledge.#readFolder(await knowledge.#folder.version());
    knowledge.#schedule(0);
    return knowledge;
  }

  private constructor(o: LiveKnowledgeOptions) {
    this.#o = o;
    const { signal } = this.#abort;
    this.#folder = new KnowledgeFolder(o.folder, { signal, pdfThread: o.pdfThread });
    this.#retriever = KnowledgeRetriever.empty(o.embedder);
  }

  /** What is known now. */
  get current(): KnowledgeRetriever {
    return this.#retriever;
  }

  close(): void {
    this.#abort.abort();
    clearTimeout(this.#timer);
  }

  #schedule(ms: number): void {
    if (this.#abort.signal.aborted) return;
    this.#timer = setTimeout(() => void this.#check(), ms);
    this.#timer.unref();
  }

  async #check(): Promise<void> {
    try {
      const { pages, pagesEveryMs = PAGES_EVERY_MS } = this.#o;
      if (pages !== undefined && pages.size > 0 && performance.now() - this.#pagesAtMs >= pagesEveryMs) {
        this.#pagesAtMs = performance.now();
        const loaded = await pages.load(this.#abort.signal);
        const isNew = JSON.stringify(loaded) !== JSON.stringify(this.#pages);
        this.#pages = loaded;
        if (isNew) await this.#readFolder(this.#version);
      }
      const version = await this.#folder.version();
      if (version !== this.#version && version === this.#seen) await this.#readFolder(version);
      this.#seen = version;
    } catch (thrown) {
      if (!isAbort(thrown)) this.#o.onReport?.({ type: 'failed', error: VisavisError.from(thrown, 'engine-failed') });
    } finally {
      this.#schedule(this.#o.checkEveryMs ?? CHECK_EVERY_MS);
    }
  }

  async #readFolder(version: string): Promise<void> {
    const { embedder, vectorFolder, onReport } = this.#o;
    // A version that fails is not tried again until it changes.
    this.#version = version;
    const { chunks, problems } = await this.#folder.load();
    const { signal } = this.#abort;
    this.#retriever = await KnowledgeRetriever.of([...chunks, ...this.#pages.chunks], {
      ...{ embedder, signal, previous: this.#retriever },
      ...(vectorFolder === undefined ? {} : { vectorFolder }),
    });
    onReport?.({ type: 'loaded', chunks: this.#retriever.size, problems: [...problems, ...this.#pages.problems] });
  }
}
