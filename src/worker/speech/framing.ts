import { deserialize, serialize } from 'node:v8';
import { VisavisError } from '../../errors.js';

/** Longest frame: half a minute of 24 kHz audio is 2.9 MB. */
export const MAX_FRAME_BYTES = 8 << 20;
const HEADER_BYTES = 4;

/** One message as bytes: its length as an unsigned 32-bit big-endian number, then V8's structured clone of it. */
export function encodeFrame(message: unknown): Buffer {
  const payload = serialize(message);
  if (payload.length > MAX_FRAME_BYTES) {
    throw new VisavisError('too-large', `message of ${payload.length} bytes, expected at most ${MAX_FRAME_BYTES}`);
  }
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  frame.writeUInt32BE(payload.length, 0);
  payload.copy(frame, HEADER_BYTES);
  return frame;
}

/**
 * Cuts a byte stream into messages. Keeps at most one unfinished frame. Throws `bad-request` for a frame that is longer
 * than `MAX_FRAME_BYTES` or is no structured clone; after that the stream cannot be understood any more.
 */
export class FrameDecoder {
  #chunks: Buffer[] = [];
  #buffered = 0;
  #expected = -1;

  push(bytes: Buffer): unknown[] {
    this.#chunks.push(bytes);
    this.#buffered += bytes.length;
    const messages: unknown[] = [];
    for (;;) {
      if (this.#expected < 0) {
        if (this.#buffered < HEADER_BYTES) return messages;
        this.#expected = this.#take(HEADER_BYTES).readUInt32BE(0);
        if (this.#expected > MAX_FRAME_BYTES) {
          throw new VisavisError(
            'bad-request',
            `frame of ${this.#expected} bytes, expected at most ${MAX_FRAME_BYTES}`,
          );
        }
      }
      if (this.#buffered < this.#expected) return messages;
      messages.push(parse(this.#take(this.#expected)));
      this.#expected = -1;
    }
  }

  #take(count: number): Buffer {
    const joined = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#chunks = joined.length > count ? [joined.subarray(count)] : [];
    this.#buffered -= count;
    return joined.subarray(0, count);
  }
}

function parse(payload: Buffer): unknown {
  try {
    return deserialize(payload);
  } catch (thrown) {
    throw new VisavisError('bad-request', 'frame is no serialized message', { cause: thrown });
  }
}
