import { describe, expect, it } from 'vitest';
import { decodeDetections } from '../../../src/inference/vision/face-detector.js';

const region = { centreX: 500, centreY: 400, side: 256, angle: 0 };
const FIRST_LARGE = 512;

/** Network outputs in which only the anchors given see something. */
function outputs(seen: { anchor: number; logit: number; values: number[] }[]) {
  const boxes = new Float32Array(896 * 16);
  const scores = new Float32Array(896).fill(-20);
  for (const { anchor, logit, values } of seen) {
    boxes.set(values, anchor * 16);
    scores[anchor] = logit;
  }
  return [boxes, scores] as const;
}

describe('decodeDetections', () => {
  it('places a box by its anchor, in pixels of the picture', () => {
    // The first of the large anchors stands at (8, 8) of 128.
    const [boxes, scores] = outputs([{ anchor: FIRST_LARGE, logit: 3, values: [4, -4, 20, 30, 1, 2] }]);
    const [face] = decodeDetections(boxes, scores, region, 0.5);
    expect(face!.box).toMatchObject({
      centreX: 500 + (12 - 64) * 2,
      centreY: 400 + (4 - 64) * 2,
      width: 40,
      height: 60,
      side: 60,
    });
    expect(face!.keypoints[0]).toEqual([500 + (9 - 64) * 2, 400 + (10 - 64) * 2]);
    expect(face!.score).toBeCloseTo(1 / (1 + Math.exp(-3)), 6);
  });

  it('joins what overlaps into its weighted mean and keeps what stands apart', () => {
    const box = (x: number) => [x, 0, 40, 40];
    const [boxes, scores] = outputs([
      { anchor: FIRST_LARGE, logit: 2, values: box(0) },
      { anchor: FIRST_LARGE + 1, logit: 2, values: box(4) },
      { anchor: FIRST_LARGE + 6 * 7, logit: 1, values: box(0) },
    ]);
    const faces = decodeDetections(boxes, scores, region, 0.5);
    expect(faces.map(({ box }) => box.centreX)).toEqual([500 + (10 - 64) * 2, 500 + (120 - 64) * 2]);
  });

  it('turns boxes and points with the region', () => {
    const [boxes, scores] = outputs([{ anchor: FIRST_LARGE, logit: 3, values: [0, 0, 20, 20] }]);
    const [face] = decodeDetections(boxes, scores, { ...region, angle: Math.PI / 2 }, 0.5);
    // (8, 8) of 128 is up left of the middle: a quarter turn clockwise makes that up right.
    expect([Math.round(face!.box.centreX), Math.round(face!.box.centreY)]).toEqual([500 + 112, 400 - 112]);
  });

  it('is silent below the score asked for', () => {
    const [boxes, scores] = outputs([{ anchor: 0, logit: 0.5, values: [0, 0, 20, 20] }]);
    expect(decodeDetections(boxes, scores, region, 0.75)).toEqual([]);
  });
});
