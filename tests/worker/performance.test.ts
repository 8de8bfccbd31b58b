import { describe, expect, it } from 'vitest';
import { PhonemeMotion } from '../../src/inference/avatar/motion/phoneme-motion.js';
import { MOTION_FRAME_LENGTH } from '../../src/inference/avatar/motion-frame.js';
import type { AgentState, MotionStream, SpeechPosition } from '../../src/inference/engines.js';
import { perform, placeScenes, type Scene, soundOf } from '../../src/worker/avatar/performance.js';
import type { Recital, RecitalPart } from '../../src/worker/avatar/recital.js';

const RATE = 25;

/** Two parts of 200 ms and 300 ms, a constant 0.5. */
function recital(): Recital {
  const part = (startMs: number, durationMs: number): RecitalPart => ({
    startMs,
    speech: { durationMs, loudness: new Float32Array(durationMs / 10).fill(0.2), phonemes: [] },
    words: [],
  });
  return {
    text: 'Two parts.',
    parts: [part(0, 200), part(200, 300)],
    durationMs: 500,
    samples: new Float32Array(24_000).fill(0.5),
  };
}

const scenes: Scene[] = [
  { kind: 'silence', state: 'idle', durationMs: 90 },
  { kind: 'speech', recital: recital() },
  { kind: 'speech', recital: recital(), interruptAtMs: 240 },
  { kind: 'silence', state: 'listening', durationMs: 80 },
];

/** Keeps what a performance tells a face. */
class Notes implements MotionStream {
  readonly log: string[] = [];
  addSpeech({ segmentId }: { segmentId: number }): void {
    this.log.push(`speech ${segmentId}`);
  }
  setState(state: AgentState): void {
    this.log.push(state);
  }
  interrupt(): void {
    this.log.push('interrupt');
  }
  visitorPaused(): void {
    this.log.push('visitor paused');
  }
  next(at: SpeechPosition | null): void {
    this.log.push(at === null ? '–' : `${at.segmentId}@${at.positionMs}`);
  }
}

describe('perform', () => {
  it('lets every scene begin with a frame of its own', () => {
    expect(placeScenes(scenes, RATE).map(({ firstFrame, endFrame }) => [firstFrame, endFrame])).toEqual([
      [0, 3],
      [3, 16],
      [16, 22],
      [22, 24],
    ]);
  });

  it('tells the face state, speech, what is heard with each frame, and the interruption, in the order of a conversation', () => {
    const notes = new Notes();
    for (const _ of perform(placeScenes(scenes, RATE), notes, RATE, new Float32Array(MOTION_FRAME_LENGTH)));
    expect(notes.log.slice(0, 14)).toEqual([
      ...['idle', '–', '–', '–', 'speaking', 'speech 1', 'speech 2'],
      ...['1@0', '1@40', '1@80', '1@120', '1@160', '2@0', '2@40'],
    ]);
    expect(notes.log.slice(-13)).toEqual([
      ...['speaking', 'speech 3', 'speech 4', '3@0', '3@40', '3@80', '3@120', '3@160', '4@0'],
      ...['interrupt', 'listening', '–', '–'],
    ]);
  });

  it('is the same for the same seed', () => {
    const run = () => {
      const out = new Float32Array(MOTION_FRAME_LENGTH);
      const motion = new PhonemeMotion().open({ frameRate: RATE, seed: 3 });
      return [...perform(placeScenes(scenes, RATE), motion, RATE, out)].map(() => [...out]);
    };
    expect(run()).toEqual(run());
  });
});

describe('soundOf', () => {
  it('is as long as the frames, puts speech where it is heard, and fades out what is broken off', () => {
    const sound = soundOf(placeScenes(scenes, RATE), RATE);
    const at = (ms: number) => sound[ms * 48]!;
    expect(sound.length).toBe(24 * 1_920);
    expect([at(0), at(119), at(120), at(600), at(630), at(640), at(870)]).toEqual([0, 0, 0.5, 0.5, 0, 0.5, 0.5]);
    expect(at(890)).toBeLessThan(0.5);
    expect(at(890)).toBeGreaterThan(0);
    expect(at(901)).toBe(0);
  });
});
