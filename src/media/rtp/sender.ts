import type { RtpStream } from '../../worker/control.js';
import { RTP_HEADER_BYTES, writeRtpHeader } from './packet.js';
import { senderReport } from './rtcp.js';

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
