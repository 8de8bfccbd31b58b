import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { type AvatarThreadOptions, startAvatarThread } from './avatar-thread-client.js';

/** What is drawn, and how large: what can be made ready before anyone asks for it. */
export type Picture = Pick<AvatarThreadOptions, 'avatarPath' | 'width' | 'height'>;

/**
 * Avatar threads that have already loaded one picture and wait for conversations: these begin, or go on after a failure, sooner by
 * about a second of computing each.
 */
export class PreparedThreads {
  readonly #picture: Picture;
  readonly #count: number;
  readonly #waiting: Worker[] = [];
  readonly #loading = new Map<Worker, Promise<void>>();
  #closed = false;

  readonly #entry: URL | undefined;

  /** `entry` is the thread's compiled script, by default the one beside this module. */
  constructor(picture: Picture, count: number, entry?: URL) {
    this.#picture = picture;
    this.#count = count;
    this.#entry = entry;
  }

  /** Starts as many threads as are missing. */
  refill(): void {
    while (!this.#closed && this.#waiting.length < this.#count) {
      const worker = startAvatarThread(this.#entry);
      const { avatarPath, width, height } = this.#picture;
      worker.postMessage({ type: 'prepare', avatarPath, width, height });
      const settled = new Promise<void>((resolve) => {
        worker.once('message', () => resolve());
        worker.once('exit', () => resolve());
      });
      this.#loading.set(worker, settled);
      void settled.then(() => this.#loading.delete(worker));
      // One that ends while it waits is missed by nobody.
      worker.once('error', () => this.#forget(worker));
      worker.once('exit', () => this.#forget(worker));
      worker.unref();
      this.#waiting.push(worker);
    }
  }

  /** Resolves when all that are waiting have loaded their picture, found that they cannot, or after `limitMs`. */
  async loaded(limitMs: number): Promise<void> {
    const limit = new AbortController();
    await Promise.race([
      Promise.all(this.#loading.values()),
      sleep(limitMs, undefined, { signal: limit.signal }).catch(() => undefined),
    ]);
    limit.abort();
  }

  /** One that waits with this picture; undefined when there is none. It is the caller's from now on. */
  take({ avatarPath, width, height }: Picture): Worker | undefined {
    const mine = this.#picture;
    if (avatarPath !== mine.avatarPath || width !== mine.width || height !== mine.height) return undefined;
    const worker = this.#waiting.shift();
    worker?.removeAllListeners('exit');
    worker?.removeAllListeners('error');
    worker?.ref();
    return worker;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#waiting.splice(0).map((worker) => worker.terminate()));
  }

  #forget(worker: Worker): void {
    const index = this.#waiting.indexOf(worker);
    if (index >= 0) this.#waiting.splice(index, 1);
  }
}
