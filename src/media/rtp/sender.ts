import type { RtpStream } from '../../worker/control.js';
import { RTP_HEADER_BYTES, writeRtpHeader } from './packet.js';
import { senderReport } from './rtcp.js';

const PADDING_BIT = 0x20;
const PADDING_BYTES = 4;
/** Beyond every receiver's MAX_DROPOUT (3000 in RFC 3550) and far from the other side of the circle. */
const INTRODUCTION_JUMP = 20_000;

/** The sending half of one RTP stream: its sequence numbers and the counters of its sender reports. */
export class RtpSender {
  readonly ssrc: number;
  readonly #payloadType: number;
  #sequence: number;
  #packets = 0;
  #octets = 0;

  constructor(stream: RtpStream, firstSequence: number) {
    this.ssrc = stream.ssrc;
    this.#payloadType = stream.payloadType;
    this.#sequence = firstSequence & 0xffff;
  }

  /** The sequence number of the next packet. */
  get nextSequence(): number {
    return this.#sequence;
  }

  get packets(): number {
    return this.#packets;
  }

  /**
   * Packets of nothing but padding, to be sent before all others: a receiver that knows the SSRC from a predecessor drops the first
   * packet after a jump of the sequence numbers, and goes on with the second (RFC 3550, appendix A.1). Whatever the
   * predecessor's last number was, one of the two pairs is such a jump.
   */
  introduction(timestamp: number): Uint8Array<ArrayBuffer>[] {
    const packets: Uint8Array<ArrayBuffer>[] = [];
    for (const jump of [0, INTRODUCTION_JUMP]) {
      this.#sequence = (this.#sequence + jump) & 0xffff;
      for (let i = 0; i < 2; i++) {
        const packet = new Uint8Array(RTP_HEADER_BYTES + PADDING_BYTES);
        const { ssrc } = this;
        const payloadType = this.#payloadType;
        writeRtpHeader(packet, {
          payloadType,
          marker: false,
          sequence: this.#sequence,
          timestamp: timestamp >>> 0,
          ssrc,
        });
        packet[0] = (packet[0] ?? 0) | PADDING_BIT;
        packet[packet.length - 1] = PADDING_BYTES;
        this.#sequence = (this.#sequence + 1) & 0xffff;
        this.#packets++;
        packets.push(packet);
      }
    }
    return packets;
  }

  /** Writes the next packet's header at the start of `out`; the payload follows it up to the end of `out`. */
  writeHeader(out: Uint8Array, timestamp: number, marker: boolean): void {
    writeRtpHeader(out, {
      payloadType: this.#payloadType,
      marker,
      sequence: this.#sequence,
      timestamp: timestamp >>> 0,
      ssrc: this.ssrc,
    });
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#packets++;
    this.#octets += out.length - RTP_HEADER_BYTES;
  }

  /** A compound sender report; `rtpTimestamp` is that of the instant `wallMs`. */
  report(wallMs: number, rtpTimestamp: number, cname: string): Uint8Array<ArrayBuffer> {
    return senderReport({
      ssrc: this.ssrc,
      wallMs,
      rtpTimestamp: rtpTimestamp >>> 0,
      packets: this.#packets,
      octets: this.#octets,
      cname,
    });
  }
}
