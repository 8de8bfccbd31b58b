import type { CloseReason } from '../../../src/lifecycle.js';
import type { JoinAnswer, ServerToClient } from '../../../src/signaling/messages.js';

/** Where the client stands; `over` is final. */
export type Phase = 'connecting' | 'live' | 'reconnecting' | 'over';

/** Why a conversation is over: what the server says; `lost`, when the way to it is; `blocked`, when media never found one. */
export type EndReason = CloseReason | 'lost' | 'blocked';

type ServerEvent = {
  [K in Exclude<keyof ServerToClient, 'closed' | 'media-lost'>]: { type: K } & Parameters<ServerToClient[K]>[0];
}[Exclude<keyof ServerToClient, 'closed' | 'media-lost'>];

/** What a `Conversation` tells its owner, in the order in which it happened. */
export type ConversationEvent =
  | ServerEvent
  | { type: 'phase'; phase: Exclude<Phase, 'over'> }
  | { type: 'phase'; phase: 'over'; reason: EndReason; detail?: string }
  | { type: 'joined'; answer: JoinAnswer }
  /** The avatar's tracks, again whenever media was built anew; none while it is. */
  | { type: 'tracks'; tracks: readonly MediaStreamTrack[] }
  /** The visitor typed `text` and the server took it. */
  | { type: 'asked'; text: string };
