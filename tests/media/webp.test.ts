import { describe, expect, it } from 'vitest';
import { i420Bytes, Vp8Encoder } from '../../src/media/codecs.js';
import { webpOfKeyFrame } from '../../src/media/webp.js';

describe('webpOfKeyFrame', () => {
  it('wraps a key frame in a RIFF container of even length that names its own size', () => {
    const encoder = new Vp8Encoder(64, 48);
    const picture = new Uint8Array(i420Bytes(64, 48)).map((_, index) => (index * 7) & 0xff);
    const { data } = encoder.encode(picture, true);
    const file = webpOfKeyFrame(data);
    expect(file.toString('latin1', 0, 4)).toBe('RIFF');
    expect(file.readUInt32LE(4)).toBe(file.length - 8);
    expect(file.toString('latin1', 8, 16)).toBe('WEBPVP8 ');
    expect(file.readUInt32LE(16)).toBe(data.length);
    expect(file.length % 2).toBe(0);
    expect(file.subarray(20, 20 + data.length).equals(data)).toBe(true);
    expect(() => webpOfKeyFrame(encoder.encode(picture).data)).toThrow(RangeError);
    encoder.close();
  });

  it('refuses bytes that are no frame', () => {
    expect(() => webpOfKeyFrame(new Uint8Array(5))).toThrow(RangeError);
    expect(() => webpOfKeyFrame(new Uint8Array(50))).toThrow(/key frame/);
  });
});
