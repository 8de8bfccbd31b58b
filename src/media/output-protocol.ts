/**
 * Messages between the three kinds of thread of an avatar worker.
 *
 *   conversation (main) ──speech, clear, duck──► pacer thread ◄──frame request / encoded frame──► avatar thread
 *          └────────────── speech motion, state, interrupt ──────────────────────────────────────────┘
 *
 * The pacer thread owns every UDP socket and the clock of the output: one 20 ms audio tick per conversation, one frame
 * every second tick (25 fps). Audio is kept as PCM and becomes Opus when it is sent, so ducking and clearing act at once and what was heard is
 * known to the sample. Shortly before a frame is due the pacer asks the avatar thread for it, naming the place
 * in the speech that will be heard at that moment; a frame that comes late is left out and the viewer keeps the last one.
 */
import type { WorkerHistograms } from '../histogram.js';
import type { AgentState, SpeechMotion, SpeechPosition } from '../inference/engines.js';
import type { PlainLink } from '../worker/control.js';

export const OUTPUT_RATE_HZ = 48_000;
export const AUDIO_PACKET_MS = 20;
export const SAMPLES_PER_PACKET = 960;
export const FRAME_MS = 40;
/** A frame is asked for this long before it is due. */
export const FRAME_LEAD_MS = 25;

/** One piece of speech to be sent after all earlier ones. */
export interface SpeechSegment {
  segmentId: number;
  utteranceId: number;
  /** 48 kHz mono. */
  samples: Int16Array;
  /** Words with the sample at which each begins. */
  words: { index: number; text: string; startSample: number }[];
}

export type ToPacer =
  | { type: 'open'; conversationId: string; link: PlainLink; framePort: MessagePortLike }
  | { type: 'speech'; conversationId: string; segment: SpeechSegment }
  /** Nothing more follows for this utterance: report `utterance-sent` when its last sample is out. */
  | { type: 'utterance-complete'; conversationId: string; utteranceId: number }
  /** Ramps the voice's gain to `gain` (1 = full, 0.1 = −20 dB) over `rampMs`. */
  | { type: 'gain'; conversationId: string; gain: number; rampMs: number }
  /** Fades out over `fadeMs`, drops all queued speech and restores gain 1. Answered by `cleared`. */
  | { type: 'clear'; conversationId: string; fadeMs: number }
  | { type: 'microphone-added'; conversationId: string; participantId: string; ssrc: number; payloadType: number }
  | { type: 'microphone-removed'; conversationId: string; participantId: string }
  /** Share of the voice's packets, in percent, that is to be expected to be lost. */
  | { type: 'voice-loss'; conversationId: string; percent: number }
  /** The link's other end has this port from now on. */
  | { type: 'relink'; conversationId: string; remotePort: number }
  | { type: 'close'; conversationId: string }
  | { type: 'stats' };

export type FromPacer =
  | { type: 'opened'; conversationId: string }
  | { type: 'open-failed'; conversationId: string; code: string; message: string }
  /** The queue is full (120 s) or the conversation is not open: the segment will not be heard. */
  | { type: 'speech-refused'; conversationId: string; segmentId: number; utteranceId: number; message: string }
  /** `atMs` is `performance.timeOrigin + performance.now()` of the pacer thread: comparable across threads and processes of a machine. */
  | { type: 'segment-started'; conversationId: string; segmentId: number; utteranceId: number; atMs: number }
  | {
      type: 'word-sent';
      conversationId: string;
      segmentId: number;
      utteranceId: number;
      index: number;
      text: string;
      atMs: number;
    }
  | { type: 'utterance-sent'; conversationId: string; utteranceId: number; atMs: number }
  | { type: 'cleared'; conversationId: string; position: SpeechPosition | null; atMs: number }
  /** Microphone audio in order of sequence; `payload` null: lost, to be concealed. 20 ms each unless the payload says otherwise. */
  | {
      type: 'microphone';
      conversationId: string;
      participantId: string;
      sequence: number;
      timestamp: number;
      payload: Uint8Array | null;
      atMs: number;
      /** How long a missing packet is waited for at present. */
      waitMs: number;
    }
  | { type: 'closed'; conversationId: string }
  | { type: 'stats'; stats: PacerStats };

export interface PacerStats {
  /** Milliseconds between a packet's due time and the moment it was handed to the socket; a bounded sample since the last report. */
  latenessMs: number[];
  framesSent: number;
  /** Sent late, or not sent at all. */
  framesLate: number;
  /** Due and never sent. */
  framesMissed: number;
  keyFramesRequested: number;
  audioPacketsSent: number;
  underruns: number;
  /** Since the thread's start, not since the last report. */
  histograms: Pick<WorkerHistograms, 'pacerLateness' | 'frameInterval' | 'skew'>;
  /** Of each open conversation, since it was opened. */
  conversations: { conversationId: string; framesDue: number; framesLate: number; queuedSpeechMs: number }[];
}

/** Pacer → avatar thread, over its own MessagePort. */
export type FrameRequest = {
  type: 'frame';
  index: number;
  rtpTimestamp: number;
  speech: SpeechPosition | null;
  keyFrame: boolean;
};
/** Avatar thread → pacer: one encoded VP8 frame (transferred). */
export type EncodedFrame = {
  type: 'frame';
  index: number;
  data: Uint8Array<ArrayBuffer>;
  keyFrame: boolean;
  renderMs: number;
  encodeMs: number;
};

/** Main → avatar thread. */
export type ToAvatarThread =
  /** Load a picture ahead of the `open` that will probably ask for it. */
  | { type: 'prepare'; avatarPath: string; width: number; height: number }
  | {
      type: 'open';
      avatarPath: string;
      width: number;
      height: number;
      bitrateKbps: number;
      seed: number;
      badge: string | null;
      /** There will be speech without phonemes. */
      listens: boolean;
      framePort: MessagePortLike;
    }
  | { type: 'speech'; motion: SpeechMotion }
  | { type: 'state'; state: AgentState }
  | { type: 'interrupt' }
  | { type: 'visitor-paused' }
  | { type: 'bitrate'; kbps: number }
  | { type: 'close' };

export type FromAvatarThread =
  /** The picture to prepare is loaded, or cannot be: `open` says why. */
  | { type: 'prepared' }
  | { type: 'opened' }
  | { type: 'failed'; message: string }
  /** Timing of the last frames, about once a second. */
  | { type: 'frame-stats'; renderMs: number[]; encodeMs: number[] };

/** A `MessagePort` of node:worker_threads; named so that this file stays free of run-time imports. */
export type MessagePortLike = import('node:worker_threads').MessagePort;
