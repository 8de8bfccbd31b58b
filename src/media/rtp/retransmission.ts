import { readUint16 } from './packet.js';

/** Packets are at most this long: 12 bytes of header, 4 of descriptor and the payload's limit, with room to spare. */
export const MAX_PACKET_BYTES = 1200;
/** A packet that was repeated this often will not arrive by repeating it again. */
const MAX_REPEATS = 3;

/**
 * The last packets of one stream, kept for generic NACKs. The memory is allocated once; packets are written straight into
 * their slot and sent from it, so the capacity must exceed what can be in flight.
 */
export class RetransmissionCache {
  readonly #capacity: number;
  readonly #bytes: Buffer;
  readonly #lengths: Uint16Array;
  readonly #repeats: Uint8Array;

  /** `capacity` is a power of two, so that slots stay in step when sequence numbers wrap. */
  constructor(capacity = 512) {
    if (capacity < 2 || capacity > 32_768 || (capacity & (capacity - 1)) !== 0) {
      throw new TypeError('capacity must be a power of two from 2 to 32768');
    }
    this.#capacity = capacity;
    this.#bytes = Buffer.alloc(capacity * MAX_PACKET_BYTES);
    this.#lengths = new Uint16Array(capacity);
    this.#repeats = new Uint8Array(capacity);
  }

  /** Where the packet `sequence` of `length` bytes is to be written; what was there is forgotten. */
  reserve(sequence: number, length: number): Buffer {
    if (length > MAX_PACKET_BYTES)
      throw new RangeError(`a packet has at most ${MAX_PACKET_BYTES} bytes, not ${length}`);
    const slot = sequence % this.#capacity;
    this.#lengths[slot] = length;
    this.#repeats[slot] = 0;
    return this.#bytes.subarray(slot * MAX_PACKET_BYTES, slot * MAX_PACKET_BYTES + length);
  }

  /** The packet `sequence` if it is still kept. */
  get(sequence: number): Buffer | undefined {
    const slot = sequence % this.#capacity;
    const length = this.#lengths[slot] ?? 0;
    const start = slot * MAX_PACKET_BYTES;
    if (length === 0 || readUint16(this.#bytes, start + 2) !== sequence) return undefined;
    return this.#bytes.subarray(start, start + length);
  }

  /** Like `get()`, but each packet is given out only a few times. */
  takeRepeat(sequence: number): Buffer | undefined {
    const packet = this.get(sequence);
    const slot = sequence % this.#capacity;
    const repeats = this.#repeats[slot] ?? 0;
    if (packet === undefined || repeats >= MAX_REPEATS) return undefined;
    this.#repeats[slot] = repeats + 1;
    return packet;
  }
}
