/** What `visitor.ts` and its child process say to each other. Wall-clock times are in ms since 1970, with fractions. */
import type { ErrorBody } from '../errors.js';
import type { JoinAnswer, ServerToClient } from '../signaling/messages.js';

/** The microphone's rate. */
export const MICROPHONE_RATE_HZ = 48_000;

export type ToVisitorProcess =
  | { type: 'join'; url: string; token: string; pictureEvery: number }
  /** Mono 16-bit PCM at `MICROPHONE_RATE_HZ`, answered by `spoken`. Clips are spoken one after the other. */
  | { type: 'speak'; id: number; samples: Int16Array }
  /** Answered by `accepted` or `refused`. */
  | { type: 'text'; id: number; name: 'ask' | 'say'; text: string }
  | { type: 'leave' };

type EventName = Exclude<keyof ServerToClient, 'closed'>;

/** What the service tells its visitors. */
export type ServiceEvent = {
  [K in EventName]: { name: K; payload: Parameters<ServerToClient[K]>[0] };
}[EventName];

export type FromVisitorProcess =
  | { type: 'live'; join: JoinAnswer }
  /** Nothing more comes after this. */
  | { type: 'ended'; error: ErrorBody }
  | { type: 'spoken'; id: number; firstAtMs: number; lastAtMs: number }
  | { type: 'accepted'; id: number }
  | { type: 'refused'; id: number; error: ErrorBody }
  | { type: 'event'; event: ServiceEvent }
  /** The avatar's voice, mono; `atMs` is when its first sample was played out. */
  | { type: 'audio'; atMs: number; sampleRateHz: number; samples: Int16Array }
  /** A decoded picture; every `pictureEvery`-th one carries its I420 bytes. */
  | { type: 'frame'; atMs: number; width: number; height: number; i420?: Uint8Array };
