import { expect, test } from 'vitest';
import { OpusDecoder, OpusEncoder } from '../../src/media/codecs.js';
import { floatToInt16, resample } from '../../src/media/resample.js';
import { VoiceLoss } from '../../src/media/voice-loss.js';
import { RATE_HZ as SPEECH_RATE_HZ, spokenQuestion } from '../support/speech-audio.js';

const repeat = (loss: VoiceLoss, viewer: string, fraction: number, times: number) => {
  const told: number[] = [];
  for (let i = 0; i < times; i++) {
    const percent = loss.update(viewer, fraction);
    if (percent !== undefined) told.push(percent);
  }
  return told;
};

test('the least is expected while nothing is lost', () => {
  const loss = new VoiceLoss();
  expect(repeat(loss, 'a', 0, 10)).toEqual([]);
  expect(loss.currentPercent).toBe(5);
});

test('lasting loss is followed within a few reports, upwards in steps, to where it is', () => {
  const loss = new VoiceLoss();
  const told = repeat(loss, 'a', 0.1, 8);
  expect(told).toEqual([...told].sort((a, b) => a - b));
  expect(loss.currentPercent).toBe(10);
  repeat(loss, 'a', 0.9, 8);
  expect(loss.currentPercent).toBe(25);
});

test('a single bad report is half believed, and forgotten slowly', () => {
  const loss = new VoiceLoss();
  loss.update('a', 0.3);
  expect(loss.currentPercent).toBe(15);
  loss.update('a', 0);
  expect(loss.currentPercent).toBe(15);
  repeat(loss, 'a', 0, 20);
  expect(loss.currentPercent).toBe(5);
});

test('the worst viewer counts, until it leaves', () => {
  const loss = new VoiceLoss();
  repeat(loss, 'a', 0.2, 8);
  repeat(loss, 'b', 0, 8);
  expect(loss.currentPercent).toBe(20);
  expect(loss.remove('a')).toBe(5);
  expect(loss.remove('a')).toBeUndefined();
});

test('an encoder that expects loss lets the next packet restore a lost one; one that expects none does not', () => {
  const samples = floatToInt16(resample(spokenQuestion(), SPEECH_RATE_HZ, 48_000));
  const errorOf = (percent: number): number => {
    const encoder = new OpusEncoder(48_000, 1);
    encoder.setPacketLoss(percent);
    const packets: Uint8Array[] = [];
    for (let at = 0; at + 960 <= samples.length; at += 960)
      packets.push(encoder.encode(samples.subarray(at, at + 960)));
    const whole = new OpusDecoder(48_000, 1);
    const lossy = new OpusDecoder(48_000, 1);
    let error = 0;
    for (const [n, packet] of packets.entries()) {
      const next = packets[n + 1];
      const said = whole.decode(packet);
      const isLost = n % 5 === 4 && next !== undefined;
      const heard = isLost ? lossy.decodeFec(next) : lossy.decode(packet);
      for (let i = 0; i < 960; i++) error += (heard[i]! - said[i]!) ** 2;
    }
    for (const codec of [encoder, whole, lossy]) codec.close();
    return error;
  };
  console.log([0, 5, 10, 15, 20, 25].map(errorOf));
  expect(errorOf(5)).toBeLessThan(errorOf(0) / 2);
  expect(errorOf(20)).toBeLessThan(0.8 * errorOf(5));
});

test('an encoder takes percentages only', () => {
  expect(() => new OpusEncoder(48_000, 1).setPacketLoss(101)).toThrow(TypeError);
});
