import type { EventsConfig } from '../../config-events.js';
import type { CloseReason } from '../../lifecycle.js';
import type { Logger } from '../../log.js';
import { SESSION_TTL_MS, type SessionStore } from '../store/session-store.js';
import type { WebhookBody } from '../webhooks/events.js';
import { Chronicle } from './chronicle.js';
import type { KeptTranscript, Transcript } from './transcript.js';

export interface ChroniclesOptions {
  store: SessionStore;
  config: EventsConfig['transcripts'];
  /** Words come at least this often while a session lives. */
  idleTimeoutMs: number;
  tell: (event: WebhookBody) => void;
  logger: Logger;
}

interface Writing {
  chronicle: Chronicle;
  /** What there is now is not on its way yet. */
  dirty: boolean;
  running: Promise<void> | undefined;
}

/**
 * The chronicles of this gateway's sessions, and their copies in the store: from these a session that moves goes on, and they can be read for
 * a while when it is over. A copy is written when a turn is complete; while the store is slow, what changes meanwhile is written as one.
 */
export class Chronicles {
  readonly #o: ChroniclesOptions;
  readonly #writing = new Map<string, Writing>();
  /** Transcripts of sessions that are over, until the store has them. */
  readonly #ending = new Map<string, Transcript>();

  constructor(options: ChroniclesOptions) {
    this.#o = options;
  }

  /** Of a session that begins, or (`resumed`) of one that began at another gateway, with what that one wrote down of it. */
  open(
    { id: sessionId, avatar }: { id: string; avatar: { id: string; name: string } },
    startedAtMs: number,
    resumed?: { known: KeptTranscript | undefined },
  ): Chronicle {
    const { tell } = this.#o;
    const writing: Writing = {
      chronicle: new Chronicle({
        ...{ sessionId, avatar, startedAtMs, tell, isResumed: resumed !== undefined, known: resumed?.known },
        onChange: () => this.#write(writing),
        now: () => Date.now(),
      }),
      dirty: false,
      running: undefined,
    };
    this.#writing.set(sessionId, writing);
    return writing.chronicle;
  }

  /** The session is over, or (`replaced`) is at another gateway from now on. */
  async close(chronicle: Chronicle, reason: CloseReason): Promise<void> {
    const { sessionId } = chronicle;
    const writing = this.#writing.get(sessionId);
    if (writing?.chronicle !== chronicle) return;
    this.#writing.delete(sessionId);
    writing.dirty = false;
    if (reason === 'replaced') return;
    const { keepMs } = this.#o.config;
    chronicle.finish(reason);
    this.#ending.set(sessionId, chronicle.transcript);
    await writing.running;
    const isKept = await this.#put(chronicle, keepMs);
    this.#ending.delete(sessionId);
    if (isKept && keepMs > 0) chronicle.ready(keepMs);
  }

  /** What the store knows of a session; undefined also when it does not answer. */
  async known(sessionId: string): Promise<KeptTranscript | undefined> {
    try {
      return await this.#o.store.transcript(sessionId);
    } catch (thrown) {
      this.#o.logger.warn({ sessionId, err: thrown }, 'a session goes on without its transcript so far');
      return undefined;
    }
  }

  /** Of a session that is over; rejects with `unavailable` when the store does not answer. */
  async ended(sessionId: string): Promise<Transcript | undefined> {
    const { keepMs } = this.#o.config;
    const ending = this.#ending.get(sessionId);
    if (ending !== undefined && keepMs > 0) return ending;
    const kept = await this.#o.store.transcript(sessionId);
    return kept?.transcript.endedAt == null ? undefined : kept.transcript;
  }

  #write(writing: Writing): void {
    writing.dirty = true;
    writing.running ??= this.#writeAll(writing).finally(() => {
      writing.running = undefined;
    });
  }

  async #writeAll(writing: Writing): Promise<void> {
    while (writing.dirty) {
      writing.dirty = false;
      // As long as the session can be silent and then be without a gateway.
      await this.#put(writing.chronicle, this.#o.idleTimeoutMs + SESSION_TTL_MS);
    }
  }

  async #put(chronicle: Chronicle, keepMs: number): Promise<boolean> {
    try {
      await this.#o.store.keepTranscript(chronicle.kept, { keepMs, max: this.#o.config.max });
      return true;
    } catch (thrown) {
      const { sessionId } = chronicle;
      this.#o.logger.warn({ sessionId, err: thrown }, 'the store did not take a transcript');
      return false;
    }
  }
}
