/** RTP packets (RFC 3550, section 5.1) and the arithmetic of their wrapping counters. */

export const RTP_HEADER_BYTES = 12;

export interface RtpHeader {
  payloadType: number;
  marker: boolean;
  sequence: number;
  timestamp: number;
  ssrc: number;
}

export interface RtpPacket extends RtpHeader {
  /** A view into the parsed bytes, without padding and header extensions. */
  payload: Uint8Array;
}

/** The packet in `bytes`, or null when they are no RTP packet. CSRCs, header extensions and padding are skipped. */
export function parseRtp(bytes: Uint8Array): RtpPacket | null {
  if (bytes.length < RTP_HEADER_BYTES) return null;
  const first = at(bytes, 0);
  if (first >> 6 !== 2) return null;
  let offset = RTP_HEADER_BYTES + 4 * (first & 0x0f);
  if ((first & 0x10) !== 0) {
    if (offset + 4 > bytes.length) return null;
    offset += 4 + 4 * readUint16(bytes, offset + 2);
  }
  let end = bytes.length;
  if ((first & 0x20) !== 0) {
    const padding = at(bytes, end - 1);
    if (padding === 0) return null;
    end -= padding;
  }
  if (offset > end) return null;
  return {
    payloadType: at(bytes, 1) & 0x7f,
    marker: (at(bytes, 1) & 0x80) !== 0,
    sequence: readUint16(bytes, 2),
    timestamp: readUint32(bytes, 4),
    ssrc: readUint32(bytes, 8),
    payload: bytes.subarray(offset, end),
  };
}

/** Writes the `RTP_HEADER_BYTES` of a packet without CSRCs and extensions at the start of `out`. */
export function writeRtpHeader(out: Uint8Array, header: RtpHeader): void {
  out[0] = 0x80;
  out[1] = (header.marker ? 0x80 : 0) | header.payloadType;
  writeUint16(out, 2, header.sequence);
  writeUint32(out, 4, header.timestamp);
  writeUint32(out, 8, header.ssrc);
}

/** Tells RTCP from RTP on a shared port (RFC 5761, section 4). */
export function isRtcp(bytes: Uint8Array): boolean {
  const type = bytes[1] ?? 0;
  return bytes.length >= 4 && at(bytes, 0) >> 6 === 2 && type >= 192 && type <= 223;
}

/** How far `sequence` lies after `reference` on the 16-bit circle: −32768…32767. */
export function sequenceDistance(sequence: number, reference: number): number {
  return ((sequence - reference) << 16) >> 16;
}

/** How far `timestamp` lies after `reference` on the 32-bit circle. */
export function timestampDistance(timestamp: number, reference: number): number {
  return (timestamp - reference) | 0;
}

export function readUint16(bytes: Uint8Array, offset: number): number {
  return (at(bytes, offset) << 8) | at(bytes, offset + 1);
}

export function readUint32(bytes: Uint8Array, offset: number): number {
  return ((readUint16(bytes, offset) << 16) | readUint16(bytes, offset + 2)) >>> 0;
}

export function writeUint16(out: Uint8Array, offset: number, value: number): void {
  out[offset] = (value >>> 8) & 0xff;
  out[offset + 1] = value & 0xff;
}

export function writeUint32(out: Uint8Array, offset: number, value: number): void {
  writeUint16(out, offset, value >>> 16);
  writeUint16(out, offset + 2, value);
}

function at(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}
