import { describe, expect, it } from 'vitest';
import { parseRtp, type RtpPacket } from '../../../src/media/rtp/packet.js';
import { RtpSender } from '../../../src/media/rtp/sender.js';

const STREAM = { ssrc: 77, payloadType: 101 };

/** What a receiver makes of sequence numbers: RFC 3550, appendix A.1, with the limits of mediasoup's. */
class Receiver {
  #highest: number;
  #expected: number | undefined;

  constructor(highest: number) {
    this.#highest = highest;
  }

  /** False: dropped. A packet that counts as old is not dropped, but is not taken for a new one either. */
  take({ sequence }: RtpPacket): 'new' | 'old' | false {
    const ahead = (sequence - this.#highest + 65_536) % 65_536;
    if (ahead >= 3_000 && ahead <= 65_536 - 1_500) {
      const sequential = sequence === this.#expected;
      this.#expected = (sequence + 1) % 65_536;
      if (!sequential) return false;
    } else if (ahead > 65_536 - 1_500) return 'old';
    this.#highest = sequence;
    return 'new';
  }
}

describe('the introduction of a stream', () => {
  it('makes every receiver take the first packet that follows, whatever it had last from a predecessor', () => {
    for (let first = 0; first < 65_536; first += 4_099) {
      for (let last = 0; last < 65_536; last += 61) {
        const sender = new RtpSender(STREAM, first);
        const receiver = new Receiver(last);
        for (const bytes of sender.introduction(0)) receiver.take(parseRtp(bytes)!);
        const packet = new Uint8Array(13);
        sender.writeHeader(packet, 0, true);
        if (receiver.take(parseRtp(packet)!) !== 'new') expect.fail(`first ${first} after ${last}`);
      }
    }
  });

  it('carries nothing but padding, at the time given', () => {
    const packets = new RtpSender(STREAM, 65_535).introduction(90_000);
    for (const bytes of packets) {
      expect(parseRtp(bytes)).toMatchObject({ ssrc: 77, payloadType: 101, timestamp: 90_000, marker: false });
      expect(parseRtp(bytes)!.payload).toHaveLength(0);
    }
    expect(packets.map((bytes) => parseRtp(bytes)!.sequence)).toEqual([65_535, 0, 20_001, 20_002]);
  });
});
