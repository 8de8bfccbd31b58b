import { serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameDecoder, MAX_FRAME_BYTES } from '../../../src/worker/speech/framing.js';

const MESSAGES = [
  { type: 'stream-push', stream: 1, samples: new Float32Array([0.25, -0.5]) },
  { type: 'cancel', id: 7 },
  { type: 'embed', id: 8, texts: ['häuser', ''] },
];

describe('framing', () => {
  it('gives back what was sent, however the bytes arrive', () => {
    const bytes = Buffer.concat(MESSAGES.map(encodeFrame));
    for (const step of [1, 3, 7, bytes.length]) {
      const decoder = new FrameDecoder();
      const out: unknown[] = [];
      for (let at = 0; at < bytes.length; at += step) out.push(...decoder.push(bytes.subarray(at, at + step)));
      expect(out).toEqual(MESSAGES);
    }
  });

  it('refuses a length that is too long before its bytes arrive', () => {
    const header = Buffer.alloc(4);
    header.writeUInt32BE(MAX_FRAME_BYTES + 1);
    expect(() => new FrameDecoder().push(header)).toThrow(expect.objectContaining({ code: 'bad-request' }));
  });

  it('refuses bytes that are no message', () => {
    for (const payload of [Buffer.from('GET / HTTP/1.1'), Buffer.alloc(0), serialize({ a: 1 }).subarray(0, 5)]) {
      const header = Buffer.alloc(4);
      header.writeUInt32BE(payload.length);
      expect(() => new FrameDecoder().push(Buffer.concat([header, payload]))).toThrow(
        expect.objectContaining({ code: 'bad-request' }),
      );
    }
  });

  it('does not send what the other side would refuse', () => {
    expect(() => encodeFrame(new Uint8Array(MAX_FRAME_BYTES))).toThrow(expect.objectContaining({ code: 'too-large' }));
  });
});
