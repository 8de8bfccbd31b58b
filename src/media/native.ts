import { createRequire } from 'node:module';
import { VisavisError } from '../errors.js';

/** What `native/*.cc` exports; use the classes of `codecs.ts`, which give it types and typed errors. */
export interface NativeAddon {
  Vp8Encoder: new (width: number, height: number, options: { bitrateKbps?: number; fps?: number }) => NativeVp8Encoder;
  Vp8Decoder: new () => NativeVp8Decoder;
  OpusEncoder: new (
    sampleRateHz: number,
    channels: number,
    options: { bitrateKbps?: number; fec?: boolean; packetLossPercent?: number; complexity?: number },
  ) => NativeOpusEncoder;
  OpusDecoder: new (sampleRateHz: number, channels: number) => NativeOpusDecoder;
  setThreadNice(nice: number): number;
  setThreadRealtime(priority: number): boolean;
  versions: { vpx: string; opus: string };
}

export interface NativeVp8Encoder {
  encode(i420: Uint8Array, forceKeyFrame: boolean): { data: Uint8Array<ArrayBuffer>; keyFrame: boolean };
  setBitrate(kbps: number): void;
  close(): void;
}

export interface NativeVp8Decoder {
  decode(data: Uint8Array): { i420: Uint8Array<ArrayBuffer>; width: number; height: number } | null;
  close(): void;
}

export interface NativeOpusEncoder {
  encode(samples: Int16Array): Uint8Array<ArrayBuffer>;
  setPacketLoss(percent: number): void;
  close(): void;
}

export interface NativeOpusDecoder {
  decode(packet: Uint8Array): Int16Array<ArrayBuffer>;
  decodeLost(samples: number): Int16Array<ArrayBuffer>;
  decodeFec(nextPacket: Uint8Array): Int16Array<ArrayBuffer>;
  reset(): void;
  close(): void;
}

// The same depth below the project's root from `src/media` and from `dist/media`.
const ADDON = '../../native/build/visavis.node';

let loaded: NativeAddon | undefined;

/**
 * The addon over libvpx and libopus, loaded on first use; may be called in any thread.
 * @throws VisavisError `unavailable` when it is not built or does not load.
 */
export function nativeAddon(): NativeAddon {
  if (loaded !== undefined) return loaded;
  try {
    loaded = createRequire(import.meta.url)(ADDON) as NativeAddon;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new VisavisError('unavailable', `the native addon does not load; run "node scripts/setup.mjs" (${reason})`, {
      cause,
      retryable: false,
    });
  }
  return loaded;
}

/**
 * Sets the nice value of the calling thread (Linux keeps one per thread) and returns the one in force afterwards;
 * a refusal is no error.
 */
export function setThreadNice(nice: number): number {
  return nativeAddon().setThreadNice(nice);
}

/** Tries to put the calling thread under SCHED_RR with `priority` 1…99, or with 0 back under the default policy; returns whether it is. */
export function setThreadRealtime(priority: number): boolean {
  return nativeAddon().setThreadRealtime(priority);
}
