import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AudioMotion, type AudioTrack } from '../../../../src/inference/avatar/motion/audio-motion.js';
import { AudioMotionModel } from '../../../../src/inference/avatar/motion/audio-motion-model.js';
import { type AudioMotionNetwork, LOOKAHEAD_MS } from '../../../../src/inference/avatar/motion/audio-network.js';
import { LIP_REACH_MS } from '../../../../src/inference/avatar/motion/heard-track.js';
import { PhonemeMotion } from '../../../../src/inference/avatar/motion/phoneme-motion.js';
import { Random } from '../../../../src/inference/avatar/motion/random.js';
import { ARTICULATOR, ARTICULATOR_COUNT } from '../../../../src/inference/avatar/motion/visemes.js';
import { MOTION, MOTION_FRAME_LENGTH } from '../../../../src/inference/avatar/motion-frame.js';
import type { SpeechMotion } from '../../../../src/inference/engines.js';
import { loudnessEnvelope } from '../../../../src/media/loudness.js';
import { readWav, toMono } from '../../../../src/media/wav.js';

const fixture = (name: string) => fileURLToPath(new URL(`../../../fixtures/${name}`, import.meta.url));
const RATE_HZ = 16_000;
/** "My baby might buy a map of the beach. Five people move." */
const SPEECH = toMono(readWav(fixture('baby-map.wav')));
const PHONEMES = JSON.parse(readFileSync(fixture('baby-map.json'), 'utf8')) as [string, number, number][];
const LENGTH_MS = Math.floor((SPEECH.length * 1_000) / RATE_HZ);

let network: AudioMotionModel;
beforeAll(async () => {
  network = await AudioMotionModel.create();
});
afterAll(() => network.close());

async function heard(samples: Float32Array, motion = new AudioMotion(network)): Promise<AudioTrack> {
  const track = motion.push({ samples, sampleRateHz: RATE_HZ, continues: false });
  await motion.settled();
  return track;
}

function at(track: AudioTrack, ms: number): Float32Array {
  const out = new Float32Array(ARTICULATOR_COUNT);
  expect(track.at(ms, out), `known at ${ms} ms`).toBe(true);
  return out;
}

describe('motion from audio', () => {
  it('does not depend on how the audio is cut', async () => {
    const whole = await heard(SPEECH);
    const motion = new AudioMotion(network);
    const random = new Random(5);
    const tracks: { startMs: number; track: AudioTrack }[] = [];
    for (let from = 0; from < SPEECH.length; ) {
      const to = from + 1 + Math.floor(random.uniform() * 6_000);
      const samples = SPEECH.subarray(from, to);
      tracks.push({ startMs: from / 16, track: motion.push({ samples, sampleRateHz: RATE_HZ, continues: from > 0 }) });
      if (random.uniform() < 0.5) await motion.settled();
      from = to;
    }
    await motion.settled();
    for (let ms = 0; ms < LENGTH_MS; ms += 7) {
      const { startMs, track } = tracks.findLast((candidate) => candidate.startMs <= ms)!;
      const [a, b] = [at(whole, ms), at(track, ms - startMs)];
      for (let k = 0; k < a.length; k++) expect(Math.abs(a[k]! - b[k]!), `${ms} ms`).toBeLessThan(1e-3);
    }
  });

  it('answers for the tongue from no more than 60 ms of audio after a moment, and lets lips know of no more than 150 ms beyond', async () => {
    const cutMs = 1_200;
    const random = new Random(2);
    const other = SPEECH.map((value, i) => (i < cutMs * 16 ? value : 0.3 * random.normal()));
    const positions = async (samples: Float32Array) => {
      const { silence } = network;
      const motion = new AudioMotion({ silence, run: (mel, state) => network.run(mel, state) });
      const track = await heard(samples, motion);
      return Array.from({ length: LENGTH_MS }, (_, ms) => at(track, ms));
    };
    const [a, b] = [await positions(SPEECH), await positions(other)];
    const differs = (k: number) => a.findIndex((value, ms) => value[k] !== b[ms]![k]);
    const first = differs(ARTICULATOR.tongue);
    expect(first).toBeGreaterThan(cutMs - LOOKAHEAD_MS);
    expect(differs(ARTICULATOR.jaw)).toBeGreaterThan(cutMs - LOOKAHEAD_MS - LIP_REACH_MS);
    expect(first).toBeLessThan(cutMs + 40);
  });

  it('keeps every articulator within 0…1, for speech and for noise of any size', async () => {
    const random = new Random(4);
    const noises = [0, 1e-6, 0.01, 1, 50].map((size) =>
      Float32Array.from({ length: 8_000 }, () => size * random.normal()),
    );
    for (const samples of [SPEECH, ...noises]) {
      const track = await heard(samples);
      for (let ms = 0; ms < samples.length / 16; ms += 10) {
        for (const value of at(track, ms)) expect(value).toSatisfy((x: number) => x >= 0 && x <= 1);
      }
    }
  });

  it('knows nothing of a stretch before the network got there', async () => {
    const motion = new AudioMotion(network);
    const track = motion.push({ samples: SPEECH, sampleRateHz: RATE_HZ, continues: false });
    const out = new Float32Array(ARTICULATOR_COUNT);
    expect(track.at(0, out)).toBe(false);
    await motion.settled();
    expect(track.at(0, out)).toBe(true);
    expect(track.at(LENGTH_MS, out)).toBe(true);
  });

  it('begins anew with audio that does not continue the last', async () => {
    const motion = new AudioMotion(network);
    const first = await heard(SPEECH, motion);
    const second = await heard(SPEECH, motion);
    for (let ms = 0; ms < LENGTH_MS; ms += 40) expect(at(second, ms)).toEqual(at(first, ms));
  });

  it('forgets what waits when it is reset, and hears what comes after', async () => {
    const motion = new AudioMotion(network);
    const dropped = motion.push({ samples: SPEECH, sampleRateHz: RATE_HZ, continues: false });
    motion.reset();
    const kept = motion.push({ samples: SPEECH.subarray(0, 8_000), sampleRateHz: RATE_HZ, continues: true });
    await motion.settled();
    const out = new Float32Array(ARTICULATOR_COUNT);
    expect(dropped.at(LENGTH_MS - 100, out)).toBe(false);
    expect(kept.at(400, out)).toBe(true);
  });

  it('refuses audio beyond what may wait, and rates that are none', async () => {
    const motion = new AudioMotion(network);
    const long = { samples: new Float32Array(181 * 8_000), sampleRateHz: 8_000, continues: false };
    expect(() => motion.push(long)).toThrow(expect.objectContaining({ code: 'too-large' }));
    expect(() => motion.push({ samples: SPEECH, sampleRateHz: 7, continues: false })).toThrow(
      expect.objectContaining({ code: 'bad-request', field: 'sampleRateHz' }),
    );
    expect((await heard(SPEECH.subarray(0, 1_600), motion)).at(50, new Float32Array(ARTICULATOR_COUNT))).toBe(true);
  });

  it('says when the network fails, and hears again after that', async () => {
    let broken = true;
    const fragile: AudioMotionNetwork = {
      silence: network.silence,
      run: (mel, state) => (broken ? Promise.reject(new Error('no memory')) : network.run(mel, state)),
    };
    const failures: string[] = [];
    const motion = new AudioMotion(fragile, (error) => failures.push(`${error.code}: ${error.message}`));
    const lost = await heard(SPEECH, motion);
    expect(failures).toEqual(['engine-failed: no memory']);
    expect(lost.at(0, new Float32Array(ARTICULATOR_COUNT))).toBe(false);
    broken = false;
    expect((await heard(SPEECH, motion)).at(0, new Float32Array(ARTICULATOR_COUNT))).toBe(true);
  });

  it('is refused with a clear error when the network is missing or another', async () => {
    await expect(AudioMotionModel.create('/nowhere.onnx')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(AudioMotionModel.create(fixture('baby-map.json'))).rejects.toMatchObject({ code: 'engine-failed' });
  });
});

describe('a mouth without phonemes', () => {
  const speech = (o: Partial<SpeechMotion> = {}): SpeechMotion => ({
    segmentId: 1,
    durationMs: LENGTH_MS,
    loudness: loudnessEnvelope(SPEECH, RATE_HZ),
    audio: { samples: SPEECH, sampleRateHz: RATE_HZ, continues: false },
    ...o,
  });

  /** Motion frames over the whole of `said`, by their time. */
  async function frames(said: SpeechMotion, ear: AudioMotion | undefined) {
    const stream = new PhonemeMotion(ear === undefined ? undefined : () => ear).open({ frameRate: 25, seed: 1 });
    stream.addSpeech(said);
    await ear?.settled();
    return Array.from({ length: Math.floor(LENGTH_MS / 40) }, (_, i) => {
      const values = new Float32Array(MOTION_FRAME_LENGTH);
      stream.next({ segmentId: 1, positionMs: i * 40 }, values);
      return { ms: i * 40, values };
    });
  }
  const opening = (values: Float32Array) =>
    values[MOTION.jawOpen]! - values[MOTION.mouthClose]! + 0.2 * values[MOTION.mouthLowerDownLeft]!;

  it('closes the lips for what it hears as p, b and m, and opens them for the open vowels between', async () => {
    const moved = await frames(speech(), new AudioMotion(network));
    const within = (startMs: number, endMs: number) => moved.filter(({ ms }) => ms >= startMs - 20 && ms <= endMs + 20);
    const bilabials = PHONEMES.filter(([symbol]) => 'pbm'.includes(symbol));
    const closed = bilabials.filter(([, startMs, endMs]) =>
      within(startMs, endMs).some(({ values }) => opening(values) < 0.05),
    );
    expect(bilabials.length).toBeGreaterThan(8);
    expect(closed.length).toBeGreaterThanOrEqual(0.8 * bilabials.length);
    for (const [symbol, startMs, endMs] of PHONEMES.filter(([symbol]) => 'Iæ'.includes(symbol))) {
      expect(Math.max(...within(startMs, endMs).map(({ values }) => opening(values))), symbol).toBeGreaterThan(0.08);
    }
  });

  it('goes by the phonemes where they are known', async () => {
    const phonemes = PHONEMES.map(([symbol, startMs, endMs]) => ({ symbol, startMs, endMs }));
    const ear = new AudioMotion(network);
    expect(await frames(speech({ phonemes }), ear)).toEqual(
      await frames(speech({ phonemes, audio: undefined }), undefined),
    );
  });

  it('goes by the loudness without an ear, and while the network has not heard it', async () => {
    const without = await frames(speech(), undefined);
    expect(await frames(speech({ audio: undefined }), new AudioMotion(network))).toEqual(without);
    const deaf: AudioMotionNetwork = { silence: network.silence, run: () => Promise.reject(new Error('broken')) };
    expect(await frames(speech(), new AudioMotion(deaf))).toEqual(without);
    const unheard = speech({ audio: { samples: SPEECH, sampleRateHz: 5, continues: false } });
    expect(await frames(unheard, new AudioMotion(network))).toEqual(without);
  });
});
