import { VisavisError } from '../../errors.js';
import type { Message } from '../../inference/engines.js';
import type { Logger } from '../../log.js';
import type { SessionOptions } from '../session.js';
import type { LiveState, SessionStore, SessionUpdate, StoredSeat } from './session-store.js';

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

/** Changes that may be on their way at once; further ones wait and go as one. */
const MAX_IN_FLIGHT = 16;

/**
 * Keeps the store's copy of one session up to date. A change is sent at once, so that little is lost when this process is killed; while
 * the store is slow what changes meanwhile is sent as one, and nothing waits for it. What could not be written is written whole as
 * soon as the store is back.
 */
export class SessionRecorder {
  readonly #o: RecorderOptions;
  #dirty = false;
  #inFlight = 0;
  /** The session is being written whole: changes wait. */
  #writingAll = false;
  #closed = false;
  /** The store's copy may lack something. */
  #incomplete = true;
  /** What was sent. */
  #messages = 0;
  #live = '';
  #seats = '';

  constructor(options: RecorderOptions) {
    this.#o = options;
  }

  /** Writes the session for the first time; rejects with `unavailable` when the store does not take it. */
  async create(): Promise<void> {
    await this.#writeAll();
    if (this.#closed) throw new VisavisError('conflict', 'another gateway has this session');
    this.#proceed();
  }

  changed(): void {
    this.#dirty = true;
    this.#proceed();
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

  #proceed(): void {
    if (!this.#dirty || this.#writingAll || this.#closed || this.#inFlight >= MAX_IN_FLIGHT) return;
    // All of it only when nothing older can come after it.
    if (this.#incomplete && this.#inFlight > 0) return;
    this.#inFlight++;
    (this.#incomplete ? this.#writeAll() : this.#writeChange()).then(
      () => this.#handleDone(true),
      () => this.#handleDone(false),
    );
  }

  /** The store tells its own failures; `rewrite()` follows when it is back, and the next change tries in any case. */
  #handleDone(written: boolean): void {
    this.#inFlight--;
    if (written) this.#proceed();
    else this.#incomplete = true;
  }

  async #writeAll(): Promise<void> {
    this.#dirty = false;
    this.#writingAll = true;
    const { store, owner, session, seats: currentSeats } = this.#o;
    const { id, createdAt, options, live, history, messageCount: messages } = session;
    const seats = currentSeats();
    this.#messages = messages;
    this.#live = JSON.stringify(live);
    this.#seats = JSON.stringify(seats);
    const createdAtMs = createdAt.getTime();
    try {
      const result = await store.put({ id, owner, createdAtMs, options, live, seats, history: [...history], messages });
      if (result === 'foreign') this.#lose();
      this.#incomplete = false;
    } finally {
      this.#writingAll = false;
    }
  }

  async #writeChange(): Promise<void> {
    this.#dirty = false;
    const { store, owner, session } = this.#o;
    const { live, history, messageCount } = session;
    const seats = this.#o.seats();
    const from = this.#messages;
    const fresh = messageCount - from;
    const update: SessionUpdate = { from, history: fresh === 0 ? [] : history.slice(-fresh) };
    const [liveText, seatsText] = [JSON.stringify(live), JSON.stringify(seats)];
    if (liveText !== this.#live) update.live = live;
    if (seatsText !== this.#seats) update.seats = seats;
    if (fresh === 0 && update.live === undefined && update.seats === undefined) return;
    this.#messages = messageCount;
    this.#live = liveText;
    this.#seats = seatsText;
    const result = await store.update(session.id, owner, update);
    if (result === 'foreign') this.#lose();
    else if (result !== 'written') this.rewrite();
  }

  #lose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#o.onForeign();
  }
}
