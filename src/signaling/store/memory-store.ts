import type { KeptTranscript } from '../transcript/transcript.js';
import {
  LEASE_MS,
  lastMessages,
  SESSION_TTL_MS,
  type SessionStore,
  type SessionUpdate,
  type StoredSession,
  type WriteResult,
} from './session-store.js';

/** A lease that is long over is dropped when there are more than this many. */
const MAX_LEASES = 64;

/** Sessions in the memory of this process. `now` (ms) must never go back. */
export class MemoryStore implements SessionStore {
  readonly isUp = true;
  readonly problem = undefined;
  readonly #now: () => number;
  readonly #sessions = new Map<string, { session: StoredSession; untilMs: number }>();
  readonly #leases = new Map<string, number>();
  /** Those of sessions that are over in the order of their ends. */
  readonly #transcripts = new Map<string, { kept: KeptTranscript; untilMs: number }>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  onBack(): void {
    // It is never away.
  }

  async put(session: StoredSession): Promise<'written' | 'foreign'> {
    const known = this.#find(session.id);
    if (known !== undefined && known.owner !== session.owner) return 'foreign';
    this.#forgetExpired();
    const copy = structuredClone(session);
    copy.history = lastMessages(copy.history);
    this.#sessions.set(session.id, { session: copy, untilMs: this.#now() + SESSION_TTL_MS });
    return 'written';
  }

  async update(id: string, owner: string, update: SessionUpdate): Promise<WriteResult> {
    const session = this.#find(id);
    if (session === undefined) return 'missing';
    if (session.owner !== owner) return 'foreign';
    if (update.from > session.messages) return 'gap';
    const { live, seats, from, history } = structuredClone(update);
    const fresh = history.slice(session.messages - from);
    session.history = lastMessages([...session.history, ...fresh]);
    session.messages += fresh.length;
    if (live !== undefined) session.live = live;
    if (seats !== undefined) session.seats = seats;
    return 'written';
  }

  async load(id: string): Promise<StoredSession | undefined> {
    return structuredClone(this.#find(id));
  }

  async claim(id: string, from: string, to: string): Promise<StoredSession | undefined> {
    const session = this.#find(id);
    if (session?.owner !== from) return undefined;
    session.owner = to;
    this.#sessions.set(id, { session, untilMs: this.#now() + SESSION_TTL_MS });
    return structuredClone(session);
  }

  async remove(id: string, owner: string): Promise<void> {
    if (this.#find(id)?.owner === owner) this.#sessions.delete(id);
  }

  async ownedBy(owner: string): Promise<string[]> {
    this.#forgetExpired();
    return [...this.#sessions.values()].filter(({ session }) => session.owner === owner).map((s) => s.session.id);
  }

  async renew(owner: string, ids: readonly string[]): Promise<string[]> {
    this.#leases.delete(owner);
    this.#leases.set(owner, this.#now() + LEASE_MS);
    for (const [other] of this.#leases) if (this.#leases.size > MAX_LEASES) this.#leases.delete(other);
    const unknown: string[] = [];
    for (const id of ids) {
      const session = this.#find(id);
      if (session?.owner === owner) this.#sessions.set(id, { session, untilMs: this.#now() + SESSION_TTL_MS });
      else if (session === undefined) unknown.push(id);
    }
    return unknown;
  }

  async isAlive(owner: string): Promise<boolean> {
    return (this.#leases.get(owner) ?? Number.NEGATIVE_INFINITY) > this.#now();
  }

  async retire(owner: string): Promise<void> {
    this.#leases.delete(owner);
  }

  async keepTranscript(kept: KeptTranscript, { keepMs, max }: { keepMs: number; max: number }): Promise<void> {
    const nowMs = this.#now();
    this.#transcripts.delete(kept.transcript.sessionId);
    if (keepMs > 0) {
      this.#transcripts.set(kept.transcript.sessionId, { kept: structuredClone(kept), untilMs: nowMs + keepMs });
    }
    for (const [id, { untilMs }] of this.#transcripts) if (untilMs <= nowMs) this.#transcripts.delete(id);
    const ended = [...this.#transcripts].filter(
      ([
        ,
        {
          kept: { transcript },
        },
      ]) => transcript.endedAt !== null,
    );
    for (const [id] of ended.slice(0, Math.max(0, ended.length - max))) this.#transcripts.delete(id);
  }

  async transcript(id: string): Promise<KeptTranscript | undefined> {
    const entry = this.#transcripts.get(id);
    return entry === undefined || entry.untilMs <= this.#now() ? undefined : structuredClone(entry.kept);
  }

  async close(): Promise<void> {
    this.#transcripts.clear();
    this.#sessions.clear();
  }

  #find(id: string): StoredSession | undefined {
    const entry = this.#sessions.get(id);
    if (entry === undefined || entry.untilMs > this.#now()) return entry?.session;
    this.#sessions.delete(id);
    return undefined;
  }

  #forgetExpired(): void {
    for (const id of [...this.#sessions.keys()]) this.#find(id);
  }
}
