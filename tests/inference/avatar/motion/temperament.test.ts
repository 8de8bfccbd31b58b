import { describe, expect, it } from 'vitest';
import { MANNERS, type Manner } from '../../../../src/inference/avatar/manner.js';
import { PhonemeMotion } from '../../../../src/inference/avatar/motion/phoneme-motion.js';
import { BLENDSHAPES, MOTION, MOTION_FRAME_LENGTH } from '../../../../src/inference/avatar/motion-frame.js';
import type { AgentState } from '../../../../src/inference/engines.js';
import { SENTENCE, speechOf } from '../stock.js';

const FRAME_MS = 40;
const MIDDLE: Manner = { warmth: 0.5, liveliness: 0.5, directness: 0.5, pace: 1 };
const ENDS = [0, 1];
const EXTREMES: Manner[] = ENDS.flatMap((warmth) =>
  ENDS.flatMap((liveliness) => ENDS.map((directness) => ({ warmth, liveliness, directness, pace: 1.1 }))),
);
const ALL = [...EXTREMES, ...Object.values(MANNERS)];
const MOUTH = BLENDSHAPES.filter((name) => /^(mouth|jaw)/.test(name));
const BROWS = BLENDSHAPES.filter((name) => name.startsWith('brow'));
const LIDS = ['eyeBlinkLeft', 'eyeBlinkRight'] as const;

/** Everything a face goes through, `rounds` times: rest, listening with pauses, thinking, glad and sad speech, an interruption. */
function live(manner: Manner | undefined, seed: number, rounds: number): Float32Array[] {
  const stream = new PhonemeMotion().open({ frameRate: 25, seed, manner });
  const frames: Float32Array[] = [];
  const next = (at: { segmentId: number; positionMs: number } | null = null) => {
    const out = new Float32Array(MOTION_FRAME_LENGTH);
    stream.next(at, out);
    frames.push(out);
  };
  const wait = (state: AgentState, count: number) => {
    stream.setState(state);
    for (let i = 0; i < count; i++) next();
  };
  for (let round = 0; round < rounds; round++) {
    wait('idle', 90);
    wait('listening', 120);
    stream.visitorPaused();
    wait('listening', 20);
    wait('thinking', 70);
    stream.setState('speaking');
    const speech = { ...speechOf(round, SENTENCE), tone: round % 2 === 0 ? 1 : -1 };
    stream.addSpeech(speech);
    const lastMs = round % 3 === 2 ? 900 : speech.durationMs;
    for (let ms = 0; ms < lastMs; ms += FRAME_MS) next({ segmentId: round, positionMs: ms });
    if (lastMs === 900) stream.interrupt();
  }
  return frames;
}

function largestStep(frames: readonly Float32Array[], names: readonly (keyof typeof MOTION)[]): number {
  let largest = 0;
  for (let i = 1; i < frames.length; i++) {
    for (const name of names) {
      largest = Math.max(largest, Math.abs(frames[i]![MOTION[name]]! - frames[i - 1]![MOTION[name]]!));
    }
  }
  return largest;
}

const SEEDS = [1, 2];
const plain = SEEDS.map((seed) => live(undefined, seed, 6));
const name = (manner: Manner) => Object.values(manner).join(' ');
const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe('manner', () => {
  it('in its middle changes nothing: every frame is the one of an avatar without', () => {
    expect(live(MIDDLE, 4, 4)).toEqual(live(undefined, 4, 4));
  });

  it.each(ALL.map((manner) => [name(manner), manner] as const))(
    'of %s keeps every channel within its range and every step within that of an avatar without',
    (_name, manner) => {
      const own = SEEDS.map((seed) => live(manner, seed, 6));
      const outside = (channel: keyof typeof MOTION, low: number, high: number) =>
        own.flat().filter((frame) => !(frame[MOTION[channel]]! >= low && frame[MOTION[channel]]! <= high)).length;
      for (const channel of BLENDSHAPES) expect(outside(channel, 0, 1), channel).toBe(0);
      for (const channel of ['gazeX', 'gazeY'] as const) expect(outside(channel, -1, 1), channel).toBe(0);
      for (const [channel, most] of Object.entries({ headPitch: 0.2, headYaw: 0.27, headRoll: 0.18 }))
        expect(outside(channel as keyof typeof MOTION, -most, most), channel).toBe(0);
      const step = (lives: Float32Array[][], names: readonly (keyof typeof MOTION)[]) =>
        Math.max(...lives.map((frames) => largestStep(frames, names)));
      // The speed of the head has a bound of its own.
      expect(step(own, ['headPitch', 'headYaw', 'headRoll'])).toBeLessThan((27 * Math.PI * 0.04) / 180 + 1e-6);
      expect(step(own, ['jawOpen'])).toBeLessThanOrEqual(step(plain, ['jawOpen']) + 1e-6);
      expect(step(own, MOUTH)).toBeLessThan(step(plain, MOUTH) + 0.05);
      expect(step(own, LIDS)).toBeLessThan(step(plain, LIDS) + 0.05);
      expect(step(own, BROWS)).toBeLessThan(1.4 * step(plain, BROWS) + 0.02);
    },
  );

  it('is deterministic for a seed', () => {
    for (const manner of [EXTREMES[0]!, MANNERS.lively]) {
      expect(live(manner, 9, 3)).toEqual(live(manner, 9, 3));
      expect(live(manner, 9, 3)).not.toEqual(live(manner, 10, 3));
    }
  });

  it('moves the head more the livelier it is, nods deeper and oftener, and blinks more', () => {
    const figures = (liveliness: number) => {
      const frames = [1, 2, 3, 4].flatMap((seed) => live({ ...MIDDLE, liveliness }, seed, 12));
      const yaw = frames.map((frame) => frame[MOTION.headYaw]!);
      const pitch = frames.map((frame) => frame[MOTION.headPitch]!);
      const blinks = frames.filter((frame, i) => {
        return i > 0 && frame[MOTION.eyeBlinkLeft]! > 0.3 && frames[i - 1]![MOTION.eyeBlinkLeft]! <= 0.3;
      });
      return {
        turning: Math.sqrt(mean(yaw.map((value) => value ** 2))),
        nodding: mean(pitch.slice(4).map((value, i) => Math.abs(value - pitch[i]!))),
        blinks: blinks.length,
      };
    };
    const [still, middle, lively] = [figures(0), figures(0.5), figures(1)];
    for (const figure of ['turning', 'nodding', 'blinks'] as const) {
      expect(middle[figure], figure).toBeGreaterThan(still[figure]);
      expect(lively[figure], figure).toBeGreaterThan(middle[figure]);
    }
  });

  it('smiles more the warmer it is, at rest and at good news', () => {
    const smiles = (warmth: number) => {
      const frames = live({ ...MIDDLE, warmth }, 3, 12);
      return mean(frames.map((frame) => frame[MOTION.mouthSmileLeft]!));
    };
    expect(smiles(0.5)).toBeGreaterThan(smiles(0) + 0.01);
    expect(smiles(1)).toBeGreaterThan(smiles(0.5) + 0.05);
  });

  it('looks away more the less direct it is, most of all while it thinks', () => {
    const away = (directness: number, state: AgentState) => {
      const stream = new PhonemeMotion().open({ frameRate: 25, seed: 6, manner: { ...MIDDLE, directness } });
      stream.setState(state);
      let count = 0;
      const frame = new Float32Array(MOTION_FRAME_LENGTH);
      for (let i = 0; i < 9_000; i++) {
        stream.next(null, frame);
        if (Math.hypot(frame[MOTION.gazeX]!, frame[MOTION.gazeY]!) > 0.15) count++;
      }
      return count / 9_000;
    };
    for (const state of ['idle', 'listening', 'thinking'] as const) {
      expect(away(0, state), state).toBeGreaterThan(away(0.5, state));
      expect(away(0.5, state), state).toBeGreaterThan(away(1, state));
    }
    expect(away(1, 'thinking')).toBeGreaterThan(away(1, 'listening'));
  });
});
