import type { FromPacer } from './output-protocol.js';
import { parseRtp } from './rtp/packet.js';
import { type OrderedPacket, ReorderBuffer } from './rtp/reorder.js';

interface Stream {
  participantId: string;
  payloadType: number;
  reorder: ReorderBuffer;
}

/** Puts the microphones of one conversation in order and posts them as `microphone` messages. Unknown SSRCs are dropped. */
export class MicrophoneReceiver {
  readonly #conversationId: string;
  readonly #post: (message: FromPacer, transfer?: ArrayBuffer[]) => void;
  readonly #streams = new Map<number, Stream>();

  constructor(conversationId: string, post: (message: FromPacer, transfer?: ArrayBuffer[]) => void) {
    this.#conversationId = conversationId;
    this.#post = post;
  }

  /** A participant's new SSRC replaces the former. */
  add(participantId: string, ssrc: number, payloadType: number): void {
    this.remove(participantId);
    this.#streams.set(ssrc, { participantId, payloadType, reorder: new ReorderBuffer() });
  }

  remove(participantId: string): void {
    for (const [ssrc, stream] of this.#streams) if (stream.participantId === participantId) this.#streams.delete(ssrc);
  }

  get nextDeadlineMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const stream of this.#streams.values()) next = Math.min(next, stream.reorder.nextDeadlineMs);
    return next;
  }

  receive(bytes: Uint8Array, nowMs: number): void {
    const packet = parseRtp(bytes);
    if (packet === null || packet.payload.length === 0) return;
    const stream = this.#streams.get(packet.ssrc);
    if (stream === undefined || stream.payloadType !== packet.payloadType) return;
    // A copy: the bytes lie in a pool that the socket goes on using.
    const payload = packet.payload.slice();
    this.#deliver(stream, stream.reorder.push(packet.sequence, packet.timestamp, payload, nowMs));
  }

  poll(nowMs: number): void {
    for (const stream of this.#streams.values()) {
      if (stream.reorder.nextDeadlineMs <= nowMs) this.#deliver(stream, stream.reorder.poll(nowMs));
    }
  }

  #deliver(stream: Stream, packets: OrderedPacket[]): void {
    for (const { sequence, timestamp, payload, atMs } of packets) {
      this.#post(
        {
          type: 'microphone',
          conversationId: this.#conversationId,
          participantId: stream.participantId,
          sequence,
          timestamp,
          payload,
          atMs,
          waitMs: stream.reorder.waitMs,
        },
        payload === null ? [] : [payload.buffer as ArrayBuffer],
      );
    }
  }
}
