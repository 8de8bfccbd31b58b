/**
 * A measuring avatar instead of a face: the brightness of the whole picture says which millisecond of the speech is heard with it.
 * Whoever receives picture and sound can then measure their skew frame by frame.
 */

import type { AvatarStream, MotionStream, SpeechMotion, SpeechPosition } from '../../engines.js';
import { MOTION_FRAME_LENGTH } from '../motion-frame.js';

/** Brightness runs from black to white within this time, then begins again. */
export const PROBE_PERIOD_MS = 500;
const BLACK = 16;
const WHITE = 235;
const MAX_SEGMENTS = 512;

/** Writes the position in all speech since the start, in ms, into channel 0; −1 while nothing is spoken. */
export class ProbeMotion implements MotionStream {
  readonly #startMs = new Map<number, number>();
  #totalMs = 0;

  addSpeech(speech: SpeechMotion): void {
    this.#startMs.set(speech.segmentId, this.#totalMs);
    this.#totalMs += speech.durationMs;
    const oldest = this.#startMs.keys().next().value;
    if (this.#startMs.size > MAX_SEGMENTS && oldest !== undefined) this.#startMs.delete(oldest);
  }

  setState(): void {}

  interrupt(): void {}

  visitorPaused(): void {}

  next(at: SpeechPosition | null, out: Float32Array): void {
    out.fill(0, 0, MOTION_FRAME_LENGTH);
    const startMs = at === null ? undefined : this.#startMs.get(at.segmentId);
    out[0] = at === null || startMs === undefined ? -1 : startMs + at.positionMs;
  }
}

export class ProbeAvatar implements AvatarStream {
  readonly width: number;
  readonly height: number;

  constructor(o: { width: number; height: number }) {
    this.width = o.width;
    this.height = o.height;
  }

  render(motion: Float32Array, out: Uint8Array): void {
    const positionMs = motion[0] ?? -1;
    const share = positionMs < 0 ? 0 : (positionMs % PROBE_PERIOD_MS) / PROBE_PERIOD_MS;
    const lumaBytes = this.width * this.height;
    out.fill(Math.round(BLACK + share * (WHITE - BLACK)), 0, lumaBytes);
    out.fill(128, lumaBytes);
  }

  close(): void {}
}
