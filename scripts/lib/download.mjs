/** Fetching one file over HTTP: resumable, bounded waits, and a host that did not answer is not asked again. */
import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 30_000;

/** A source that cannot be used; set-up goes on to the next one. */
export class SourceError extends Error {
  /** `known`: said before, so it need not be shown again. */
  constructor(message, { known = false } = {}) {
    super(message);
    this.name = 'SourceError';
    this.known = known;
  }
}

export class Downloader {
  #unreachable = new Map();
  #connectTimeoutMs;
  #idleTimeoutMs;

  constructor({ connectTimeoutMs = CONNECT_TIMEOUT_MS, idleTimeoutMs = IDLE_TIMEOUT_MS } = {}) {
    this.#connectTimeoutMs = connectTimeoutMs;
    this.#idleTimeoutMs = idleTimeoutMs;
  }

  /**
   * Writes the resource to `target`, going on where an earlier attempt left `target` incomplete when the server allows it.
   * With `bytes` a resource of another size is refused before its body is read. Throws `SourceError` for whatever the source
   * did wrong and passes on errors of the local disk.
   * @param {string} url
   * @param {string} target
   * @param {{ bytes?: number, onProgress?: (writtenBytes: number) => void }} [options]
   */
  async download(url, target, { bytes, onProgress = () => {} } = {}) {
    const { host } = new URL(url);
    const known = this.#unreachable.get(host);
    if (known !== undefined) throw new SourceError(`${host} does not answer (${known})`, { known: true });

    const have = bytes === undefined ? 0 : ((await stat(target).catch(() => null))?.size ?? 0);
    const offset = have < bytes ? have : 0;
    const abort = new AbortController();
    const response = await this.#connect(url, host, offset, abort);
    try {
      const resumed = response.status === 206 && contentRangeStart(response) === offset;
      if (!response.ok || (response.status === 206 && !resumed)) {
        throw new SourceError(`${url}: HTTP ${response.status}`);
      }
      const expected = resumed ? bytes - offset : bytes;
      const announced = response.headers.get('content-length');
      const encoded = response.headers.has('content-encoding');
      if (expected !== undefined && announced !== null && !encoded && Number(announced) !== expected) {
        throw new SourceError(`${url}: has ${Number(announced)} bytes, expected ${expected}`);
      }
      await this.#copy(response, target, { url, abort, bytes, offset: resumed ? offset : 0, onProgress });
    } finally {
      abort.abort();
    }
  }

  async #connect(url, host, offset, abort) {
    const timer = setTimeout(() => abort.abort(), this.#connectTimeoutMs);
    try {
      const headers = { 'accept-encoding': 'identity', ...(offset > 0 ? { range: `bytes=${offset}-` } : {}) };
      return await fetch(url, { signal: abort.signal, headers, redirect: 'follow' });
    } catch (error) {
      const reason = abort.signal.aborted
        ? `no answer within ${this.#connectTimeoutMs / 1000} s`
        : (error.cause?.code ?? error.cause?.message ?? error.message);
      this.#unreachable.set(host, reason);
      throw new SourceError(`${host} does not answer (${reason})`);
    } finally {
      clearTimeout(timer);
    }
  }

  async #copy(response, target, { url, abort, bytes, offset, onProgress }) {
    const idleTimeoutMs = this.#idleTimeoutMs;
    let written = offset;
    async function* counted() {
      let timer = setTimeout(() => abort.abort(), idleTimeoutMs);
      try {
        for await (const chunk of readBody(response, url)) {
          clearTimeout(timer);
          written += chunk.length;
          if (bytes !== undefined && written > bytes) throw new SourceError(`${url}: sends more than ${bytes} bytes`);
          yield chunk;
          onProgress(written);
          timer = setTimeout(() => abort.abort(), idleTimeoutMs);
        }
      } finally {
        clearTimeout(timer);
      }
    }
    // A failure of the source leaves what came so far in `target`, to go on from there.
    await pipeline(counted, createWriteStream(target, { flags: offset > 0 ? 'a' : 'w' }));
    if (bytes !== undefined && written !== bytes) {
      throw new SourceError(`${url}: the connection ended after ${written} of ${bytes} bytes`);
    }
  }
}

async function* readBody(response, url) {
  try {
    if (response.body !== null) yield* response.body;
  } catch (error) {
    throw new SourceError(`${url}: the connection broke (${error.cause?.code ?? error.message})`);
  }
}

function contentRangeStart(response) {
  const match = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '');
  return match === null ? -1 : Number(match[1]);
}
