import type { CloseReason } from '../../lifecycle.js';

/** A word of the avatar, with the moment at which its sound was sent. */
export interface HeardWord {
  text: string;
  atMs: number;
}

export interface VisitorTurn {
  role: 'visitor';
  turnId: number;
  participantId: string;
  text: string;
  startMs: number;
  endMs: number;
}

export interface AvatarTurn {
  role: 'avatar';
  utteranceId: number;
  /** What was heard. */
  text: string;
  startMs: number;
  /** Null: it is still being spoken. */
  endMs: number | null;
  /** It was cut off after its last word. */
  interrupted: boolean;
  /** An apology or the like, which is no part of the conversation's history. */
  aside: boolean;
  words: HeardWord[];
}

export type TranscriptTurn = VisitorTurn | AvatarTurn;

/** What was said and heard in a session. All times are in ms since its start. */
export interface Transcript {
  sessionId: string;
  avatar: { id: string; name: string };
  /** ISO 8601. */
  startedAt: string;
  /** Null while the session lives. */
  endedAt: string | null;
  reason: CloseReason | null;
  /** The oldest turns are missing: there were too many. */
  truncated: boolean;
  /** In the order in which they were heard: an avatar's turn counts from its first word, a visitor's from its end. */
  turns: TranscriptTurn[];
}

/** A transcript as the store keeps it. */
export interface KeptTranscript {
  transcript: Transcript;
  /** Events of the session that other systems were told of. */
  sequence: number;
}
