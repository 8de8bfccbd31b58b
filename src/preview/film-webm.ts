import { rename, rm, writeFile } from 'node:fs/promises';
import { videoKbps } from '../media/bitrate.js';
import { OpusEncoder, Vp8Encoder } from '../media/codecs.js';
import { floatToInt16 } from '../media/resample.js';
import { muxWebm, type WebmFrame } from '../media/webm.js';
import { RECITAL_RATE_HZ } from '../worker/avatar/recital.js';
import { cannotWrite, type FilmFile, type FilmFormat, partialOf } from './film-file.js';

/** At 512². */
const VIDEO_KBPS = 4_000;
const SOUND_KBPS = 64;
const KEY_FRAME_EVERY_S = 5;
const PACKET_MS = 20;
/** What libopus looks ahead at 48 kHz: 2.5 ms of its own and 4 ms to join its two coders (OPUS_GET_LOOKAHEAD, "voip"). */
const OPUS_PRE_SKIP = 312;

/** VP8 and Opus by our own encoders; kept in memory until it is complete. */
export class WebmFile implements FilmFile {
  readonly #path: string;
  readonly #format: FilmFormat;
  readonly #encoder: Vp8Encoder;
  readonly #frames: WebmFrame[] = [];

  constructor(path: string, format: FilmFormat) {
    this.#path = path;
    this.#format = format;
    const { width, height, frameRate } = format;
    this.#encoder = new Vp8Encoder(width, height, {
      bitrateKbps: videoKbps(VIDEO_KBPS, { width, height }),
      fps: frameRate,
    });
  }

  async picture(i420: Uint8Array): Promise<void> {
    const key = this.#frames.length % (KEY_FRAME_EVERY_S * this.#format.frameRate) === 0;
    this.#frames.push(this.#encoder.encode(i420, key));
  }

  async finish(): Promise<void> {
    const { width, height, frameRate, sound } = this.#format;
    const packets = encodeSound(sound);
    const film = muxWebm(this.#frames, {
      ...{ width, height, fps: frameRate },
      sound: { packets, packetMs: PACKET_MS, preSkip: OPUS_PRE_SKIP },
    });
    this.#encoder.close();
    const partial = partialOf(this.#path);
    await writeFile(partial, film)
      .then(() => rename(partial, this.#path))
      .catch(async (cause: unknown) => {
        await rm(partial, { force: true });
        throw cannotWrite(this.#path, cause);
      });
  }

  async discard(): Promise<void> {
    this.#encoder.close();
  }
}

/** Packets of `PACKET_MS`; the last is filled up with silence, and one more lets the encoder's own delay run out. */
function encodeSound(sound: Float32Array): Uint8Array[] {
  const encoder = new OpusEncoder(RECITAL_RATE_HZ, 1, { bitrateKbps: SOUND_KBPS, fec: false, complexity: 10 });
  const length = (RECITAL_RATE_HZ * PACKET_MS) / 1_000;
  const samples = floatToInt16(sound);
  const packets: Uint8Array[] = [];
  for (let at = 0; at < samples.length + OPUS_PRE_SKIP; at += length) {
    const packet = new Int16Array(length);
    packet.set(samples.subarray(at, at + length));
    packets.push(encoder.encode(packet));
  }
  encoder.close();
  return packets;
}
