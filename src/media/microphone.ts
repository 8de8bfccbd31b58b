import { RECOGNITION_RATE_HZ, VAD_WINDOW } from '../inference/engines.js';
import { OpusDecoder } from './codecs.js';
import { int16ToFloat, Resampler } from './resample.js';
import { OPUS_CLOCK_HZ, opusDurationSamples } from './rtp/opus.js';
import { timestampDistance } from './rtp/packet.js';

/** What the pacer thread's `microphone` messages say of one packet. */
export interface MicrophonePacket {
  timestamp: number;
  /** null: lost. */
  payload: Uint8Array | null;
  atMs: number;
  /** How long a missing packet is waited for at present: packets may come in bursts this far apart. */
  waitMs?: number;
}

export type MicrophoneOutput =
  | {
      type: 'window';
      /** `VAD_WINDOW` samples at 16 kHz. */
      samples: Float32Array<ArrayBuffer>;
      /** Media time of the first sample since the stream began, by the microphone's own clock. */
      mediaMs: number;
      /** Arrival (wall clock) of the audio that completed the window. */
      atMs: number;
      /** Supplied by us, for want of packets. */
      silent: boolean;
    }
  /**
   * Nothing came for more than 200 ms, or twice the wait for missing packets where that is longer (muted, DTX, or the network): from
   * here on silence is supplied. Voice activity detectors should forget their context when `gap-end` follows.
   */
  | { type: 'gap-start'; mediaMs: number; atMs: number }
  | { type: 'gap-end'; mediaMs: number; atMs: number; durationMs: number };

/** Longer silence on the line than this is a gap. */
export const GAP_MS = 200;
/** Silence supplied for one gap at most: enough for every turn to end by it. */
const MAX_SUPPLIED_MS = 3000;
/** Jumps of the timestamp up to this are filled so that media time stays true; beyond it, the clock is taken as new. */
const MAX_FILLED_MS = 1000;
const SAMPLES_PER_MS = OPUS_CLOCK_HZ / 1000;
const PACKET_SAMPLES = 960;

/**
 * One participant's microphone: Opus packets in order → 48 kHz (lost ones rebuilt from FEC data or concealed) → 16 kHz → windows of 512
 * samples. Pure but for the codec's state: time is a parameter. `advance()` is to be called about every 50 ms, or mutes go unseen.
 */
export class Microphone {
  readonly #decoder = new OpusDecoder(OPUS_CLOCK_HZ, 1);
  readonly #resampler = new Resampler(OPUS_CLOCK_HZ, RECOGNITION_RATE_HZ);
  #window = new Float32Array(VAD_WINDOW);
  #filled = 0;
  #windows = 0;
  /** Lost packets that wait for the next one's FEC data. */
  #lost = 0;
  #lastDuration = PACKET_SAMPLES;
  #nextTimestamp: number | null = null;
  #lastPacketMs: number | null = null;
  /** Wall-clock time up to which a gap has been filled. */
  #suppliedUntilMs: number | null = null;
  #gapMs = GAP_MS;
  #damaged = 0;

  /** Packets that the codec refused. */
  get damagedPackets(): number {
    return this.#damaged;
  }

  /** Takes the next packet in order. */
  push(packet: MicrophonePacket): MicrophoneOutput[] {
    const out: MicrophoneOutput[] = [];
    this.#gapMs = Math.max(GAP_MS, 2 * (packet.waitMs ?? 0));
    if (packet.payload === null) {
      this.#lost++;
      return out;
    }
    if (this.#suppliedUntilMs !== null) this.#endGap(packet.atMs, out);
    else this.#fillJump(packet, out);
    const samples = this.#decode(packet.payload);
    this.#lost = 0;
    this.#lastPacketMs = packet.atMs;
    this.#nextTimestamp = (packet.timestamp + (opusDurationSamples(packet.payload) || PACKET_SAMPLES)) >>> 0;
    for (const block of samples) this.#append(int16ToFloat(block), packet.atMs, false, out);
    return out;
  }

  /** Reports a gap as soon as it is one, and fills it with silence in real time, up to a bound. */
  advance(nowMs: number): MicrophoneOutput[] {
    const out: MicrophoneOutput[] = [];
    if (this.#lastPacketMs === null || nowMs - this.#lastPacketMs < this.#gapMs) return out;
    if (this.#suppliedUntilMs === null) {
      this.#suppliedUntilMs = this.#lastPacketMs;
      this.#lost = 0;
      out.push({ type: 'gap-start', mediaMs: this.#mediaMs(), atMs: nowMs });
    }
    const untilMs = Math.min(nowMs, this.#lastPacketMs + MAX_SUPPLIED_MS);
    this.#supply(untilMs - this.#suppliedUntilMs, nowMs, out);
    this.#suppliedUntilMs = untilMs;
    return out;
  }

  close(): void {
    this.#decoder.close();
  }

  #mediaMs(): number {
    return ((this.#windows * VAD_WINDOW + this.#filled) * 1000) / RECOGNITION_RATE_HZ;
  }

  #endGap(atMs: number, out: MicrophoneOutput[]): void {
    const durationMs = atMs - (this.#lastPacketMs ?? atMs);
    this.#suppliedUntilMs = null;
    this.#lost = 0;
    this.#decoder.reset();
    this.#resampler.reset();
    out.push({ type: 'gap-end', mediaMs: this.#mediaMs(), atMs, durationMs });
  }

  /** Silence where the timestamps skip audio that was never sent (short DTX) or was lost beyond concealment. */
  #fillJump(packet: MicrophonePacket, out: MicrophoneOutput[]): void {
    if (this.#nextTimestamp === null) return;
    const skipped = timestampDistance(packet.timestamp, this.#nextTimestamp) - this.#lost * this.#lastDuration;
    const skippedMs = skipped / SAMPLES_PER_MS;
    if (skippedMs >= 1 && skippedMs <= MAX_FILLED_MS) this.#supply(skippedMs, packet.atMs, out);
  }

  #decode(payload: Uint8Array): Int16Array[] {
    const blocks: Int16Array[] = [];
    try {
      for (let i = 1; i < this.#lost; i++) blocks.push(this.#decoder.decodeLost(this.#lastDuration));
      if (this.#lost > 0) blocks.push(this.#decoder.decodeFec(payload));
      const samples = this.#decoder.decode(payload);
      this.#lastDuration = samples.length;
      blocks.push(samples);
    } catch {
      this.#damaged++;
      blocks.push(this.#decoder.decodeLost(this.#lastDuration));
    }
    return blocks;
  }

  #supply(durationMs: number, atMs: number, out: MicrophoneOutput[]): void {
    const samples = Math.round(durationMs * SAMPLES_PER_MS);
    if (samples > 0) this.#append(new Float32Array(samples), atMs, true, out);
  }

  #append(samples: Float32Array, atMs: number, silent: boolean, out: MicrophoneOutput[]): void {
    const resampled = this.#resampler.process(samples);
    for (let offset = 0; offset < resampled.length; ) {
      const count = Math.min(VAD_WINDOW - this.#filled, resampled.length - offset);
      this.#window.set(resampled.subarray(offset, offset + count), this.#filled);
      this.#filled += count;
      offset += count;
      if (this.#filled < VAD_WINDOW) break;
      const mediaMs = (this.#windows * VAD_WINDOW * 1000) / RECOGNITION_RATE_HZ;
      out.push({ type: 'window', samples: this.#window, mediaMs, atMs, silent });
      this.#window = new Float32Array(VAD_WINDOW);
      this.#filled = 0;
      this.#windows++;
    }
  }
}
