import { VisavisError } from '../errors.js';
import type { Viewer } from './viewer.js';

export const MAX_VIEWERS = 16;
/** A participant whose connection broke keeps the seat for this long. */
export const SEAT_GRACE_MS = 35_000;

/** Who watches a session: those who are here, and those whose connection broke a moment ago. */
export class Seats {
  readonly #open: (participantId: string, restored: boolean) => Viewer;
  readonly #onExpired: (viewer: Viewer) => void;
  readonly #viewers = new Map<string, Viewer>();
  readonly #graces = new Map<string, NodeJS.Timeout>();

  /** `onExpired`: whose seat was kept long enough. */
  constructor(open: (participantId: string, restored: boolean) => Viewer, onExpired: (viewer: Viewer) => void) {
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

  /** A seat, or the own one again; throws `unavailable` when there is none left. */
  take(participantId: string): Viewer {
    let viewer = this.#viewers.get(participantId);
    if (viewer === undefined) {
      if (this.#viewers.size >= MAX_VIEWERS) throw new VisavisError('unavailable', 'this session is full');
      viewer = this.#open(participantId, false);
      this.#viewers.set(participantId, viewer);
    }
    this.#endGrace(participantId);
    return viewer;
  }

  /** Keeps the seat of a participant whose gateway died, for a while. */
  restore(participantId: string): void {
    const viewer = this.#open(participantId, true);
    this.#viewers.set(participantId, viewer);
    this.suspend(viewer);
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
