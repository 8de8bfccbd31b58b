import { createHash } from 'node:crypto';
import { isAbort, VisavisError } from '../../errors.js';
import type { GuardedHttp } from '../tools/guarded-http.js';
import type { KnowledgeChunk } from './chunks.js';
import { chunkHtml } from './documents.js';
import { decodeHtml } from './html.js';
import type { LoadedKnowledge } from './load.js';

const TIMEOUT_MS = 15_000;
const MAX_BYTES = 5_000_000;
const AT_ONCE = 4;

/** Web pages as knowledge; one that cannot be had stays as it was when it last could. */
export class KnowledgePages {
  readonly #urls: readonly string[];
  readonly #http: GuardedHttp;
  readonly #known = new Map<string, readonly KnowledgeChunk[]>();

  constructor(urls: readonly string[], http: GuardedHttp) {
    this.#urls = urls;
    this.#http = http;
  }

  get size(): number {
    return this.#urls.length;
  }

  /** Fetches all; rejects with AbortError only. */
  async load(signal: AbortSignal): Promise<LoadedKnowledge> {
    const problems: string[] = [];
    const queue = [...this.#urls];
    const worker = async (): Promise<void> => {
      for (let url = queue.shift(); url !== undefined; url = queue.shift()) {
        try {
          this.#known.set(url, await this.#fetch(url, signal));
        } catch (thrown) {
          if (signal.aborted && isAbort(thrown)) throw thrown;
          problems.push(`${url.split('?')[0]}: ${VisavisError.from(thrown).message}`);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return { chunks: this.#urls.flatMap((url) => this.#known.get(url) ?? []), problems };
  }

  async #fetch(url: string, signal: AbortSignal): Promise<KnowledgeChunk[]> {
    const headers = { accept: 'text/html, application/xhtml+xml' };
    const answer = await this.#http.request({
      method: 'GET',
      url,
      headers,
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
      signal,
    });
    if (answer.status !== 200)
      throw new VisavisError('upstream-failed', `the server answered with status ${answer.status}`);
    if (!/^(?:text\/html|application\/xhtml\+xml)$/.test(answer.contentType))
      throw new VisavisError(
        'upstream-failed',
        `expected a web page, got ${answer.contentType.slice(0, 60) || 'no type'}`,
      );
    const { hostname, pathname } = new URL(answer.url);
    const id = createHash('sha256').update(url).digest('hex').slice(0, 8);
    return chunkHtml(decodeHtml(answer.body, answer.charset), `${hostname}${pathname}-${id}`, answer.url);
  }
}
