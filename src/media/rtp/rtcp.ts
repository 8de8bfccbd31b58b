/** RTCP: sender reports (RFC 3550) and the feedback that viewers send (RFC 4585, RFC 5104). */
import { readUint16, readUint32, writeUint16, writeUint32 } from './packet.js';

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const SOURCE_DESCRIPTION = 202;
const GOODBYE = 203;
const TRANSPORT_FEEDBACK = 205;
const PAYLOAD_FEEDBACK = 206;
const NACK = 1;
const PLI = 1;
const FIR = 4;
const CNAME = 1;
/** Seconds from the NTP era (1900) to the Unix epoch (RFC 868). */
const NTP_EPOCH_S = 2_208_988_800;
const REPORT_BLOCK_BYTES = 24;

export interface ReportBlock {
  /** The stream reported on. */
  ssrc: number;
  /** Share lost since the last report, 0…1. */
  fractionLost: number;
  /** Packets lost in all; negative when duplicates outweigh. */
  lost: number;
  highestSequence: number;
  /** In units of the stream's clock. */
  jitter: number;
}

export type RtcpMessage =
  | {
      type: 'sender-report';
      ssrc: number;
      ntpMs: number;
      rtpTimestamp: number;
      packets: number;
      octets: number;
      reports: ReportBlock[];
    }
  | { type: 'receiver-report'; ssrc: number; reports: ReportBlock[] }
  | { type: 'description'; ssrc: number; cname: string }
  | { type: 'goodbye'; ssrcs: number[] }
  | { type: 'pli'; mediaSsrc: number }
  | { type: 'fir'; mediaSsrc: number; sequence: number }
  | { type: 'nack'; mediaSsrc: number; sequences: number[] };

export interface SenderReport {
  ssrc: number;
  /** Wall clock, milliseconds since the Unix epoch. */
  wallMs: number;
  /** The RTP timestamp of the same instant. */
  rtpTimestamp: number;
  packets: number;
  octets: number;
  /** At most 255 bytes of UTF-8. */
  cname: string;
}

/** One compound packet: a sender report without report blocks, and the source's CNAME. */
export function senderReport(report: SenderReport): Uint8Array<ArrayBuffer> {
  const cname = Buffer.from(report.cname, 'utf8').subarray(0, 255);
  // One item, one terminating zero at least, padded to 32 bits.
  const chunkBytes = 4 + Math.ceil((2 + cname.length + 1) / 4) * 4;
  const out = new Uint8Array(28 + 4 + chunkBytes);
  out[0] = 0x80;
  out[1] = SENDER_REPORT;
  writeUint16(out, 2, 6);
  writeUint32(out, 4, report.ssrc);
  const seconds = Math.floor(report.wallMs / 1000);
  writeUint32(out, 8, seconds + NTP_EPOCH_S);
  writeUint32(out, 12, Math.floor(((report.wallMs - seconds * 1000) / 1000) * 2 ** 32));
  writeUint32(out, 16, report.rtpTimestamp);
  writeUint32(out, 20, report.packets);
  writeUint32(out, 24, report.octets);
  out[28] = 0x81;
  out[29] = SOURCE_DESCRIPTION;
  writeUint16(out, 30, chunkBytes / 4);
  writeUint32(out, 32, report.ssrc);
  out[36] = CNAME;
  out[37] = cname.length;
  out.set(cname, 38);
  return out;
}

/** Every message understood in a compound packet; unknown ones are skipped, parsing stops where lengths do not fit. */
export function parseRtcp(bytes: Uint8Array): RtcpMessage[] {
  const messages: RtcpMessage[] = [];
  let offset = 0;
  while (offset + 4 <= bytes.length) {
    const length = 4 * (readUint16(bytes, offset + 2) + 1);
    if ((bytes[offset] ?? 0) >> 6 !== 2 || offset + length > bytes.length) break;
    parseOne(bytes.subarray(offset, offset + length), messages);
    offset += length;
  }
  return messages;
}

function parseOne(packet: Uint8Array, messages: RtcpMessage[]): void {
  const count = (packet[0] ?? 0) & 0x1f;
  const type = packet[1] ?? 0;
  if (packet.length < 8 && type !== GOODBYE) return;
  if (type === SENDER_REPORT && packet.length >= 28) messages.push(parseSenderReport(packet, count));
  else if (type === RECEIVER_REPORT) {
    messages.push({ type: 'receiver-report', ssrc: readUint32(packet, 4), reports: reportBlocks(packet, 8, count) });
  } else if (type === SOURCE_DESCRIPTION) parseDescriptions(packet, count, messages);
  else if (type === GOODBYE) {
    const ssrcs: number[] = [];
    for (let i = 0; i < count && 8 + 4 * i <= packet.length; i++) ssrcs.push(readUint32(packet, 4 + 4 * i));
    messages.push({ type: 'goodbye', ssrcs });
  } else if (type === TRANSPORT_FEEDBACK && count === NACK && packet.length >= 16) messages.push(parseNack(packet));
  else if (type === PAYLOAD_FEEDBACK && count === PLI && packet.length >= 12) {
    messages.push({ type: 'pli', mediaSsrc: readUint32(packet, 8) });
  } else if (type === PAYLOAD_FEEDBACK && count === FIR) {
    // RFC 5104, section 4.3.1.1: the streams are named in the entries, not in the common header.
    for (let offset = 12; offset + 8 <= packet.length; offset += 8) {
      messages.push({ type: 'fir', mediaSsrc: readUint32(packet, offset), sequence: packet[offset + 4] ?? 0 });
    }
  }
}

function parseSenderReport(packet: Uint8Array, count: number): RtcpMessage {
  const ntpMs = (readUint32(packet, 8) - NTP_EPOCH_S) * 1000 + (readUint32(packet, 12) / 2 ** 32) * 1000;
  return {
    type: 'sender-report',
    ssrc: readUint32(packet, 4),
    ntpMs,
    rtpTimestamp: readUint32(packet, 16),
    packets: readUint32(packet, 20),
    octets: readUint32(packet, 24),
    reports: reportBlocks(packet, 28, count),
  };
}

function reportBlocks(packet: Uint8Array, start: number, count: number): ReportBlock[] {
  const blocks: ReportBlock[] = [];
  for (let i = 0; i < count; i++) {
    const offset = start + i * REPORT_BLOCK_BYTES;
    if (offset + REPORT_BLOCK_BYTES > packet.length) break;
    const lossWord = readUint32(packet, offset + 4);
    blocks.push({
      ssrc: readUint32(packet, offset),
      fractionLost: (lossWord >>> 24) / 256,
      lost: (lossWord << 8) >> 8,
      highestSequence: readUint32(packet, offset + 8),
      jitter: readUint32(packet, offset + 12),
    });
  }
  return blocks;
}

function parseDescriptions(packet: Uint8Array, count: number, messages: RtcpMessage[]): void {
  let offset = 4;
  for (let chunk = 0; chunk < count && offset + 4 <= packet.length; chunk++) {
    const ssrc = readUint32(packet, offset);
    offset += 4;
    while (offset + 1 < packet.length && packet[offset] !== 0) {
      const length = packet[offset + 1] ?? 0;
      const text = packet.subarray(offset + 2, offset + 2 + length);
      if (packet[offset] === CNAME) messages.push({ type: 'description', ssrc, cname: Buffer.from(text).toString() });
      offset += 2 + length;
    }
    // The terminating zeros fill up to the next 32-bit boundary.
    offset = 4 * (Math.floor(offset / 4) + 1);
  }
}

/** RFC 4585, section 6.2.1: a packet number and a mask of the 16 that follow it. */
function parseNack(packet: Uint8Array): RtcpMessage {
  const sequences: number[] = [];
  for (let offset = 12; offset + 4 <= packet.length; offset += 4) {
    const first = readUint16(packet, offset);
    sequences.push(first);
    const mask = readUint16(packet, offset + 2);
    for (let bit = 0; bit < 16; bit++) {
      if ((mask >> bit) & 1) sequences.push((first + 1 + bit) & 0xffff);
    }
  }
  return { type: 'nack', mediaSsrc: readUint32(packet, 8), sequences };
}
