/**
 * The control protocol between the gateway and an avatar worker (child_process IPC, `serialization: 'advanced'`).
 * Media never travels here.
 */
import type { ConversationEvent } from '../agents/events.js';
import type { ErrorBody } from '../errors.js';
import type { Message } from '../inference/engines.js';

/** One end-to-end RTP stream's identity; the gateway chooses it, so that a successor can take it over. */
export interface RtpStream {
  ssrc: number;
  payloadType: number;
}

/** A conversation's link to the SFU: one UDP port for RTP and RTCP, both ways, on loopback by default. */
export interface PlainLink {
  /** The worker binds exactly this port. */
  localIp: string;
  localPort: number;
  remoteIp: string;
  remotePort: number;
  cname: string;
  audio: RtpStream;
  video: RtpStream;
}

export interface ConversationOptions {
  /** What the avatar calls itself. */
  name: string;
  /** Folder of the avatar package. */
  avatarPath: string;
  width: number;
  height: number;
  /** One that `speech` has, chosen by the gateway. Undefined: the speech engine's own default. */
  voice?: string;
  speech: 'kokoro' | 'piper' | 'openai';
  /** Spoken when the first viewer is ready; null: silent start. */
  greeting: string | null;
  /** System prompt for a language model. */
  instructions?: string;
  videoBitrateKbps: number;
  /** Seed of everything random in the face. */
  seed: number;
}

export type ToAvatarWorker =
  | { type: 'open'; conversationId: string; link: PlainLink; options: ConversationOptions; history: Message[] }
  /** The first viewer is connected: greet. */
  | { type: 'start'; conversationId: string }
  | { type: 'microphone-added'; conversationId: string; participantId: string; stream: RtpStream }
  | { type: 'microphone-removed'; conversationId: string; participantId: string }
  /** Speak `text` word for word. */
  | { type: 'say'; conversationId: string; requestId: number; text: string }
  /** Answer `text` as if `participantId` had spoken it. */
  | { type: 'ask'; conversationId: string; requestId: number; participantId: string; text: string }
  | { type: 'interrupt'; conversationId: string; requestId: number }
  | { type: 'bitrate'; conversationId: string; videoKbps: number }
  | { type: 'close'; conversationId: string }
  | { type: 'ping'; id: number }
  | { type: 'shutdown' };

export type FromAvatarWorker =
  | { type: 'ready' }
  | { type: 'opened'; conversationId: string }
  | { type: 'open-failed'; conversationId: string; error: ErrorBody }
  | { type: 'event'; conversationId: string; event: ConversationEvent }
  | { type: 'answer'; requestId: number; error?: ErrorBody }
  | { type: 'closed'; conversationId: string; error?: ErrorBody }
  | { type: 'pong'; id: number; stats: WorkerStats };

export interface WorkerStats {
  conversations: number;
  /** Of the last interval: how late packets left, in ms. */
  /** `worst`: the largest values themselves, at least the last 1 % of all, so that quantiles of a long run can be joined. */
  pacerLatenessMs: { p50: number; p99: number; p999: number; max: number; count: number; worst: number[] };
  frameMs: { renderP50: number; renderP95: number; encodeP50: number; encodeP95: number; count: number };
  /** Frames that were not ready when due. */
  framesLate: number;
  rssBytes: number;
}
