import { describe, expect, it } from 'vitest';
import { VoiceRecording, voicedSpan } from '../../src/talk/voice-recording.js';

const RATE = 48_000;

/** 60 ms: a tone of the given amplitude. */
function piece(amplitude: number): Int16Array {
  return Int16Array.from({ length: 2_880 }, (_, i) => amplitude * 32_767 * Math.sin((2 * Math.PI * 250 * i) / RATE));
}

/** Pieces of 60 ms from `beganMs` on. */
function record(beganMs: number, amplitudes: number[]): VoiceRecording {
  const recording = new VoiceRecording();
  for (const [i, amplitude] of amplitudes.entries()) recording.push(beganMs + i * 60, piece(amplitude), RATE);
  return recording;
}

describe('a recording of the avatar', () => {
  it('knows when the voice sets in after a given time', () => {
    const recording = record(10_000, [0.2, 0.2, 0, 0, 0, 0.2, 0]);
    expect(recording.firstVoicedAtMs(10_000)).toBe(10_000);
    expect(recording.firstVoicedAtMs(10_130)).toBe(10_300);
    expect(recording.firstVoicedAtMs(10_360)).toBeUndefined();
  });

  it('counts voice only', () => {
    const recording = record(0, [0, 0.2, 0.2, 0, 0.001]);
    expect(recording.voicedMs()).toBe(120);
    expect(recording.voicedMs(120)).toBe(60);
  });

  it('is written from shortly before the first sound to shortly after the last', () => {
    const silence: number[] = Array(20).fill(0);
    const wav = record(0, [...silence, 0.2, 0, 0.2, ...silence]).wav();
    expect((wav.channels[0]!.length * 1000) / RATE).toBeCloseTo(180 + 400, 0);
    expect(voicedSpan(wav.channels[0]!, RATE)).toEqual({ fromMs: 200, toMs: 380 });
  });

  it('without any voice is empty', () => {
    expect(record(0, [0, 0]).wav().channels[0]!.length).toBe(0);
    expect(voicedSpan(new Float32Array(4_800), RATE)).toBeUndefined();
  });
});
