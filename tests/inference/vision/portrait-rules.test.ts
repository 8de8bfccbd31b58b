import { describe, expect, it } from 'vitest';
import type { PortraitFace } from '../../../src/inference/vision/inspect-portrait.js';
import { eyeOpenness, faceSize, mouthOpenness } from '../../../src/inference/vision/portrait-measures.js';
import { chooseFace, judgeFace, remarksOn } from '../../../src/inference/vision/portrait-rules.js';

const PICTURE = { width: 1000, height: 1000 };

function face(changes: Partial<PortraitFace> = {}): PortraitFace {
  return {
    landmarks: new Float32Array(478 * 3).fill(500),
    box: { x: 300, y: 300, width: 400, height: 400 },
    size: { width: 300, height: 400 },
    pose: { pitch: 0, yaw: 0, roll: 0 },
    eyeOpenness: { right: 0.3, left: 0.3 },
    mouthOpenness: 0,
    sharpness: 0.2,
    flatness: 0.01,
    appearance: {
      eyeSurround: { right: 1, left: 1 },
      eyeContrast: { right: 0.7, left: 0.7 },
      lipColour: 0.1,
      lipLine: 0.3,
    },
    confidence: 1,
    ...changes,
  };
}

const judged = (changes: Partial<PortraitFace>) => () => judgeFace(face(changes), PICTURE);

describe('chooseFace', () => {
  it('takes the only face and one that clearly dominates', () => {
    expect([chooseFace([300]), chooseFace([300, 180, 90])]).toEqual([0, 0]);
  });

  it('refuses none and several of similar size, with their sizes', () => {
    expect(() => chooseFace([])).toThrow(/no face/);
    expect(() => chooseFace([300, 200, 60])).toThrow(/2 faces of similar size \(300 pixels, 200 pixels\)/);
  });
});

describe('judgeFace', () => {
  it('accepts turns, tilts and sizes up to their limits', () => {
    expect(judged({ pose: { pitch: -30, yaw: 30, roll: -30 } })).not.toThrow();
    expect(judged({ size: { width: 150, height: 200 } })).not.toThrow();
  });

  it.each([
    [{ pitch: 0, yaw: 31, roll: 0 }, /turned 31° to the person's left/],
    [{ pitch: 0, yaw: -70, roll: 0 }, /turned 70° to the person's right/],
    [{ pitch: 40, yaw: 0, roll: 0 }, /turned 40° up/],
    [{ pitch: -35, yaw: 0, roll: 0 }, /turned 35° down/],
    [{ pitch: 0, yaw: 0, roll: -92 }, /tilted by 92°/],
  ])('refuses %j and says which way', (pose, message) => {
    expect(judged({ pose })).toThrow(message);
  });

  it('refuses what is small, cut off or covered', () => {
    expect(judged({ size: { width: 150, height: 199 } })).toThrow(/199 pixels high/);
    expect(judged({ landmarks: new Float32Array(478 * 3).fill(1030) })).toThrow(/cuts off/);
    const { appearance } = face();
    const dark = { right: 0.2, left: 0.2 };
    expect(judged({ appearance: { ...appearance, eyeSurround: dark, eyeContrast: dark } })).toThrow(/covered eyes/);
    expect(judged({ appearance: { ...appearance, lipColour: 0.01, lipLine: 0.02 } })).toThrow(/covered mouth/);
  });

  it('lets one dark eye, pale lips and dark skin around lively eyes pass', () => {
    const { appearance } = face();
    expect(
      judged({
        appearance: { ...appearance, eyeSurround: { right: 0.2, left: 1 }, eyeContrast: { right: 0.1, left: 0.7 } },
      }),
    ).not.toThrow();
    expect(judged({ appearance: { ...appearance, lipColour: 0.01 } })).not.toThrow();
    expect(judged({ appearance: { ...appearance, eyeSurround: { right: 0.4, left: 0.4 } } })).not.toThrow();
  });

  it('names the turn before anything that follows from it', () => {
    expect(judged({ pose: { pitch: 0, yaw: 80, roll: 0 }, size: { width: 50, height: 100 } })).toThrow(/turned/);
  });
});

describe('remarksOn', () => {
  it('has nothing to say about a good portrait', () => {
    expect(remarksOn(face())).toEqual([]);
  });

  it('names closed eyes, a wink, an open mouth and blur', () => {
    expect(remarksOn(face({ eyeOpenness: { right: 0.05, left: 0.05 } }))).toEqual(['The eyes are closed.']);
    expect(remarksOn(face({ eyeOpenness: { right: 0.05, left: 0.3 } }))).toEqual(["The person's right eye is closed."]);
    expect(remarksOn(face({ mouthOpenness: 0.3, sharpness: 0.01 })).length).toBe(2);
  });

  it('names even areas with hard edges, neither of the two alone', () => {
    expect(remarksOn(face({ flatness: 0.4, sharpness: 0.16 })).join(' ')).toMatch(/drawn or painted/);
    expect(remarksOn(face({ flatness: 0.4, sharpness: 0.1 }))).toEqual([]);
    expect(remarksOn(face({ flatness: 0.2, sharpness: 0.2 }))).toEqual([]);
  });
});

describe('measures', () => {
  const points = new Float32Array(478 * 3);
  const put = (index: number, x: number, y: number, z = 0) => points.set([x, y, z], index * 3);

  it('are ratios of the face itself, depth included where it is known', () => {
    for (const [upper, lower] of [
      [160, 144],
      [159, 145],
      [158, 153],
    ] as const) {
      put(upper, 50, 90);
      put(lower, 50, 102);
    }
    put(33, 30, 100);
    put(133, 70, 100);
    expect(eyeOpenness(points).right).toBeCloseTo(0.3, 6);
    for (const [upper, lower] of [
      [82, 87],
      [13, 14],
      [312, 317],
    ] as const) {
      put(upper, 100, 200);
      put(lower, 100, 220);
    }
    put(61, 60, 210);
    put(291, 140, 210);
    expect(mouthOpenness(points)).toBeCloseTo(0.25, 6);
    put(234, 0, 0, 30);
    put(454, 40, 0, 0);
    expect(faceSize(points).width).toBeCloseTo(50, 6);
  });
});
