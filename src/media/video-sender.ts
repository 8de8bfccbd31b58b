import type { Socket } from 'node:dgram';
import type { PlainLink } from '../worker/control.js';
import { RetransmissionCache } from './rtp/retransmission.js';
import { RtpSender } from './rtp/sender.js';
import { Vp8Packetiser } from './rtp/vp8.js';

/** A key frame leaves in bursts of this many packets, so that it does not overrun a viewer's bottleneck. */
const BURST_PACKETS = 10;
const BURST_INTERVAL_MS = 3;

/** Sends encoded frames as RTP: packetised, slightly spread, and repeated on request. */
export class VideoSender {
  readonly rtp: RtpSender;
  readonly #socket: Socket;
  readonly #cache = new RetransmissionCache();
  readonly #packetiser: Vp8Packetiser;
  #unsent = { next: 0, count: 0, atMs: 0 };

  constructor(link: PlainLink, socket: Socket, random: () => number) {
    this.#socket = socket;
    this.rtp = new RtpSender(link.video, Math.floor(random() * 2 ** 16));
    this.#packetiser = new Vp8Packetiser(this.rtp, this.#cache, Math.floor(random() * 2 ** 15));
  }

  /** When the rest of a frame is to be sent; Infinity when nothing waits. */
  get nextBurstMs(): number {
    return this.#unsent.count > 0 ? this.#unsent.atMs : Number.POSITIVE_INFINITY;
  }

  send(frame: Uint8Array, timestamp: number, nowMs: number): void {
    // Packets leave in order: the rest of an earlier frame goes first.
    this.#sendBurst(this.#unsent.count);
    const { firstSequence, count } = this.#packetiser.packetise(frame, timestamp);
    this.#unsent = { next: firstSequence, count, atMs: nowMs };
    this.run(nowMs);
  }

  run(nowMs: number): void {
    if (this.nextBurstMs > nowMs) return;
    this.#sendBurst(BURST_PACKETS);
    this.#unsent.atMs = nowMs + BURST_INTERVAL_MS;
  }

  repeat(sequences: readonly number[]): void {
    for (const sequence of sequences) {
      const packet = this.#cache.takeRepeat(sequence);
      if (packet !== undefined) this.#socket.send(packet);
    }
  }

  #sendBurst(limit: number): void {
    const burst = Math.min(limit, this.#unsent.count);
    for (let i = 0; i < burst; i++) {
      const packet = this.#cache.get(this.#unsent.next);
      if (packet !== undefined) this.#socket.send(packet);
      this.#unsent.next = (this.#unsent.next + 1) & 0xffff;
      this.#unsent.count--;
    }
  }
}
