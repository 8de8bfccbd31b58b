import { VisavisError } from '../errors.js';
import {
  type NativeOpusDecoder,
  type NativeOpusEncoder,
  type NativeVp8Decoder,
  type NativeVp8Encoder,
  nativeAddon,
} from './native.js';

/** Bytes of one I420 picture. */
export function i420Bytes(width: number, height: number): number {
  return width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2);
}

export interface Vp8EncoderOptions {
  /** 30…50000, default 1000. */
  bitrateKbps?: number;
  /** 1…120, default 25. */
  fps?: number;
}

/**
 * Realtime VP8: every `encode()` gives exactly one frame, without lag. Constant bitrate; a key frame costs at most about 4.5
 * frames' budget. Key frames come only first and on demand.
 */
export class Vp8Encoder {
  readonly width: number;
  readonly height: number;
  readonly #native: NativeVp8Encoder;

  /** @throws TypeError naming the argument: sides must be even, 16…4096. */
  constructor(width: number, height: number, options: Vp8EncoderOptions = {}) {
    this.#native = new (nativeAddon().Vp8Encoder)(width, height, options);
    this.width = width;
    this.height = height;
  }

  /**
   * Encodes `i420Bytes(width, height)` bytes; they may lie in shared memory. `data` owns its ArrayBuffer and may be transferred.
   * @throws TypeError when the size does not fit.
   */
  encode(i420: Uint8Array, forceKeyFrame = false): { data: Uint8Array<ArrayBuffer>; keyFrame: boolean } {
    return this.#native.encode(i420, forceKeyFrame);
  }

  /** Takes effect with the next frame. */
  setBitrate(kbps: number): void {
    this.#native.setBitrate(kbps);
  }

  /** Frees libvpx's memory at once instead of at garbage collection; idempotent. */
  close(): void {
    this.#native.close();
  }
}

export interface DecodedFrame {
  i420: Uint8Array<ArrayBuffer>;
  width: number;
  height: number;
}

/** VP8 decoder. After a damaged frame it needs a key frame. */
export class Vp8Decoder {
  readonly #native: NativeVp8Decoder = new (nativeAddon().Vp8Decoder)();

  /** The picture of one encoded frame; null when the frame shows nothing. @throws VisavisError `bad-request` for a damaged frame. */
  decode(data: Uint8Array): DecodedFrame | null {
    return typed(() => this.#native.decode(data));
  }

  close(): void {
    this.#native.close();
  }
}

export interface OpusEncoderOptions {
  /** 6…510, default 40. */
  bitrateKbps?: number;
  /** In-band forward error correction; default on. */
  fec?: boolean;
  /** Loss that the encoder should expect, 0…100; default 5. */
  packetLossPercent?: number;
  /** 0…10, default 9. */
  complexity?: number;
}

/** Opus for speech (VOIP, no DTX: silence is encoded like everything else). */
export class OpusEncoder {
  readonly #native: NativeOpusEncoder;

  constructor(sampleRateHz: number, channels: number, options: OpusEncoderOptions = {}) {
    this.#native = new (nativeAddon().OpusEncoder)(sampleRateHz, channels, options);
  }

  /** Encodes 2.5, 5, 10, 20, 40 or 60 ms of interleaved samples; the packet owns its ArrayBuffer. @throws TypeError for other lengths. */
  encode(samples: Int16Array): Uint8Array<ArrayBuffer> {
    return this.#native.encode(samples);
  }

  /** Loss to expect from the next packet on, 0…100. @throws TypeError for other values. */
  setPacketLoss(percent: number): void {
    this.#native.setPacketLoss(percent);
  }

  close(): void {
    this.#native.close();
  }
}

/** Opus decoder with concealment of lost packets and recovery from the next packet's FEC data. */
export class OpusDecoder {
  readonly #native: NativeOpusDecoder;

  constructor(sampleRateHz: number, channels: number) {
    this.#native = new (nativeAddon().OpusDecoder)(sampleRateHz, channels);
  }

  /** All samples of `packet`, up to 120 ms. @throws VisavisError `bad-request` for bytes that are no Opus packet. */
  decode(packet: Uint8Array): Int16Array<ArrayBuffer> {
    return typed(() => this.#native.decode(packet));
  }

  /** Plausible audio in place of a lost packet: `samples` per channel, a multiple of 2.5 ms. */
  decodeLost(samples: number): Int16Array<ArrayBuffer> {
    return this.#native.decodeLost(samples);
  }

  /** The packet BEFORE `nextPacket`, from its FEC data; concealed when it carries none. Call before `decode(nextPacket)`. */
  decodeFec(nextPacket: Uint8Array): Int16Array<ArrayBuffer> {
    return typed(() => this.#native.decodeFec(nextPacket));
  }

  /** Forgets the past, as after a gap. */
  reset(): void {
    this.#native.reset();
  }

  close(): void {
    this.#native.close();
  }
}

/** Media comes from the network: what a codec refuses is bad input, not a fault of ours. */
function typed<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    if (cause instanceof TypeError) throw cause;
    throw new VisavisError('bad-request', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
