import type { ConversationEvent } from '../agents/events.js';
import type { Wording } from '../wording.js';
import type { ServerToClient } from './messages.js';

type Ending = Parameters<ServerToClient['ending']>[0];

/** Visitors are told this long before a session has lasted as long as one may, or halfway through a shorter one. */
const WARN_BEFORE_MS = 60_000;
/** A farewell that is not over by then, because somebody talks or speech fails, is cut. */
const FAREWELL_LIMIT_MS = 10_000;
/** Longest delay that a timer of Node takes: 2³¹ − 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface SessionEndingOptions {
  /** A session that another gateway began has had some of its time already. */
  elapsedMs: number;
  maxSessionMs: number;
  wording: Pick<Wording, 'minuteLeft' | 'goodbye' | 'maintenance'>;
  announce(event: Ending): void;
  /** Puts a text behind what is being spoken. */
  say(text: string): Promise<void>;
  close(): void;
}

/** The planned end of a session: told in time, spoken kindly, and kept to. */
export class SessionEnding {
  readonly #options: SessionEndingOptions;
  #timer: NodeJS.Timeout | undefined;
  #saysFarewell = false;
  #closed = false;

  constructor(options: SessionEndingOptions) {
    this.#options = options;
    const leftMs = Math.max(0, options.maxSessionMs - options.elapsedMs);
    const warnMs = Math.min(WARN_BEFORE_MS, options.maxSessionMs / 2);
    if (leftMs > warnMs) this.#after(leftMs - warnMs, () => this.#warn(warnMs));
    else this.#after(leftMs, () => this.#farewell());
  }

  /** The service is to stop in `inMs`: visitors see and hear it. */
  shutdown(inMs: number): void {
    if (this.#closed || this.#saysFarewell) return;
    this.#options.announce({ reason: 'shutdown', inMs });
    this.#say(this.#options.wording.maintenance);
  }

  /** What the conversation reports; the end of the farewell is what is waited for. */
  handle(event: ConversationEvent): void {
    if (!this.#saysFarewell || event.type !== 'utterance-end') return;
    if (event.interrupted || event.text.trim() === this.#options.wording.goodbye.trim()) this.#finish();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #warn(leftMs: number): void {
    this.#options.announce({ reason: 'duration', inMs: Math.round(leftMs) });
    this.#say(this.#options.wording.minuteLeft);
    this.#after(leftMs, () => this.#farewell());
  }

  #farewell(): void {
    this.#saysFarewell = true;
    this.#after(FAREWELL_LIMIT_MS, () => this.#finish());
    // An avatar that cannot speak at the moment says nothing, and nobody waits for it.
    this.#options.say(this.#options.wording.goodbye).catch(() => this.#finish());
  }

  #finish(): void {
    if (this.#closed) return;
    this.close();
    this.#options.close();
  }

  #say(text: string): void {
    this.#options.say(text).catch(() => {});
  }

  #after(ms: number, work: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        if (ms > LONGEST_TIMER_MS) this.#after(ms - LONGEST_TIMER_MS, work);
        else work();
      },
      Math.min(ms, LONGEST_TIMER_MS),
    );
  }
}
