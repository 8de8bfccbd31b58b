import { VisavisError } from '../errors.js';
import { EventReplay, type ReplayedEvent } from './event-replay.js';
import type { ServerToClient } from './messages.js';
import type { StoredSeat } from './store/session-store.js';
import type { Viewer } from './viewer.js';

export const MAX_VIEWERS = 16;
/** A participant whose connection broke keeps the seat for this long. */
export const SEAT_GRACE_MS = 35_000;
/** What a dying gateway has sent but its viewers have not got: a few seconds. */
const MAX_RECENT_EVENTS = 24;

/** Who watches a session: those who are here, and those whose connection broke a moment ago. */
export class Seats {
  readonly #open: (participantId: string, events?: EventReplay) => Viewer;
  readonly #onExpired: (viewer: Viewer) => void;
  readonly #viewers = new Map<string, Viewer>();
  readonly #graces = new Map<string, NodeJS.Timeout>();
  #recent: readonly ReplayedEvent[] = [];

  /** `onExpired`: whose seat was kept long enough. */
  constructor(open: (participantId: string, events?: EventReplay) => Viewer, onExpired: (viewer: Viewer) => void) {
    this.#open = open;
    this.#onExpired = onExpired;
  }

  get size(): number {
    return this.#viewers.size;
  }

  get viewers(): Viewer[] {
    return [...this.#viewers.values()];
  }

  holds(participantId: string): boolean {
    return this.#viewers.has(participantId);
  }

  /** Events that were sent on the present connection of a seat. */
  sentTo(participantId: string): number {
    return this.#viewers.get(participantId)?.sent ?? 0;
  }

  /** Of the participant's connection; undefined when unknown. */
  roundTripMs(participantId: string): number | undefined {
    return this.#viewers.get(participantId)?.roundTripMs;
  }

  /** A seat, or the own one again; throws `unavailable` when there is none left. */
  take(participantId: string): Viewer {
    let viewer = this.#viewers.get(participantId);
    if (viewer === undefined) {
      if (this.#viewers.size >= MAX_VIEWERS) throw new VisavisError('unavailable', 'this session is full');
      viewer = this.#open(participantId);
      this.#viewers.set(participantId, viewer);
    }
    this.#endGrace(participantId);
    return viewer;
  }

  /** Keeps the held ones among the seats of a dead gateway for a while. `recent`: the last events that it sent. */
  restore(seats: readonly StoredSeat[], recent: readonly ReplayedEvent[]): void {
    this.#recent = recent;
    for (const { participantId, sent } of seats.filter(({ held }) => held)) {
      const viewer = this.#open(participantId, new EventReplay(recent, sent));
      this.#viewers.set(participantId, viewer);
      this.suspend(viewer);
    }
  }

  /** An event for all; `beforeTelling` runs when it counts as sent but nobody has it yet. */
  broadcast<K extends keyof ServerToClient>(
    name: K,
    payload: Parameters<ServerToClient[K]>[0],
    beforeTelling: () => void,
  ): void {
    this.#recent = [...this.#recent, { name, payload }].slice(-MAX_RECENT_EVENTS);
    const { viewers } = this;
    for (const viewer of viewers) viewer.note(name, payload);
    beforeTelling();
    for (const viewer of viewers) viewer.tell(name, payload);
  }

  /** The last events for all. */
  get recent(): readonly ReplayedEvent[] {
    return this.#recent;
  }

  /** The participant's connection broke: the seat stays for a while. */
  suspend(viewer: Viewer): void {
    const id = viewer.participantId;
    if (viewer.isClosed || this.#viewers.get(id) !== viewer) return;
    viewer.detach();
    clearTimeout(this.#graces.get(id));
    const grace = setTimeout(() => this.#onExpired(viewer), SEAT_GRACE_MS);
    this.#graces.set(id, grace);
  }

  /** False when the viewer has no seat any more. */
  remove(viewer: Viewer): boolean {
    const id = viewer.participantId;
    if (this.#viewers.get(id) !== viewer) return false;
    this.#endGrace(id);
    viewer.close();
    this.#viewers.delete(id);
    return true;
  }

  close(): void {
    for (const viewer of this.viewers) this.remove(viewer);
  }

  #endGrace(participantId: string): void {
    clearTimeout(this.#graces.get(participantId));
    this.#graces.delete(participantId);
  }
}
