import type { SpeechPosition } from '../inference/engines.js';
import { AUDIO_PACKET_MS, FRAME_LEAD_MS, FRAME_MS, OUTPUT_RATE_HZ, SAMPLES_PER_PACKET } from './output-protocol.js';
import { VP8_CLOCK_HZ } from './rtp/vp8.js';
import { type SpeechEvent, SpeechQueue } from './speech-queue.js';

/** After a longer stall the missed ticks are skipped: the clock jumps, the speech does not. */
export const MAX_CATCH_UP_MS = 200;

const TICKS_PER_FRAME = FRAME_MS / AUDIO_PACKET_MS;
/**
 * The picture shows the speech of this many ticks before the packet that leaves with it. A browser plays sound somewhat longer after its
 * arrival than it takes to show a picture (jitter buffer, device), and leaves differences below about 30 ms alone (libwebrtc's
 * stream synchronisation); measured at the viewer, without this the picture is early by about 20 ms, on a full machine more.
 */
export const PICTURE_DELAY_TICKS = 1;
const REMEMBERED_TICKS = 16;

/** One 20 ms block of audio and when it belongs. */
export interface AudioTick {
  /** Due at `startMs + index · 20`. */
  index: number;
  dueMs: number;
  /** Of its first sample; 32 bits. */
  timestamp: number;
  /** The first block, or the first after skipped ones. */
  discontinuous: boolean;
  events: SpeechEvent[];
}

/** A frame to be asked for now. */
export interface FrameDue {
  index: number;
  dueMs: number;
  /** Of the instant it is due; 32 bits. */
  timestamp: number;
  /** What a viewer hears when the frame is shown. */
  speech: SpeechPosition | null;
}

/**
 * One conversation's output clock. Tick n is due at `startMs + 20·n` for ever: lateness never adds up. Frame k
 * belongs to tick 2·k. RTP timestamps are the wall clock's, so that a successor with the same SSRCs goes on
 * where its predecessor would be. Pure: time is a parameter, in wall-clock milliseconds.
 */
export class Pacer {
  readonly startMs: number;
  readonly speech = new SpeechQueue();
  readonly #audioBase: number;
  readonly #videoBase: number;
  readonly #heard: (SpeechPosition | null)[] = new Array(REMEMBERED_TICKS).fill(null);
  #nextTick = 0;
  #nextFrame = 0;
  #discontinuous = true;

  constructor(startMs: number) {
    this.startMs = startMs;
    this.#audioBase = Math.floor((startMs * OUTPUT_RATE_HZ) / 1000);
    this.#videoBase = Math.floor((startMs * VP8_CLOCK_HZ) / 1000);
  }

  get nextTickMs(): number {
    return this.startMs + this.#nextTick * AUDIO_PACKET_MS;
  }

  /** When the next frame is to be asked for. */
  get nextFrameRequestMs(): number {
    return this.frameDueMs(this.#nextFrame) - FRAME_LEAD_MS;
  }

  frameDueMs(index: number): number {
    return this.startMs + index * FRAME_MS;
  }

  frameTimestamp(index: number): number {
    return wrap32(this.#videoBase + (index * FRAME_MS * VP8_CLOCK_HZ) / 1000);
  }

  /** The RTP timestamps of an instant, for sender reports. */
  timestampsAt(wallMs: number): { audio: number; video: number } {
    const elapsedMs = wallMs - this.startMs;
    return {
      audio: wrap32(this.#audioBase + Math.round((elapsedMs * OUTPUT_RATE_HZ) / 1000)),
      video: wrap32(this.#videoBase + Math.round((elapsedMs * VP8_CLOCK_HZ) / 1000)),
    };
  }

  /** Renders the next tick into `out` (960 samples); null before it is due. Call until null to catch up. */
  tick(nowMs: number, out: Int16Array): AudioTick | null {
    if (nowMs < this.nextTickMs) return null;
    const behindMs = nowMs - this.nextTickMs;
    if (behindMs > MAX_CATCH_UP_MS) {
      this.#nextTick += Math.floor(behindMs / AUDIO_PACKET_MS);
      this.#discontinuous = true;
    }
    const events: SpeechEvent[] = [];
    const index = this.#nextTick++;
    this.#heard[index % REMEMBERED_TICKS] = this.speech.positionAfter(0);
    this.speech.render(out, events);
    const timestamp = wrap32(this.#audioBase + index * SAMPLES_PER_PACKET);
    const discontinuous = this.#discontinuous;
    this.#discontinuous = false;
    return { index, dueMs: this.startMs + index * AUDIO_PACKET_MS, timestamp, discontinuous, events };
  }

  /**
   * The frame to ask for now; null before its time. Frames whose due time has passed already are left out and counted in
   * `skipped`.
   */
  frameRequest(nowMs: number): { frame: FrameDue | null; skipped: number } {
    let skipped = 0;
    const passed = Math.floor((nowMs - this.frameDueMs(this.#nextFrame)) / FRAME_MS);
    if (passed >= 0) {
      skipped = passed + 1;
      this.#nextFrame += skipped;
    }
    if (nowMs < this.nextFrameRequestMs) return { frame: null, skipped };
    const index = this.#nextFrame++;
    const frame = {
      index,
      dueMs: this.frameDueMs(index),
      timestamp: this.frameTimestamp(index),
      speech: this.#speechAt(index * TICKS_PER_FRAME - PICTURE_DELAY_TICKS),
    };
    return { frame, skipped };
  }

  #speechAt(tick: number): SpeechPosition | null {
    if (tick >= this.#nextTick) return this.speech.positionAfter((tick - this.#nextTick) * SAMPLES_PER_PACKET);
    return tick < 0 ? null : (this.#heard[tick % REMEMBERED_TICKS] ?? null);
  }
}

/** Modulo 2³² of a non-negative integer, exact up to 2⁵³. */
function wrap32(value: number): number {
  return value % 2 ** 32;
}
