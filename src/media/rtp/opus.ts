/** Opus over RTP (RFC 7587): one Opus packet is one RTP payload, the clock is always 48 kHz. */
import { RTP_HEADER_BYTES } from './packet.js';
import type { RtpSender } from './sender.js';

export const OPUS_CLOCK_HZ = 48_000;

/** The RTP packet that carries `opus`; `marker` says that the stream begins anew after a pause. */
export function opusPacket(
  sender: RtpSender,
  opus: Uint8Array,
  timestamp: number,
  marker: boolean,
): Uint8Array<ArrayBuffer> {
  const packet = new Uint8Array(RTP_HEADER_BYTES + opus.length);
  sender.writeHeader(packet, timestamp, marker);
  packet.set(opus, RTP_HEADER_BYTES);
  return packet;
}

/**
 * Samples at 48 kHz in an Opus packet, from its table of contents (RFC 6716, section 3.1); 0 when it is malformed.
 */
export function opusDurationSamples(packet: Uint8Array): number {
  const toc = packet[0];
  if (toc === undefined) return 0;
  const config = toc >> 3;
  let frame: number;
  if (config < 12) frame = [480, 960, 1920, 2880][config & 3] ?? 0;
  else if (config < 16) frame = [480, 960][config & 1] ?? 0;
  else frame = [120, 240, 480, 960][config & 3] ?? 0;
  const code = toc & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : (packet[1] ?? 0) & 0x3f;
  const samples = frame * frames;
  return samples <= 5760 ? samples : 0;
}
