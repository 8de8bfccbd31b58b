import type { CloseReason } from '../../lifecycle.js';

/** Times are in ms since the session's start. */
export type SessionHappening =
  | { type: 'session.started'; data: { avatar: { id: string; name: string } } }
  /** A visitor's turn became part of the conversation. */
  | {
      type: 'turn.committed';
      data: { turnId: number; participantId: string; text: string; startMs: number; endMs: number };
    }
  /** `text`: what was heard. `aside`: an apology, which is no part of the conversation's history. */
  | {
      type: 'reply.finished';
      data: {
        utteranceId: number;
        text: string;
        interrupted: boolean;
        aside: boolean;
        startMs: number;
        endMs: number;
      };
    }
  | {
      type: 'session.ended';
      data: { reason: Exclude<CloseReason, 'replaced'>; durationMs: number; turns: number; replies: number };
    }
  /** The whole transcript can be fetched at `path` for `keptS` seconds. */
  | { type: 'transcript.ready'; data: { path: string; keptS: number } };

/** The JSON body of a webhook. */
export type WebhookBody = SessionHappening & {
  /** Of this event, the same for every attempt and every receiver: a receiver that has seen it ignores it. */
  id: string;
  sessionId: string;
  /** Counts the session's events from 1, those that were not to be sent included. */
  sequence: number;
  /** ISO 8601. */
  createdAt: string;
};
