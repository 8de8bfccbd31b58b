/**
 * The socket.io contract. Every client message is acknowledged with `Ack<T>`; its payload is checked against the schema here
 * before anything else looks at it. The browser client imports the types of this file.
 */
import { z } from 'zod';
import { personaFields, toolName, variableValues } from '../agent-file-schema.js';
import type { TurnLatency } from '../agents/events.js';
import { SPEECH_ENGINES } from '../engine-names.js';
import type { ErrorBody } from '../errors.js';
import type { AgentState, Source } from '../inference/engines.js';
import { LANGUAGES, type Language } from '../languages.js';
import type { SilenceLedger } from '../silence-ledger.js';
import { TURN_TAKING, type TurnTaking } from '../turn-taking.js';
import type { IceServer } from './turn-credentials.js';

export const MAX_TEXT_LENGTH = 4_000;

const id = z.string().min(1).max(64);
/** mediasoup checks the insides of these; here only that they are objects of a sane size. */
const opaque = z.record(z.string(), z.unknown());
const text = z
  .string()
  .max(MAX_TEXT_LENGTH)
  .refine((value) => value.trim().length > 0, { message: 'expected some text, got none' });

export const clientMessages = {
  /**
   * `resume`: the connection broke and the client still has its transports; they are kept when the server has them too. `received`:
   * events that came over the broken connection; those after it are sent again as far as they are known.
   */
  join: z.strictObject({
    token: z.string().min(1).max(512),
    resume: z.boolean().optional(),
    received: z.int().min(0).optional(),
  }),
  'create-transport': z.strictObject({ direction: z.enum(['send', 'receive']) }),
  'connect-transport': z.strictObject({ transportId: id, dtlsParameters: opaque }),
  /** New ICE credentials for a transport whose path broke, or whose client has a new address; media goes on where it was. */
  'restart-ice': z.strictObject({ transportId: id }),
  produce: z.strictObject({ transportId: id, kind: z.literal('audio'), rtpParameters: opaque }),
  /** Subscribes to the avatar's picture and sound; consumers start paused. */
  consume: z.strictObject({ transportId: id, rtpCapabilities: opaque }),
  /** Starts all consumers; the first viewer's resume starts the conversation (greeting). */
  resume: z.strictObject({}),
  'set-microphone': z.strictObject({ enabled: z.boolean() }),
  /** Word for word. */
  say: z.strictObject({ text }),
  /** A question to the agent. */
  ask: z.strictObject({ text }),
  interrupt: z.strictObject({}),
  /** In a session that takes turns by push-to-talk: the visitor pressed or released the key. `conflict` in any other. */
  'push-to-talk': z.strictObject({ pressed: z.boolean() }),
  leave: z.strictObject({}),
} as const;

export type ClientMessageName = keyof typeof clientMessages;
export type ClientMessage<K extends ClientMessageName> = z.infer<(typeof clientMessages)[K]>;

export interface JoinAnswer {
  sessionId: string;
  participantId: string;
  routerRtpCapabilities: Record<string, unknown>;
  /** TURN servers with credentials that last for a while; empty without TURN. */
  iceServers: IceServer[];
  avatar: { id: string; name: string; width: number; height: number };
  state: AgentState;
  /** To be shown: the other side is an AI. Empty where the operator tells visitors by other means. */
  disclosure: string;
  /** Of `disclosure`, BCP 47. */
  language: Language;
  /** How it is decided whose turn it is. */
  turnTaking: TurnTaking;
  /** The transports of the broken connection live on, and with them microphone and consumers; else they are to be made anew. */
  mediaKept: boolean;
}

export interface TransportAnswer {
  id: string;
  iceParameters: Record<string, unknown>;
  iceCandidates: Record<string, unknown>[];
  dtlsParameters: Record<string, unknown>;
  /** As in `JoinAnswer`, with fresh credentials. */
  iceServers: IceServer[];
}

export interface ConsumerAnswer {
  id: string;
  producerId: string;
  kind: 'audio' | 'video';
  rtpParameters: Record<string, unknown>;
}

export interface Answers {
  join: JoinAnswer;
  'create-transport': TransportAnswer;
  'connect-transport': Record<never, never>;
  'restart-ice': { iceParameters: Record<string, unknown>; iceServers: IceServer[] };
  produce: { producerId: string };
  consume: { consumers: ConsumerAnswer[] };
  resume: Record<never, never>;
  'set-microphone': Record<never, never>;
  say: Record<never, never>;
  ask: Record<never, never>;
  interrupt: Record<never, never>;
  'push-to-talk': Record<never, never>;
  leave: Record<never, never>;
}

export type Ack<T> = { ok: true; data: T } | { ok: false; error: ErrorBody };

/** Client → server: `socket.emit(name, payload, ack)`. */
export type ClientToServer = {
  [K in ClientMessageName]: (payload: ClientMessage<K>, ack: (answer: Ack<Answers[K]>) => void) => void;
};

/** Server → client. */
export interface ServerToClient {
  state: (e: { state: AgentState }) => void;
  transcript: (e: { turnId: number; participantId: string; text: string; final: boolean }) => void;
  /** A word of the avatar, when its audio is sent. */
  caption: (e: { utteranceId: number; index: number; word: string }) => void;
  /** What the avatar's utterance rests on; at most once, just before its end. */
  sources: (e: { utteranceId: number; sources: Source[] }) => void;
  'utterance-end': (e: { utteranceId: number; text: string; interrupted: boolean }) => void;
  interruption: (e: { phase: 'ducked' | 'stopped' | 'resumed'; utteranceId: number; sinceOnsetMs: number }) => void;
  /** `ledger` splits the silence up to the answer, with what delivery takes by estimate; see `silenceLedger`. */
  latency: (e: { turnId: number; utteranceId: number; latency: TurnLatency; ledger: SilenceLedger }) => void;
  /** A human was asked to take over. */
  handover: (e: Record<never, never>) => void;
  /** Something failed that was not asked for by a message (those fail in their acknowledgement). */
  'session-error': (e: ErrorBody) => void;
  /** The session will be ended by the service in `inMs`: it has lasted as long as one may, or the service is to stop. */
  ending: (e: { reason: 'duration' | 'shutdown'; inMs: number }) => void;
  /** The media server failed: seat and conversation are kept; transports, consumers and microphone are to be made anew, without a join. */
  'media-lost': (e: Record<never, never>) => void;
  /** The session is over; the socket is closed after this. */
  closed: (e: { reason: string }) => void;
}

/** `POST /v1/sessions`. All fields optional. */
export const createSessionBody = z.strictObject({
  avatar: z.string().min(1).max(64).optional(),
  /** One that the session's speech engine has; by default VISAVIS_VOICE, else the avatar's own. */
  voice: z.string().min(1).max(64).optional(),
  speech: z.enum(SPEECH_ENGINES).optional(),
  /** Of the picture, such as 1024x576: one of the avatar's `sizes`, by default the first of them. */
  size: z.string().max(16).optional(),
  /**
   * Of what the service itself writes and, with a voice that speaks it, says; by default VISAVIS_LANGUAGE. Visitors are heard in it where it is English or
   * among VISAVIS_LANGUAGES; `auto`: in whichever of these the first turn is spoken, and answered in it.
   */
  language: z.enum([...LANGUAGES, 'auto']).optional(),
  /** Spoken when the visitor is connected; null: silence. That the avatar is an AI is put before a text that does not say so. */
  greeting: z.string().max(500).nullable().optional(),
  instructions: z.string().max(20_000).optional(),
  /** Counts before the agent file; `rules` are added to its own, `tools` are those of its tools that this session may use. */
  agent: z.strictObject({ ...personaFields, tools: z.array(toolName).max(64).optional() }).optional(),
  /** What tools may rely on, because whoever opens the session sets it and nothing said in it changes it; see the agent file. */
  variables: variableValues.optional(),
  /** `remember`: the visitor has agreed that what is said is remembered for later visits under this id. */
  visitor: z.strictObject({ id: z.string().min(1).max(128), remember: z.boolean() }).optional(),
  /** How it is decided whose turn it is; by default VISAVIS_TURN_TAKING. See docs/turns.md. */
  turnTaking: z.enum(TURN_TAKING).optional(),
});
export type CreateSessionBody = z.infer<typeof createSessionBody>;

/** Answer of `POST /v1/sessions`, status 201. */
export interface CreatedSession {
  sessionId: string;
  /** Join token for `join`, valid until `expiresAt`. */
  token: string;
  expiresAt: string;
  avatar: JoinAnswer['avatar'];
}
