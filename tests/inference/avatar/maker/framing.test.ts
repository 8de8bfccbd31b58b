import { describe, expect, it } from 'vitest';
import { frameHead } from '../../../../src/inference/avatar/maker/framing.js';
import { toPortrait } from '../../../../src/inference/avatar/maker/rig-file.js';

/** Landmarks of which only those count that frame the head: a face `height` high whose middle is at `x`, `y`, tilted clockwise. */
function face(x: number, y: number, height: number, degrees = 0): Float32Array {
  const points = new Float32Array(478 * 3);
  const angle = (degrees * Math.PI) / 180;
  const put = (index: number, u: number, v: number) => {
    points[3 * index] = x + u * Math.cos(angle) - v * Math.sin(angle);
    points[3 * index + 1] = y + u * Math.sin(angle) + v * Math.cos(angle);
    points[3 * index + 2] = -0.1 * height;
  };
  put(10, 0, -height / 2);
  put(152, 0, height / 2);
  put(234, -0.4 * height, 0);
  put(454, 0.4 * height, 0);
  return points;
}

const square = (side: number) => ({ width: side, height: side });

describe('frameHead', () => {
  it('frames the face like the stock portraits where there is room', () => {
    const points = face(1000, 900, 500);
    const framing = frameHead(points, 0, { width: 2000, height: 2000 }, square(512));
    expect(framing).toMatchObject({ width: 768, height: 768, tight: false, outside: 0 });
    const moved = toPortrait(points, framing);
    const at = (index: number) => [moved[3 * index]! / 768, moved[3 * index + 1]! / 768] as const;
    expect(at(10)[1]).toBeCloseTo(0.248, 3);
    expect(at(152)[1]).toBeCloseTo(0.248 + 0.505, 3);
    expect(at(10)[0]).toBeCloseTo(0.5, 3);
    expect(moved[3 * 10 + 2]).toBeCloseTo(-50 * framing.scale, 3);
  });

  it('turns a tilted head upright', () => {
    const points = face(1000, 1000, 400, 25);
    const framing = frameHead(points, 25, { width: 2000, height: 2000 }, square(512));
    const moved = toPortrait(points, framing);
    expect(moved[3 * 10]).toBeCloseTo(moved[3 * 152]!, 2);
    expect(moved[3 * 234 + 1]).toBeCloseTo(moved[3 * 454 + 1]!, 2);
    expect(moved[3 * 234]).toBeLessThan(moved[3 * 454]!);
  });

  it('stays within a photo that has little room, and says so', () => {
    const framing = frameHead(face(450, 470, 560), 0, { width: 884, height: 884 }, square(512));
    const { centreX, centreY, side } = framing.region;
    expect(framing.tight).toBe(true);
    expect(centreX - side / 2).toBeGreaterThan(-2);
    expect(centreX + side / 2).toBeLessThan(886);
    expect(centreY - side / 2).toBeGreaterThan(-2);
    expect(centreY + side / 2).toBeLessThan(886);
    expect(side).toBeGreaterThan(870);
  });

  it('leaves a face near the side of a wide photo within the photo', () => {
    const framing = frameHead(face(210, 500, 420), 0, { width: 1600, height: 1000 }, square(512));
    expect(framing.region.centreX - framing.region.side / 2).toBeGreaterThan(-2);
    expect(Math.abs(framing.region.centreX - 210)).toBeLessThan(0.09 * framing.region.side);
  });

  it('lets straightening lay bare a little of the corners, never more than 8 %', () => {
    const framing = frameHead(face(400, 420, 480, 20), 20, { width: 800, height: 800 }, square(512));
    expect(framing.outside).toBeGreaterThan(0.02);
    expect(framing.outside).toBeLessThanOrEqual(0.0811);
  });

  it('enlarges to the size asked for up to twice, and says what is possible beyond', () => {
    const small = face(200, 200, 210);
    const photo = { width: 420, height: 420 };
    expect(frameHead(small, 0, photo, square(512))).toMatchObject({ width: 512, height: 512 });
    const tight = { width: 300, height: 300 };
    expect(() => frameHead(face(150, 150, 210), 0, tight, square(768))).toThrow(
      /enough for a size of (59\d|60\d), not of 768/,
    );
    expect(() => frameHead(face(150, 150, 210), 0, tight, square(768))).toThrow(
      expect.objectContaining({ field: 'size' }),
    );
  });

  describe('for a wide picture', () => {
    const WIDE = { width: 1024, height: 576 };

    it('frames the face as high as in a square one, with the shoulders beside it', () => {
      const points = face(1500, 900, 500);
      const framing = frameHead(points, 0, { width: 3000, height: 2000 }, WIDE);
      expect(framing).toMatchObject({ tight: false, outside: 0, beyond: { left: 0, right: 0 } });
      expect(framing.width / framing.height).toBeCloseTo(16 / 9, 2);
      const moved = toPortrait(points, framing);
      expect((moved[3 * 152 + 1]! - moved[3 * 10 + 1]!) / framing.height).toBeCloseTo(0.505, 3);
      expect(moved[3 * 10 + 1]! / framing.height).toBeCloseTo(0.248, 3);
      expect(moved[3 * 10]! / framing.width).toBeCloseTo(0.5, 3);
      expect(moved[3 * 10 + 2]).toBeCloseTo(-50 * framing.scale, 3);
    });

    it('comes a little nearer where the photo ends beside the shoulders', () => {
      const framing = frameHead(face(800, 520, 500), 0, { width: 1600, height: 1200 }, WIDE);
      expect(framing.beyond).toEqual({ left: 0, right: 0 });
      expect(500 / framing.region.height).toBeGreaterThan(0.505);
      expect(500 / framing.region.height).toBeLessThanOrEqual(0.58);
      expect(framing.region.side).toBeLessThanOrEqual(1604);
    });

    it('reaches beyond a square photo on both sides, and not above or below it', () => {
      const framing = frameHead(face(400, 420, 400), 0, { width: 800, height: 800 }, WIDE);
      expect(framing.beyond.left).toBeGreaterThan(0.15);
      expect(framing.beyond.right).toBeCloseTo(framing.beyond.left, 2);
      expect(framing.outside).toBeLessThan(0.002);
      expect(framing.region.height).toBeGreaterThan(780);
    });

    it('says what is possible of a photo that is too small', () => {
      const few = { width: 260, height: 260 };
      expect(() => frameHead(face(130, 130, 200), 0, few, WIDE)).toThrow(
        /enough for a size of 9\d\dx5\d\d, not of 1024x576/,
      );
    });
  });
});
