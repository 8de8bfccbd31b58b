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
  #kept: ReplayedEvent[] = [];
  /** Events of this connection that are no longer kept. */
  #forgotten = 0;
  /** The client's count is another gateway's, which is dead: everything that is kept here came after it. */
  #fresh: boolean;

  constructor(fresh = false) {
    this.#fresh = fresh;
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
    const known = this.#fresh ? 0 : received;
    const missed = received === undefined ? [] : this.#kept.slice(Math.max(0, (known ?? 0) - this.#forgotten));
    this.#fresh = false;
    this.#kept = [...missed];
    this.#forgotten = 0;
    return missed;
  }
}
