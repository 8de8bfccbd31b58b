import { randomUUID } from 'node:crypto';
import type { ConversationEvent } from '../../agents/events.js';
import type { CloseReason } from '../../lifecycle.js';
import type { SessionHappening, WebhookBody } from '../webhooks/events.js';
import { TranscriptRecorder } from './recorder.js';
import type { KeptTranscript, Transcript } from './transcript.js';

export interface ChronicleOptions {
  sessionId: string;
  avatar: { id: string; name: string };
  startedAtMs: number;
  /** It began at another gateway. */
  isResumed: boolean;
  /** What that one wrote down of it. */
  known: KeptTranscript | undefined;
  /** Tells other systems. */
  tell: (event: WebhookBody) => void;
  /** Something is to be remembered even if this gateway dies now. */
  onChange: () => void;
  now: () => number;
}

/** What happens in one session, written down and told. */
export class Chronicle {
  readonly #o: ChronicleOptions;
  readonly #recorder: TranscriptRecorder;
  #sequence: number;
  #begun: boolean;
  #end: { atMs: number; reason: CloseReason } | undefined;

  constructor(options: ChronicleOptions) {
    this.#o = options;
    this.#recorder = new TranscriptRecorder(options.startedAtMs, options.known?.transcript);
    this.#sequence = options.known?.sequence ?? 0;
    this.#begun = options.isResumed;
  }

  get sessionId(): string {
    return this.#o.sessionId;
  }

  get transcript(): Transcript {
    const { sessionId, avatar, startedAtMs } = this.#o;
    const { turns, truncated } = this.#recorder;
    return {
      sessionId,
      avatar: { id: avatar.id, name: avatar.name },
      startedAt: new Date(startedAtMs).toISOString(),
      endedAt: this.#end === undefined ? null : new Date(this.#end.atMs).toISOString(),
      reason: this.#end?.reason ?? null,
      truncated,
      turns: structuredClone([...turns]),
    };
  }

  get kept(): KeptTranscript {
    return { transcript: this.transcript, sequence: this.#sequence };
  }

  /** The session can be joined. One that was taken over has begun before. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    const { id, name } = this.#o.avatar;
    this.#tell({ type: 'session.started', data: { avatar: { id, name } } });
    this.#o.onChange();
  }

  accept(event: ConversationEvent): void {
    const turn = this.#recorder.accept(event, this.#o.now());
    if (turn?.endMs != null) {
      const { utteranceId, text, interrupted, aside, startMs, endMs } = turn;
      this.#tell({ type: 'reply.finished', data: { utteranceId, text, interrupted, aside, startMs, endMs } });
      this.#o.onChange();
    }
    // A turn that a successor is to know of even if it is not answered here any more.
    if (event.type === 'transcript' && event.final && event.text !== '') this.#o.onChange();
    if (event.type !== 'history' || event.message.role !== 'user') return;
    const committed = this.#recorder.committed(event.message.text);
    if (committed === undefined) return;
    const { turnId, participantId, text, startMs, endMs } = committed;
    this.#tell({ type: 'turn.committed', data: { turnId, participantId, text, startMs, endMs } });
    this.#o.onChange();
  }

  /** The session is over, for whatever reason; one that nobody could join is not told of. */
  finish(reason: Exclude<CloseReason, 'replaced'>): void {
    if (this.#end !== undefined) return;
    const atMs = this.#o.now();
    this.#end = { atMs, reason };
    if (!this.#begun) return;
    const { turns } = this.#recorder;
    const replies = turns.filter(({ role }) => role === 'avatar').length;
    const durationMs = Math.max(0, Math.round(atMs - this.#o.startedAtMs));
    this.#tell({ type: 'session.ended', data: { reason, durationMs, turns: turns.length - replies, replies } });
  }

  /** The transcript of a session that is over is there for `keptMs`. */
  ready(keptMs: number): void {
    const path = `/v1/sessions/${this.#o.sessionId}/transcript`;
    if (this.#begun) this.#tell({ type: 'transcript.ready', data: { path, keptS: Math.floor(keptMs / 1000) } });
  }

  #tell(happening: SessionHappening): void {
    this.#sequence++;
    const { sessionId, now, tell } = this.#o;
    tell({
      id: randomUUID(),
      sessionId,
      sequence: this.#sequence,
      createdAt: new Date(now()).toISOString(),
      ...happening,
    });
  }
}
