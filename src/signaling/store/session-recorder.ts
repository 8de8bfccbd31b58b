import { VisavisError } from '../../errors.js';
import type { Message } from '../../inference/engines.js';
import type { Logger } from '../../log.js';
import type { SessionOptions } from '../session.js';
import type { LiveState, SessionStore, SessionUpdate, StoredSeat, StoredSession } from './session-store.js';

/** A session as it is at this moment. */
export interface RecordedSession {
  readonly id: string;
  readonly createdAt: Date;
  readonly options: SessionOptions;
  readonly live: LiveState;
  readonly history: readonly Message[];
  /** Messages ever. */
  readonly messageCount: number;
}

export interface RecorderOptions {
  store: SessionStore;
  owner: string;
  session: RecordedSession;
  seats: () => StoredSeat[];
  /** Another gateway has the session. */
  onForeign: () => void;
  logger: Logger;
}

/**
 * Keeps the store's copy of one session up to date: one write at a time, each with all that changed since the last one, so that a slow
 * store makes writes rarer and nothing waits for it. What could not be written is written whole as soon as the store is back.
 */
export class SessionRecorder {
  readonly #o: RecorderOptions;
  #dirty = false;
  #writing = false;
  #closed = false;
  /** The store's copy may lack something. */
  #incomplete = true;
  #messages = 0;
  #live = '';
  #seats = '';

  constructor(options: RecorderOptions) {
    this.#o = options;
  }

  /** Writes the session for the first time; rejects with `unavailable` when the store does not take it. */
  async create(): Promise<void> {
    this.#writing = true;
    try {
      await this.#writeAll();
    } finally {
      this.#writing = false;
    }
    if (this.#dirty) void this.#write();
    if (this.#closed) throw new VisavisError('conflict', 'another gateway has this session');
  }

  changed(): void {
    this.#dirty = true;
    if (!this.#writing && !this.#closed) void this.#write();
  }

  /** The store may have forgotten the session: it is written whole. */
  rewrite(): void {
    this.#incomplete = true;
    this.changed();
  }

  /** No more writes; with `forget` the store's copy goes, else it stays for a successor. */
  async close(forget: boolean): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const { store, owner, session, logger } = this.#o;
    if (!forget) return;
    await store.remove(session.id, owner).catch((error: unknown) => {
      logger.warn({ sessionId: session.id, err: error }, 'the store keeps a session that is over until it expires');
    });
  }

  async #write(): Promise<void> {
    this.#writing = true;
    try {
      while (this.#dirty && !this.#closed) {
        this.#dirty = false;
        if (this.#incomplete) await this.#writeAll();
        else await this.#writeChange();
      }
    } catch {
      // The store tells its own failures; `rewrite()` follows when it is back, and the next change tries in any case.
      this.#incomplete = true;
    } finally {
      this.#writing = false;
    }
  }

  async #writeAll(): Promise<void> {
    const { store, owner, session, seats } = this.#o;
    const { id, createdAt, options, live, history, messageCount: messages } = session;
    const whole: StoredSession = {
      id,
      owner,
      createdAtMs: createdAt.getTime(),
      options,
      live,
      seats: seats(),
      history: [...history],
      messages,
    };
    const texts = { live: JSON.stringify(live), seats: JSON.stringify(whole.seats) };
    if ((await store.put(whole)) === 'foreign') return this.#lose();
    this.#incomplete = false;
    this.#messages = messages;
    this.#live = texts.live;
    this.#seats = texts.seats;
  }

  async #writeChange(): Promise<void> {
    const { store, owner, session } = this.#o;
    const { live, history, messageCount } = session;
    const seats = this.#o.seats();
    const [liveText, seatsText] = [JSON.stringify(live), JSON.stringify(seats)];
    const from = this.#messages;
    const fresh = messageCount - from;
    const update: SessionUpdate = { from, history: fresh === 0 ? [] : history.slice(-fresh) };
    if (liveText !== this.#live) update.live = live;
    if (seatsText !== this.#seats) update.seats = seats;
    if (fresh === 0 && update.live === undefined && update.seats === undefined) return;
    const result = await store.update(session.id, owner, update);
    if (result === 'foreign') return this.#lose();
    if (result !== 'written') return this.#writeAll();
    this.#messages = messageCount;
    this.#live = liveText;
    this.#seats = seatsText;
  }

  #lose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#o.onForeign();
  }
}
