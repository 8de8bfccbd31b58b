/**
 * The control protocol between the gateway and an avatar worker (child_process IPC, `serialization: 'advanced'`).
 * Media never travels here.
 */
import type { ConversationEvent } from '../agents/events.js';
import type { SessionAgent, VisitorMemory } from '../agents/persona.js';
import type { Variables } from '../agents/tools/tool.js';
import type { SpeechEngineName } from '../engine-names.js';
import type { ErrorBody } from '../errors.js';
import type { WorkerHistograms } from '../histogram.js';
import type { Message } from '../inference/engines.js';
import type { Language } from '../languages.js';
import type { TurnTaking } from '../turn-taking.js';

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
  /** Of the avatar's manner, for voices of our own; absent: 1. */
  speechRate?: number;
  speech: SpeechEngineName;
  /** What the visitors are taken to speak; `auto`: what their first turn is spoken in. Absent: the recogniser's own guess. */
  hears?: Language | 'auto';
  /** With `auto`: how the avatar goes on in each language. */
  spokenIn?: Partial<Record<Language, { voice?: string; apology: string }>>;
  /** Spoken when the first viewer is ready; null: silent start. */
  greeting: string | null;
  /** Of what the service itself says aloud. */
  language: Language;
  /** Drawn into every picture; null: nothing. */
  badge: string | null;
  /** Spoken after a failure that cut someone off. */
  apology: string;
  /** System prompt for a language model. */
  instructions?: string;
  /** What this session says of its agent, before the agent file. */
  agent?: SessionAgent;
  variables?: Variables;
  /** Only where the visitor agreed to be remembered. */
  memory?: VisitorMemory;
  /** Absent: `balanced`. */
  turnTaking?: TurnTaking;
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
  /** Push-to-talk: the participant pressed or released the key. */
  | { type: 'talk'; conversationId: string; participantId: string; pressed: boolean }
  | { type: 'interrupt'; conversationId: string; requestId: number }
  /** Speak the apology once the visitor has the floor no more; it does not become part of the history. */
  | { type: 'apologise'; conversationId: string }
  | { type: 'bitrate'; conversationId: string; videoKbps: number }
  /** Share of the voice's packets, in percent, that viewers lose. */
  | { type: 'voice-loss'; conversationId: string; percent: number }
  /** The SFU's end of the link has another port from now on. */
  | { type: 'relink'; conversationId: string; remotePort: number }
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

/** What drawing and encoding cost on this machine, measured in the worker before it takes conversations. */
export interface DrawingCost {
  /** Processor time of the whole process for one frame, in ms. */
  cpuMs: number;
  /** Elapsed time; more than `cpuMs` on a machine that has other things to do. */
  renderMs: number;
  encodeMs: number;
  /** How many frames the means are of. */
  frames: number;
}

export type SpeechPending = Record<'recognition' | 'synthesis' | 'embedding', number>;

export interface WorkerStats {
  pid: number;
  conversations: number;
  /** Of the last interval: how late packets left, in ms. */
  /** `worst`: the largest values themselves, at least the last 1 % of all, so that quantiles of a long run can be joined. */
  pacerLatenessMs: { p50: number; p99: number; p999: number; max: number; count: number; worst: number[] };
  frameMs: { renderP50: number; renderP95: number; encodeP50: number; encodeP95: number; count: number };
  /** Of the last interval: frames that were due, and those of them that were not ready in time. */
  framesDue: number;
  framesLate: number;
  /** Of the last interval: how often speech ran dry inside an utterance. */
  underruns: number;
  /** In ms, since the worker's start, so that a lost report loses nothing. */
  histograms: WorkerHistograms;
  /** Of each conversation, since it was opened in this worker. */
  perConversation: { conversationId: string; framesDue: number; framesLate: number; queuedSpeechMs: number }[];
  /** Calls to the speech worker that have not been answered. */
  speechPending: SpeechPending;
  /** Null where it could not be measured. */
  drawing: DrawingCost | null;
  rssBytes: number;
}
