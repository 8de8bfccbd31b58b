import { MICROPHONE_RATE_HZ } from './visitor-messages.js';

/** The WebRTC stack takes exactly 10 ms at a time. */
export const BLOCK_SAMPLES = MICROPHONE_RATE_HZ / 100;
const BLOCK_MS = 10;
/** After a standstill longer than this the clock goes on from now, so that no burst of old blocks follows. */
const MAX_BEHIND_MS = 300;

export interface MicrophoneBlock {
  samples: Int16Array<ArrayBuffer>;
  /** The clip of which this block is the first / the last. */
  begins?: number;
  ends?: number;
}

/**
 * A microphone that never stops: clips one after the other, silence in between, cut into blocks of 10 ms. Pure; `due(nowMs)`
 * gives the blocks whose time has come. A block is never skipped: after a standstill they only come later.
 */
export class ScriptedMicrophone {
  readonly #clips: { id: number; samples: Int16Array; at: number }[] = [];
  #nextMs: number;

  constructor(nowMs: number) {
    this.#nextMs = nowMs;
  }

  speak(id: number, samples: Int16Array): void {
    this.#clips.push({ id, samples, at: 0 });
  }

  due(nowMs: number): MicrophoneBlock[] {
    if (nowMs - this.#nextMs > MAX_BEHIND_MS) this.#nextMs = nowMs - BLOCK_MS;
    const blocks: MicrophoneBlock[] = [];
    for (; this.#nextMs <= nowMs; this.#nextMs += BLOCK_MS) blocks.push(this.#next());
    return blocks;
  }

  #next(): MicrophoneBlock {
    const samples = new Int16Array(BLOCK_SAMPLES);
    const clip = this.#clips[0];
    if (clip === undefined) return { samples };
    const block: MicrophoneBlock = { samples };
    samples.set(clip.samples.subarray(clip.at, clip.at + BLOCK_SAMPLES));
    if (clip.at === 0) block.begins = clip.id;
    clip.at += BLOCK_SAMPLES;
    if (clip.at >= clip.samples.length) {
      block.ends = clip.id;
      this.#clips.shift();
    }
    return block;
  }
}
