import { VisavisError } from '../../errors.js';

export interface QueueEntry {
  /** Who asked; each owner's share of the queue is bounded. */
  owner: string;
  /** 0 goes first. */
  priority: number;
  /** A waiting entry with the same key is superseded by this one, which takes its place at the end. */
  coalesceKey?: string;
}

export interface QueueLimits {
  perOwner: number;
  total: number;
}

/**
 * Waiting work in the order in which it is done: by priority, first come first served within one. Pure: it holds no timer
 * and calls nobody.
 */
export class WorkQueue<T extends QueueEntry> {
  readonly #limits: QueueLimits;
  readonly #levels: T[][] = [];
  readonly #owned = new Map<string, number>();
  #size = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether anything of `priority` or more urgent waits. */
  hasUrgent(priority: number): boolean {
    return this.#levels.slice(0, priority + 1).some((level) => level.length > 0);
  }

  /**
   * Adds an entry and returns the one it superseded, if any. Throws `too-many-requests` when the owner's share or the
   * whole queue is full; the queue is then as it was.
   */
  push(entry: T): T | null {
    const superseded = this.#sameKey(entry);
    if (superseded) this.remove(superseded);
    const owned = this.#owned.get(entry.owner) ?? 0;
    if (owned >= this.#limits.perOwner || this.#size >= this.#limits.total) {
      throw new VisavisError('too-many-requests', 'too much work is waiting for this engine');
    }
    this.#level(entry.priority).push(entry);
    this.#owned.set(entry.owner, owned + 1);
    this.#size += 1;
    return superseded;
  }

  /** The next entry to work on, or undefined. */
  take(): T | undefined {
    for (const level of this.#levels) {
      const entry = level[0];
      if (entry) {
        this.remove(entry);
        return entry;
      }
    }
    return undefined;
  }

  /** Takes a waiting entry out; false when it does not wait (any more). */
  remove(entry: T): boolean {
    const level = this.#level(entry.priority);
    const index = level.indexOf(entry);
    if (index < 0) return false;
    level.splice(index, 1);
    this.#size -= 1;
    const owned = this.#owned.get(entry.owner)! - 1;
    if (owned > 0) this.#owned.set(entry.owner, owned);
    else this.#owned.delete(entry.owner);
    return true;
  }

  /** Empties the queue and returns what waited. */
  drain(): T[] {
    const waiting = this.#levels.flat();
    this.#levels.length = 0;
    this.#owned.clear();
    this.#size = 0;
    return waiting;
  }

  #sameKey(entry: T): T | null {
    if (entry.coalesceKey === undefined) return null;
    for (const level of this.#levels) {
      const same = level.find((waiting) => waiting.owner === entry.owner && waiting.coalesceKey === entry.coalesceKey);
      if (same) return same;
    }
    return null;
  }

  #level(priority: number): T[] {
    while (this.#levels.length <= priority) this.#levels.push([]);
    return this.#levels[priority]!;
  }
}
