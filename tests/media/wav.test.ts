import { describe, expect, it } from 'vitest';
import { decodeWav, encodeWav, readWav, toMono } from '../../src/media/wav.js';

const RAMP = Float32Array.from({ length: 100 }, (_, i) => i / 100 - 0.5);

/** A WAVE header of our own making, followed by `data`. */
function file(o: {
  tag?: number;
  channels?: number;
  rate?: number;
  bits?: number;
  data?: Buffer;
  size?: number;
}): Buffer {
  const { tag = 1, channels = 1, rate = 16_000, bits = 16, data = Buffer.alloc(8) } = o;
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(tag, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt16LE(bits, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(o.size ?? data.length, 40);
  return Buffer.concat([header, data]);
}

describe('a WAVE file', () => {
  it.each([1, 2])('of %i channels comes back as it was written, to 16 bits', (count) => {
    const channels = Array.from({ length: count }, (_, c) => RAMP.map((v) => v / (c + 1)));
    const read = decodeWav(encodeWav({ sampleRateHz: 22_050, channels }), 'x.wav');
    expect(read.sampleRateHz).toBe(22_050);
    for (const [c, channel] of read.channels.entries()) {
      expect(channel.length).toBe(100);
      for (const [i, value] of channel.entries()) expect(value).toBeCloseTo(channels[c]![i]!, 3);
    }
  });

  it('of 32-bit floats is read exactly', () => {
    const data = Buffer.from(Float32Array.of(0.25, -1, 0.5).buffer);
    expect([...decodeWav(file({ tag: 3, bits: 32, data }), 'x.wav').channels[0]!]).toEqual([0.25, -1, 0.5]);
  });

  it('whose writer never filled in the length is read to its end', () => {
    const data = Buffer.from(Int16Array.of(16_384, -16_384).buffer);
    expect([...decodeWav(file({ data, size: 0xffffffff }), 'x.wav').channels[0]!]).toEqual([0.5, -0.5]);
  });

  it('becomes mono as the mean of its channels', () => {
    const channels = [Float32Array.of(1, 0), Float32Array.of(0, -1)];
    expect([...toMono({ sampleRateHz: 8_000, channels })]).toEqual([0.5, -0.5]);
  });

  it.each([
    ['empty', Buffer.alloc(0), /RIFF WAVE/],
    ['something else', Buffer.from('not a sound at all, but text'), /RIFF WAVE/],
    ['cut off before the data', file({}).subarray(0, 40), /no data chunk/],
    ['8 bits', file({ bits: 8 }), /16-bit PCM or 32-bit float/],
    ['compressed', file({ tag: 85 }), /format 85/],
    ['without channels', file({ channels: 0 }), /1 to 8 channels/],
    ['an odd rate', file({ rate: 12 }), /8000 to 192000 Hz/],
  ])('that is %s is refused with its name and the reason', (_, bytes, reason) => {
    expect(() => decodeWav(bytes, 'x.wav')).toThrow(reason);
    expect(() => decodeWav(bytes, 'x.wav')).toThrow(/^x\.wav: /);
  });

  it('that is missing is said to be missing', () => {
    expect(() => readWav('/no/such.wav')).toThrow('/no/such.wav: there is no such file');
  });
});
