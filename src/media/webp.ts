/** A VP8 key frame's first bytes: frame tag with the lowest bit clear, then the start code (RFC 6386, 9.1). */
const START_CODE = [0x9d, 0x01, 0x2a];

/**
 * A VP8 key frame as a WebP picture: the simple lossy format is nothing but that frame in a RIFF container (RFC 9649, 2.5).
 * @throws RangeError for anything else than a key frame.
 */
export function webpOfKeyFrame(frame: Uint8Array): Buffer {
  const isKeyFrame = frame.length > 10 && ((frame[0] ?? 1) & 1) === 0;
  if (!isKeyFrame || START_CODE.some((byte, index) => frame[3 + index] !== byte)) {
    throw new RangeError('expected a VP8 key frame');
  }
  const padding = frame.length % 2;
  const header = Buffer.alloc(20);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(4 + 8 + frame.length + padding, 4);
  header.write('WEBPVP8 ', 8, 'latin1');
  header.writeUInt32LE(frame.length, 16);
  return Buffer.concat([header, frame, Buffer.alloc(padding)]);
}
