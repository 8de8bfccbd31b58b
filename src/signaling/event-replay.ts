import type { ServerToClient } from './messages.js';

export interface ReplayedEvent {
  name: keyof ServerToClient;
  payload: unknown;
}

/** More than a minute of captions, the most frequent events. */
const MAX_KEPT = 400;

/**
 * The events of one viewer, numbered from the beginning of each connection, so that a client that comes back can be told what its
 * broken connection swallowed. What happens between two connections counts to the former. Bounded: the oldest are forgotten.
 */
export class EventReplay {
  #kept: ReplayedEvent[];
  /** Events of this connection that are no longer kept. */
  #forgotten: number;

  /** Of a dead gateway's events its client may have got more than are known here; what came after them is new to it in any case. */
  #knownToClient = Number.POSITIVE_INFINITY;

  /** Goes on where a dead gateway ended: after `sent` events of the connection, the last of them `recent`. */
  constructor(recent: readonly ReplayedEvent[] = [], sent = 0) {
    this.#kept = sent === 0 ? [] : recent.slice(-sent);
    this.#forgotten = sent - this.#kept.length;
    if (sent > 0) this.#knownToClient = sent;
  }

  /** Events of this connection. */
  get sent(): number {
    return this.#forgotten + this.#kept.length;
  }

  add(name: keyof ServerToClient, payload: unknown): void {
    this.#kept.push({ name, payload });
    if (this.#kept.length <= MAX_KEPT) return;
    this.#kept.shift();
    this.#forgotten++;
  }

  /**
   * Begins a new connection, whose first events are those returned: all that are known after the first `received` ones of the
   * connection before. Undefined: none.
   */
  since(received: number | undefined): readonly ReplayedEvent[] {
    const first = Math.min(received ?? 0, this.#knownToClient) - this.#forgotten;
    const missed = received === undefined ? [] : this.#kept.slice(Math.max(0, first));
    this.#knownToClient = Number.POSITIVE_INFINITY;
    this.#kept = [...missed];
    this.#forgotten = 0;
    return missed;
  }
}
