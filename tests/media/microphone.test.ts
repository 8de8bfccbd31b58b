import { describe, expect, test } from 'vitest';
import { OpusEncoder } from '../../src/media/codecs.js';
import { Microphone, type MicrophoneOutput } from '../../src/media/microphone.js';
import { seededRandom, voiceLike } from '../support/media.js';

const START_MS = 1_000_000;

/** 20 ms packets of a voice, as the pacer thread reports them. */
function voicePackets(count: number, firstTimestamp = 4_294_960_000) {
  const encoder = new OpusEncoder(48_000, 1, { packetLossPercent: 20 });
  const samples = voiceLike(count * 960, 48_000);
  return Array.from({ length: count }, (_, n) => ({
    timestamp: (firstTimestamp + n * 960) >>> 0,
    payload: encoder.encode(samples.subarray(n * 960, n * 960 + 960)) as Uint8Array | null,
    atMs: START_MS + n * 20,
  }));
}

const windows = (outputs: MicrophoneOutput[]) =>
  outputs.flatMap((output) => (output.type === 'window' ? [output] : []));
const rms = (samples: Float32Array): number =>
  Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);

test('packets become windows of 512 samples at 16 kHz whose media time advances by 32 ms', () => {
  const microphone = new Microphone();
  const found = windows(voicePackets(100).flatMap((packet) => microphone.push(packet)));
  expect(found.length).toBe(Math.floor((100 * 320 - 26) / 512));
  for (const [i, window] of found.entries()) {
    expect(window.samples).toHaveLength(512);
    expect(window.mediaMs).toBe(i * 32);
    expect(window.silent).toBe(false);
    // The packet that completed the window had just arrived.
    expect(window.atMs - START_MS - (window.mediaMs + 32)).toBeLessThan(22);
  }
  expect(rms(found[20]!.samples)).toBeGreaterThan(0.03);
});

test('lost packets cost no time and leave no hole', () => {
  const random = seededRandom(6);
  const microphone = new Microphone();
  const packets = voicePackets(200).map((packet) => (random() < 0.1 ? { ...packet, payload: null } : packet));
  packets[199] = voicePackets(200)[199]!;
  expect(packets.filter((packet) => packet.payload === null).length).toBeGreaterThan(10);
  const found = windows(packets.flatMap((packet) => microphone.push(packet)));
  expect(found.length).toBe(Math.floor((200 * 320 - 26) / 512));
  const whole = new Microphone();
  const intact = windows(voicePackets(200).flatMap((packet) => whole.push(packet)));
  for (const [i, window] of found.entries()) {
    if (i > 2) expect(rms(window.samples) / rms(intact[i]!.samples)).toBeGreaterThan(0.5);
  }
});

test('a short pause in the timestamps is filled with silence of its length', () => {
  const microphone = new Microphone();
  const packets = voicePackets(20);
  const paused = packets.map((packet, n) =>
    n < 10 ? packet : { ...packet, timestamp: (packet.timestamp + 4800) >>> 0 },
  );
  const found = windows(paused.flatMap((packet) => microphone.push(packet)));
  expect(found.length).toBe(Math.floor((25 * 320 - 26) / 512));
  expect(found.some((window) => window.silent)).toBe(true);
});

describe('a gap', () => {
  test('is reported after 200 ms, filled with silence in real time, and ended by the next packet', () => {
    const microphone = new Microphone();
    const packets = voicePackets(60);
    for (const packet of packets.slice(0, 50)) microphone.push(packet);
    const lastMs = packets[49]!.atMs;
    expect(microphone.advance(lastMs + 199)).toEqual([]);
    const first = microphone.advance(lastMs + 200);
    expect(first[0]).toMatchObject({ type: 'gap-start', atMs: lastMs + 200 });
    const more = microphone.advance(lastMs + 520);
    const supplied = windows([...first, ...more]);
    expect(supplied.every((window) => window.silent)).toBe(true);
    expect(Math.abs(supplied.length * 32 - 520)).toBeLessThan(64);
    expect(rms(supplied.at(-1)!.samples)).toBe(0);
    const back = microphone.push({ ...packets[50]!, atMs: lastMs + 600 });
    expect(back[0]).toMatchObject({ type: 'gap-end', durationMs: 600 });
    const all = windows([...supplied, ...back, ...packets.slice(51).flatMap((packet) => microphone.push(packet))]);
    for (let i = 1; i < all.length; i++) expect(all[i]!.mediaMs - all[i - 1]!.mediaMs).toBe(32);
    expect(all.at(-1)!.silent).toBe(false);
  });

  test('begins later while packets are waited for, which then come in bursts', () => {
    const microphone = new Microphone();
    const packets = voicePackets(10).map((packet) => ({ ...packet, waitMs: 300 }));
    for (const packet of packets) microphone.push(packet);
    const lastMs = packets[9]!.atMs;
    expect(microphone.advance(lastMs + 599)).toEqual([]);
    expect(microphone.advance(lastMs + 600)[0]).toMatchObject({ type: 'gap-start' });
  });

  test('is filled for three seconds at most', () => {
    const microphone = new Microphone();
    for (const packet of voicePackets(10)) microphone.push(packet);
    let supplied = 0;
    for (let ms = 0; ms < 60_000; ms += 50) supplied += windows(microphone.advance(START_MS + 180 + ms)).length;
    expect(Math.abs(supplied * 32 - 3000)).toBeLessThan(64);
  });

  test('before the first packet is none', () => {
    expect(new Microphone().advance(START_MS)).toEqual([]);
  });
});

test('damaged packets are counted and concealed', () => {
  const microphone = new Microphone();
  const packets = voicePackets(40);
  packets[20]!.payload = new Uint8Array([0xff, 0xff, 1]);
  const found = windows(packets.flatMap((packet) => microphone.push(packet)));
  expect(microphone.damagedPackets).toBe(1);
  expect(found.length).toBe(Math.floor((40 * 320 - 26) / 512));
});

test('a source that begins anew with other timestamps goes on without a jump in media time', () => {
  const microphone = new Microphone();
  const found = windows([...voicePackets(20), ...voicePackets(20, 77)].flatMap((packet) => microphone.push(packet)));
  for (const [i, window] of found.entries()) expect(window.mediaMs).toBe(i * 32);
  expect(found.length).toBe(Math.floor((40 * 320 - 26) / 512));
});
