import type { AgentState, Message } from '../../inference/engines.js';
import type { UnderWay } from '../conversation-mirror.js';
import type { ReplayedEvent } from '../event-replay.js';
import type { SessionOptions } from '../session.js';
import type { KeptTranscript } from '../transcript/transcript.js';

/** Older messages are of no use to a successor; as many as the conversation's own mirror keeps. */
export const MAX_STORED_MESSAGES = 400;
/** A session that its gateway does not renew for this long is gone: its visitors' seats are not kept longer either. */
export const SESSION_TTL_MS = 40_000;
/** A gateway that does not renew its lease for this long counts as dead. */
export const LEASE_MS = 3_000;

/** A seat and the join token that leads to it; of the token only the SHA-256 is known. */
export interface StoredToken {
  participantId: string;
  /** base64url. */
  tokenHash: string;
  /** Wall clock: it must mean the same to another process. */
  expiresAtMs: number;
  /** A visitor has it: the token admits beyond its own life. */
  held: boolean;
}

export interface StoredSeat extends StoredToken {
  /** Events that were sent on the visitor's present connection. */
  sent: number;
}

/** What changes with every word; replaced as a whole. */
export interface LiveState extends UnderWay {
  /** The greeting was begun. */
  started: boolean;
  state: AgentState;
  /** The last events that were sent to all viewers, oldest first. */
  recent: readonly ReplayedEvent[];
}

/** Everything that another gateway needs to go on with a session. */
export interface StoredSession {
  id: string;
  /** Id of the gateway that has it. */
  owner: string;
  createdAtMs: number;
  /** As JSON keeps it. The avatar's folder is the owner's own. */
  options: SessionOptions;
  live: LiveState;
  seats: StoredSeat[];
  /** What was said and heard, oldest first; at most `MAX_STORED_MESSAGES`. */
  history: Message[];
  /** Messages ever, those no longer kept included: the number of the next one. */
  messages: number;
}

/** A change; what is absent stays. `history` continues at message number `from`. */
export interface SessionUpdate {
  live?: LiveState;
  seats?: StoredSeat[];
  from: number;
  history: Message[];
}

/** `missing`: no such session. `gap`: messages before `from` never came. `foreign`: another gateway owns it now. */
export type WriteResult = 'written' | 'missing' | 'gap' | 'foreign';

/**
 * Where sessions outlive the gateway that has them. Every method rejects with `unavailable` within two seconds when the store does
 * not answer. Sessions vanish `SESSION_TTL_MS` after they were last renewed, leases of gateways after `LEASE_MS`.
 */
export interface SessionStore {
  readonly isUp: boolean;
  /** What is wrong while `isUp` is false, for operators. */
  readonly problem: string | undefined;
  /** Called whenever the store comes back; what it knew may be gone. */
  onBack(listener: () => void): void;
  /** Writes everything of a session; never over that of another owner. */
  put(session: StoredSession): Promise<'written' | 'foreign'>;
  /** Messages that were written before are skipped, so that a change may be repeated. */
  update(id: string, owner: string, update: SessionUpdate): Promise<WriteResult>;
  load(id: string): Promise<StoredSession | undefined>;
  /** Hands a session from one owner to the other, renewed; of several that try at once exactly one gets it. */
  claim(id: string, from: string, to: string): Promise<StoredSession | undefined>;
  /** Forgets a session of `owner`. */
  remove(id: string, owner: string): Promise<void>;
  /** Ids of the sessions that `owner` has. */
  ownedBy(owner: string): Promise<string[]>;
  /** Renews the lease of `owner` and its sessions; resolves with those among `ids` that the store does not know. */
  renew(owner: string, ids: readonly string[]): Promise<string[]>;
  isAlive(owner: string): Promise<boolean>;
  /**
   * Keeps what was said in a session for `keepMs` from now in place of what was kept before; 0 forgets it. Of sessions that are over the
   * newest `max` are kept.
   */
  keepTranscript(kept: KeptTranscript, o: { keepMs: number; max: number }): Promise<void>;
  transcript(id: string): Promise<KeptTranscript | undefined>;
  /** Ends the lease of `owner` at once. */
  retire(owner: string): Promise<void>;
  close(): Promise<void>;
}

/** The last messages that are kept, of those that are. */
export function lastMessages(history: readonly Message[]): Message[] {
  return history.slice(-MAX_STORED_MESSAGES);
}
