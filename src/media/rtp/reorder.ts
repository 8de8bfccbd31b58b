import { sequenceDistance, timestampDistance } from './packet.js';

/** One Opus packet in order, or the place of one that did not come. */
export interface OrderedPacket {
  sequence: number;
  timestamp: number;
  /** null: lost. */
  payload: Uint8Array | null;
  /** When the packet arrived; for a lost one, when it was given up. */
  atMs: number;
}

export interface ReorderOptions {
  /** How long a missing packet is waited for at first; default 40. */
  minWaitMs?: number;
  /** Bound of the wait, which follows the jitter; default 350. Packets that come later still are left to concealment. */
  maxWaitMs?: number;
}

interface Held {
  sequence: number;
  timestamp: number;
  payload: Uint8Array;
  atMs: number;
}

const MAX_HELD = 64;
/** Concealment of more than this many packets in a row helps nobody: what follows just goes on after a gap. */
const MAX_CONCEALED = 10;
/** Beyond these distances a packet is neither late nor early but from a source that began anew (RFC 3550, appendix A.1). */
const MAX_DROPOUT = 3000;
const MAX_MISORDER = 100;
const SAFETY_MS = 10;
/** The wait covers the worst packet of this many, and of as many before them: 5 to 10 s of speech. */
const WINDOW_PACKETS = 250;
/** Gaps that were given up and whose packets may still come. */
const MAX_GIVEN_UP = 16;

/**
 * Puts one stream's packets in order of sequence. A packet in order leaves at once: there is no playout delay. Before a gap
 * packets are held, bounded in time (adaptive) and number; then the gap becomes `lost` places. Time is a parameter.
 */
export class ReorderBuffer {
  readonly #minWaitMs: number;
  readonly #maxWaitMs: number;
  #waitMs: number;
  /** In order of sequence, all after `#expected`. */
  #held: Held[] = [];
  #expected: number | null = null;
  #lastTimestamp = 0;
  #givenUp: { sequence: number; atMs: number; count: number }[] = [];
  /** How long the worst packet of the present and of the last window would have had to be waited for. */
  #worst = { present: 0, last: 0, packets: 0 };
  /** The sequence that would confirm that the source restarted. */
  #restartAt: number | null = null;

  constructor(options: ReorderOptions = {}) {
    this.#minWaitMs = options.minWaitMs ?? 40;
    this.#maxWaitMs = Math.max(this.#minWaitMs, options.maxWaitMs ?? 350);
    this.#waitMs = this.#minWaitMs;
  }

  /** The present patience with missing packets. */
  get waitMs(): number {
    return this.#waitMs;
  }

  /** When `poll()` has something to do; Infinity while nothing is held. */
  get nextDeadlineMs(): number {
    const oldest = this.#oldestHeldMs();
    return oldest === null ? Number.POSITIVE_INFINITY : oldest + this.#waitMs;
  }

  /** Takes a packet and returns what can leave now. Duplicates and packets given up before are dropped. */
  push(sequence: number, timestamp: number, payload: Uint8Array, nowMs: number): OrderedPacket[] {
    const out: OrderedPacket[] = [];
    if (this.#expected === null) this.#expected = sequence;
    const ahead = sequenceDistance(sequence, this.#expected);
    if (ahead < -MAX_MISORDER || ahead > MAX_DROPOUT) {
      // One such packet alone may be a stray; a second that follows it proves the restart.
      const confirmed = this.#restartAt === sequence;
      this.#restartAt = (sequence + 1) & 0xffff;
      if (!confirmed) return out;
      this.#releaseAll(out, nowMs);
      this.#expected = sequence;
      this.#givenUp = [];
    } else if (ahead < 0) {
      this.#learnFromLate(sequence, nowMs);
      return out;
    }
    this.#restartAt = null;
    this.#countPacket();
    if (ahead === 0) this.#learn(nowMs - (this.#oldestHeldMs() ?? nowMs));
    this.#hold({ sequence, timestamp, payload, atMs: nowMs });
    this.#releaseInOrder(out);
    while (this.#held.length > MAX_HELD) this.#giveUpGap(out, nowMs);
    return out;
  }

  /** Gives up what has been waited for long enough and returns what can leave. */
  poll(nowMs: number): OrderedPacket[] {
    const out: OrderedPacket[] = [];
    while (this.nextDeadlineMs <= nowMs) this.#giveUpGap(out, nowMs);
    return out;
  }

  #oldestHeldMs(): number | null {
    let oldest: number | null = null;
    for (const held of this.#held) if (oldest === null || held.atMs < oldest) oldest = held.atMs;
    return oldest;
  }

  #hold(packet: Held): void {
    let index = this.#held.length;
    while (index > 0) {
      const before = this.#held[index - 1];
      if (before === undefined) break;
      const distance = sequenceDistance(packet.sequence, before.sequence);
      if (distance === 0) return;
      if (distance > 0) break;
      index--;
    }
    this.#held.splice(index, 0, packet);
  }

  #releaseInOrder(out: OrderedPacket[]): void {
    let head = this.#held[0];
    while (head !== undefined && head.sequence === this.#expected) {
      this.#held.shift();
      out.push(head);
      this.#lastTimestamp = head.timestamp;
      this.#expected = (head.sequence + 1) & 0xffff;
      head = this.#held[0];
    }
  }

  /** Declares what is missing before the first held packet lost, then lets that one and its followers go. */
  #giveUpGap(out: OrderedPacket[], nowMs: number): void {
    const head = this.#held[0];
    if (head === undefined || this.#expected === null) return;
    const missing = sequenceDistance(head.sequence, this.#expected);
    if (missing > 0 && missing <= MAX_CONCEALED) {
      const step = timestampDistance(head.timestamp, this.#lastTimestamp) / (missing + 1);
      for (let i = 0; i < missing; i++) {
        const sequence = (this.#expected + i) & 0xffff;
        const timestamp = (this.#lastTimestamp + Math.round(step * (i + 1))) >>> 0;
        out.push({ sequence, timestamp, payload: null, atMs: nowMs });
      }
    }
    this.#givenUp.push({ sequence: this.#expected, atMs: head.atMs, count: missing });
    if (this.#givenUp.length > MAX_GIVEN_UP) this.#givenUp.shift();
    this.#expected = head.sequence;
    this.#releaseInOrder(out);
  }

  #releaseAll(out: OrderedPacket[], nowMs: number): void {
    while (this.#held.length > 0) this.#giveUpGap(out, nowMs);
  }

  /** A packet that came after it was given up: the wait was too short, unless no wait would have been long enough. */
  #learnFromLate(sequence: number, nowMs: number): void {
    const gap = this.#givenUp.find(({ sequence: first, count }) => {
      const offset = sequenceDistance(sequence, first);
      return offset >= 0 && offset < count;
    });
    if (gap !== undefined) this.#learn(nowMs - gap.atMs);
  }

  #learn(neededMs: number): void {
    if (neededMs <= 0 || neededMs + SAFETY_MS > this.#maxWaitMs) return;
    this.#worst.present = Math.max(this.#worst.present, neededMs + SAFETY_MS);
    this.#adapt();
  }

  #countPacket(): void {
    if (++this.#worst.packets < WINDOW_PACKETS) return;
    this.#worst = { present: 0, last: this.#worst.present, packets: 0 };
    this.#adapt();
  }

  #adapt(): void {
    this.#waitMs = Math.max(this.#minWaitMs, this.#worst.present, this.#worst.last);
  }
}
