import type { SessionStore } from './session-store.js';

const BEAT_MS = 1_000;
/** Sessions live far longer than a lease: they are renewed with every n-th beat. */
const BEATS_PER_RENEWAL = 5;

/** Renews a gateway's lease and its sessions in the store, until `close()`. */
export class Lease {
  readonly #store: SessionStore;
  readonly #owner: string;
  readonly #ids: () => string[];
  readonly #onUnknown: (ids: string[]) => void;
  readonly #timer: NodeJS.Timeout;
  #beats = 0;
  #renewing: Promise<void> | undefined;

  /** `onUnknown`: the store has forgotten these sessions. */
  constructor(store: SessionStore, owner: string, ids: () => string[], onUnknown: (ids: string[]) => void) {
    this.#store = store;
    this.#owner = owner;
    this.#ids = ids;
    this.#onUnknown = onUnknown;
    this.#timer = setInterval(() => this.#beat(), BEAT_MS);
    this.#timer.unref();
    this.#beat();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewing;
    await this.#store.retire(this.#owner).catch(() => {
      // It ends by itself.
    });
  }

  #beat(): void {
    if (this.#renewing !== undefined) return;
    const ids = this.#beats++ % BEATS_PER_RENEWAL === 0 ? this.#ids() : [];
    this.#renewing = this.#store
      .renew(this.#owner, ids)
      .then((unknown) => this.#onUnknown(unknown))
      .catch(() => {
        // The store tells its own failures; the next beat tries again.
      })
      .finally(() => {
        this.#renewing = undefined;
      });
  }
}
