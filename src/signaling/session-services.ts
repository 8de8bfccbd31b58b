import type { ConversationEvent } from '../agents/events.js';
import type { Logger } from '../log.js';
import type { Sfu } from '../media/sfu.js';
import type { Metrics } from '../metrics/metrics.js';
import type { OtlpExporter } from '../metrics/otlp-exporter.js';
import type { AvatarWorkerClient } from '../worker/avatar-worker-client.js';
import type { ConversationOptions } from '../worker/control.js';
import type { JoinAnswer } from './messages.js';
import type { SessionTexts } from './session-texts.js';
import type { IceServer } from './turn-credentials.js';

export interface SessionOptions {
  id: string;
  avatar: JoinAnswer['avatar'];
  conversation: ConversationOptions;
  /** What tells the visitors that they talk with an AI. */
  disclosure: SessionTexts['disclosure'];
  /** Without anything said for this long the session ends. */
  idleTimeoutMs: number;
  /** Without anyone having joined for this long the session ends. */
  joinWithinMs: number;
  /** After this long it ends, whatever happens in it. */
  maxSessionMs: number;
}

export type SpeechEngineName = ConversationOptions['speech'];

export interface SessionServices {
  sfu: Sfu;
  worker: AvatarWorkerClient;
  /** The speech engine of a session that asks for none. */
  standardSpeech: SpeechEngineName;
  metrics: Metrics;
  /** Where turns go as spans; undefined: nowhere. */
  spans?: OtlpExporter | undefined;
  logger: Logger;
  /** TURN servers with credentials for this session. */
  iceServers: (sessionId: string) => IceServer[];
  /** Throws `unavailable` when no session may be opened beside this many. */
  admit: (sessions: number) => void;
  /** A fact about a visitor who agreed to it; absent where nothing is kept. Never throws. */
  remember?: (visitor: string, openedAtMs: number, fact: string) => void;
  /** A session has ended after this long. */
  onSessionEnd: (sessionId: string, durationMs: number) => void;
  /** Of this session: what its viewers see and hear, and what becomes part of its history. */
  onEvent?: (event: ConversationEvent) => void;
}
