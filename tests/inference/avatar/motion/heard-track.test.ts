import { describe, expect, it } from 'vitest';
import { BILABIAL_CLASS, CLASS_COUNT } from '../../../../src/inference/avatar/motion/audio-network.js';
import { AudioTimeline } from '../../../../src/inference/avatar/motion/audio-timeline.js';
import { FASTEST_HEARD, HeardTrack } from '../../../../src/inference/avatar/motion/heard-track.js';
import { MEL_BANDS } from '../../../../src/inference/avatar/motion/log-mel.js';
import { lipLowered } from '../../../../src/inference/avatar/motion/lower-lip.js';
import { Pauses } from '../../../../src/inference/avatar/motion/pauses.js';
import { ARTICULATOR, ARTICULATOR_COUNT } from '../../../../src/inference/avatar/motion/visemes.js';

/** What a network says that is sure of syllables "ba" of 200 ms, wide open between closures, for `steps` moments. */
function babble(steps: number): AudioTimeline {
  const timeline = new AudioTimeline();
  for (let step = 0; step < steps; step++) {
    const positions = new Float32Array(ARTICULATOR_COUNT);
    const classes = new Float32Array(CLASS_COUNT);
    const isClosed = step % 20 < 6;
    positions[ARTICULATOR.jaw] = isClosed ? 0.1 : 0.8;
    positions[ARTICULATOR.raise] = 0.2;
    classes[BILABIAL_CLASS] = isClosed ? 0.9 : 0;
    timeline.write(step, { positions, classes }, 0);
  }
  return timeline;
}

/** Two seconds of sound, then of a quiet room. */
function pausesOf(spokenFrames: number, quietFrames: number): Pauses {
  const pauses = new Pauses();
  pauses.push(new Float32Array(spokenFrames * MEL_BANDS).fill(-12));
  pauses.push(new Float32Array(quietFrames * MEL_BANDS).fill(-17));
  return pauses;
}

function positions(track: HeardTrack, fromMs: number, toMs: number, stepMs = 1): Float32Array[] {
  const list: Float32Array[] = [];
  for (let ms = fromMs; ms < toMs; ms += stepMs) {
    const out = new Float32Array(ARTICULATOR_COUNT);
    expect(track.at(ms, out)).toBe(true);
    list.push(out);
  }
  return list;
}

describe('a stretch that was heard', () => {
  it('lowers and raises the lower lip no faster than lips are, and closes every time', () => {
    const track = new HeardTrack(babble(200), pausesOf(200, 0), 0);
    const list = positions(track, 0, 1_900);
    const frameMs = 40;
    const steps = list.slice(frameMs).map((now, i) => Math.abs(lipLowered(now) - lipLowered(list[i]!)));
    expect(Math.max(...steps)).toBeLessThan(1.1 * frameMs * FASTEST_HEARD);
    expect(Math.max(...steps)).toBeGreaterThan(0.5 * frameMs * FASTEST_HEARD);
    for (let syllable = 1; syllable < 9; syllable++) {
      const within = list.slice(syllable * 200, syllable * 200 + 60);
      expect(Math.max(...within.map((a) => a[ARTICULATOR.close]!))).toBe(1);
      const open = list.slice(syllable * 200 + 60, syllable * 200 + 200);
      expect(Math.max(...open.map((a) => a[ARTICULATOR.jaw]! * (1 - a[ARTICULATOR.close]!)))).toBeGreaterThan(0.12);
    }
  });

  it('lets the upper lip rise where the lower lip has no time', () => {
    const list = positions(new HeardTrack(babble(200), pausesOf(200, 0), 0), 600, 800);
    expect(Math.max(...list.map((a) => a[ARTICULATOR.raise]!))).toBeGreaterThan(0.35);
  });

  it('is at rest in a pause, whatever the network says', () => {
    const track = new HeardTrack(babble(400), pausesOf(200, 200), 0);
    for (const out of positions(track, 2_200, 3_900, 20)) expect(Math.max(...out)).toBe(0);
  });

  it('is known from where the network has got to', () => {
    const out = new Float32Array(ARTICULATOR_COUNT);
    expect(new HeardTrack(babble(50), pausesOf(50, 0), 500).at(0, out)).toBe(false);
    expect(new HeardTrack(babble(50), pausesOf(50, 0), 400).at(0, out)).toBe(true);
  });
});
