/** VP8 over RTP (RFC 7741) with 15-bit picture identifiers and one partition per frame. */
import { RTP_HEADER_BYTES } from './packet.js';
import type { RetransmissionCache } from './retransmission.js';
import type { RtpSender } from './sender.js';

export const VP8_CLOCK_HZ = 90_000;
/** Payload bytes of a packet, descriptor excluded: with IP, UDP, SRTP and TURN overhead it still fits a 1280-byte path. */
export const MAX_PAYLOAD_BYTES = 1150;
const DESCRIPTOR_BYTES = 4;

/** Cuts frames into packets of nearly equal size and numbers the pictures. */
export class Vp8Packetiser {
  readonly #sender: RtpSender;
  readonly #cache: RetransmissionCache;
  #pictureId: number;

  constructor(sender: RtpSender, cache: RetransmissionCache, firstPictureId: number) {
    this.#sender = sender;
    this.#cache = cache;
    this.#pictureId = firstPictureId & 0x7fff;
  }

  /**
   * Writes the packets of `frame` into the cache under consecutive sequence numbers.
   * @returns the first sequence number and how many there are.
   */
  packetise(frame: Uint8Array, timestamp: number): { firstSequence: number; count: number } {
    const count = Math.max(1, Math.ceil(frame.length / MAX_PAYLOAD_BYTES));
    const firstSequence = this.#sender.nextSequence;
    for (let i = 0; i < count; i++) {
      const start = Math.floor((i * frame.length) / count);
      const end = Math.floor(((i + 1) * frame.length) / count);
      const packet = this.#cache.reserve(
        this.#sender.nextSequence,
        RTP_HEADER_BYTES + DESCRIPTOR_BYTES + (end - start),
      );
      this.#sender.writeHeader(packet, timestamp, i === count - 1);
      // X, and S in the first packet; I; M with the identifier's upper bits; its lower bits.
      packet[RTP_HEADER_BYTES] = 0x80 | (i === 0 ? 0x10 : 0);
      packet[RTP_HEADER_BYTES + 1] = 0x80;
      packet[RTP_HEADER_BYTES + 2] = 0x80 | (this.#pictureId >> 8);
      packet[RTP_HEADER_BYTES + 3] = this.#pictureId & 0xff;
      packet.set(frame.subarray(start, end), RTP_HEADER_BYTES + DESCRIPTOR_BYTES);
    }
    this.#pictureId = (this.#pictureId + 1) & 0x7fff;
    return { firstSequence, count };
  }
}

export interface Vp8Payload {
  /** The packet begins a partition: with partition 0, a frame. */
  start: boolean;
  partition: number;
  pictureId: number | null;
  /** Only meaningful in a frame's first packet (RFC 7741, section 4.3: the inverse key frame flag). */
  keyFrame: boolean;
  data: Uint8Array;
}

/** Reads the payload descriptor (RFC 7741, section 4.2); null when it is cut short. */
export function parseVp8Payload(payload: Uint8Array): Vp8Payload | null {
  const first = payload[0];
  if (first === undefined) return null;
  let offset = 1;
  let pictureId: number | null = null;
  if ((first & 0x80) !== 0) {
    const extension = payload[offset++] ?? 0;
    if ((extension & 0x80) !== 0) {
      const high = payload[offset++] ?? 0;
      pictureId = (high & 0x80) !== 0 ? ((high & 0x7f) << 8) | (payload[offset++] ?? 0) : high;
    }
    if ((extension & 0x40) !== 0) offset++;
    if ((extension & 0x30) !== 0) offset++;
  }
  if (offset >= payload.length) return null;
  const start = (first & 0x10) !== 0;
  const partition = first & 0x07;
  const keyFrame = start && partition === 0 && ((payload[offset] ?? 1) & 1) === 0;
  return { start, partition, pictureId, keyFrame, data: payload.subarray(offset) };
}
