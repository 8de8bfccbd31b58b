/**
 * What crosses the speech worker's socket, and the few lifecycle messages between it and its supervisor. Request numbers
 * and stream numbers are chosen by the client and belong to its connection.
 */
import { z } from 'zod';
import { type ErrorBody, VisavisError } from '../../errors.js';
import { RECOGNITION_RATE_HZ, type SpeechChunk, type Transcript } from '../../inference/engines.js';

export const SYNTHESISERS = ['kokoro', 'piper'] as const;
export type SynthesiserName = (typeof SYNTHESISERS)[number];

export const MAX_STREAMS = 256;
export const MAX_SEGMENT_CHARACTERS = 1_000;
export const MAX_TEXTS = 64;
export const MAX_TEXT_CHARACTERS = 8_000;
const MAX_PUSH_SAMPLES = 31 * RECOGNITION_RATE_HZ;

const id = z.int().nonnegative();
/** Absent: English; `auto`: which of the service's languages it is, is heard. */
const languageTag = z.string().max(35);
const samples = z
  .custom<Float32Array>((value) => value instanceof Float32Array, 'expected a Float32Array')
  .refine((value) => value.length <= MAX_PUSH_SAMPLES, `expected at most ${MAX_PUSH_SAMPLES} samples`);

const clientMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('stream-open'), stream: id, language: languageTag.optional() }),
  z.object({ type: z.literal('stream-push'), stream: id, samples }),
  /** `language`: of the turns to come. */
  z.object({ type: z.literal('stream-reset'), stream: id, language: languageTag.optional() }),
  z.object({ type: z.literal('stream-close'), stream: id }),
  z.object({ type: z.literal('recognise'), id, stream: id, pass: z.enum(['partial', 'final']) }),
  z.object({
    type: z.literal('speak'),
    id,
    engine: z.enum(SYNTHESISERS),
    text: z.string().max(MAX_SEGMENT_CHARACTERS),
    voice: z.string().max(100).optional(),
    speed: z.number().min(0.5).max(2).optional(),
    priority: z.enum(['first', 'later']),
  }),
  z.object({ type: z.literal('embed'), id, texts: z.array(z.string().max(MAX_TEXT_CHARACTERS)).max(MAX_TEXTS) }),
  z.object({ type: z.literal('cancel'), id }),
]);

export type ClientMessage = z.infer<typeof clientMessage>;
export type SpeakRequest = Extract<ClientMessage, { type: 'speak' }>;

/** Checks what a client sent; throws `bad-request` that names the field. */
export function parseClientMessage(message: unknown): ClientMessage {
  const parsed = clientMessage.safeParse(message);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new VisavisError('bad-request', issue?.message ?? 'malformed message', { field: issue?.path.join('.') });
}

export interface SynthesiserInfo {
  sampleRateHz: number;
  voices: readonly string[];
}

/** The synthesisers that are loaded; another may be loaded when it is first asked for. */
export type LoadedSynthesisers = Partial<Record<SynthesiserName, SynthesiserInfo>>;

/** How long a call waited for its thread and how long the model worked on it. */
export interface CallCost {
  queueMs: number;
  computeMs: number;
}

export type ServerMessage =
  /** Sent first, and again whenever a synthesiser has been loaded. */
  | { type: 'synthesisers'; loaded: LoadedSynthesisers }
  | ({ type: 'transcript'; id: number; transcript: Transcript } & CallCost)
  | { type: 'chunk'; id: number; chunk: SpeechChunk }
  | ({ type: 'spoken'; id: number } & CallCost)
  | ({ type: 'embedded'; id: number; vectors: Float32Array[] } & CallCost)
  | { type: 'failed'; id: number; error: ErrorBody };

export interface SpeechWorkerStats {
  clients: number;
  rssBytes: number;
  threads: Record<'recognition' | 'synthesis' | 'embedding', { queued: number; restarts: number; completed: number }>;
}

/** Speech worker → supervisor, over the IPC channel. */
export type FromSpeechWorker =
  | { type: 'progress'; loading: string }
  /** All models that were asked for are loaded and the socket accepts clients. `standard` and `kokoroMs`: see `chooseStandardVoice`. */
  | { type: 'ready'; synthesisers: LoadedSynthesisers; standard?: SynthesiserName; kokoroMs?: number }
  /** The process is about to exit with status 1. */
  | { type: 'failed'; error: ErrorBody }
  | { type: 'pong'; id: number; stats: SpeechWorkerStats };

/** Supervisor → speech worker. A closed channel means the same as `shutdown`. */
export type ToSpeechWorker = { type: 'ping'; id: number } | { type: 'shutdown' };
