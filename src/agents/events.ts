import type { ErrorBody } from '../errors.js';
import type { AgentState, Message, Source } from '../inference/engines.js';
import type { ModerationEvent } from './moderation/moderation.js';

/** Times of one turn in ms, each measured from the visitor's last voiced sample as the VAD saw it. Absent stages did not happen. */
export interface TurnLatency {
  /** Silence after which the recogniser's final run was started speculatively. */
  speculationMs?: number;
  /** The text that was answered was known. */
  transcriptMs?: number;
  /** First text of the reply. */
  firstTextMs?: number;
  /** First part of it that is long enough to be spoken. */
  firstSegmentMs?: number;
  /** First audio from the synthesiser. */
  firstAudioMs?: number;
  /** The turn detector's decision, or the visitor's release of the key. */
  turnEndMs?: number;
  /** First sample of the reply's speech handed to the network. */
  firstSentMs?: number;
  /** Compute times inside the engines. */
  recognitionComputeMs?: number;
  synthesisComputeMs?: number;
  /** The speculative start was used, that is, nothing had to be done again. */
  speculationUsed?: boolean;
}

/** What happens in a conversation, as its viewers may know it. */
export type ConversationEvent =
  | { type: 'state'; state: AgentState }
  /** What a visitor says. A partial may still change; each turn ends with exactly one final (empty when nothing was understood). */
  | {
      type: 'transcript';
      turnId: number;
      participantId: string;
      text: string;
      final: boolean;
      /** Only of finals: when the speech began and ended, in ms before now. Absent: it was typed. */
      spoken?: { fromAgoMs: number; toAgoMs: number };
    }
  /** A word of the avatar at the moment its audio is sent. `aside`: of an utterance that does not become part of the history. */
  | {
      type: 'caption';
      utteranceId: number;
      index: number;
      word: string;
      aside?: boolean;
      /** How long ago its audio was sent, in ms. Absent: now. */
      agoMs?: number;
    }
  /** What the avatar's utterance rests on; at most once, just before its end. */
  | { type: 'sources'; utteranceId: number; sources: Source[] }
  /** The avatar's utterance is over; `text` is what was heard. */
  | { type: 'utterance-end'; utteranceId: number; text: string; interrupted: boolean }
  /** The visitor spoke into the avatar's voice. */
  | { type: 'interruption'; phase: 'ducked' | 'stopped' | 'resumed'; utteranceId: number; sinceOnsetMs: number }
  /** A human was asked to take over. */
  | { type: 'handover' }
  /** To be remembered of a visitor who agreed to it; not for viewers. `openedAtMs`: when the session was opened. */
  | { type: 'memory'; visitor: string; openedAtMs: number; fact: string }
  /** `lastVoicedAtMs`: wall clock of the visitor's last voiced sample, from which all of `latency` counts. */
  | {
      type: 'latency';
      turnId: number;
      participantId: string;
      utteranceId: number;
      lastVoicedAtMs: number;
      latency: TurnLatency;
    }
  /** A message became part of the history (the mirror of every conversation is kept from these). */
  | { type: 'history'; message: Message }
  /** Something was masked, refused or not judged; what it was is in the moderation log alone. */
  | ({ type: 'moderation' } & ModerationEvent)
  | { type: 'error'; error: ErrorBody };
