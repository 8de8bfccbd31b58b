import { beforeAll, describe, expect, it } from 'vitest';
import { type AvatarPackage, loadAvatarPackage } from '../../../../src/inference/avatar/package.js';
import { openAvatar } from '../../../../src/inference/avatar/renderer/portrait.js';
import type { AvatarStream } from '../../../../src/inference/engines.js';
import { pose, stockFolder } from '../stock.js';

const WIDE = { width: 1024, height: 576 };
const SQUARE = { width: 576, height: 576 };
const LEFT = (WIDE.width - SQUARE.width) / 2;
const POSES = {
  speaking: { jawOpen: 0.4, mouthFunnel: 0.3, exhale: 1 },
  turned: { headYaw: 0.17, headRoll: -0.1 },
  blinking: { eyeBlink: 1, headPitch: -0.1 },
};

describe('a wide picture', () => {
  let pkg: AvatarPackage;
  let wide: AvatarStream;
  let square: AvatarStream;
  const draw = (stream: AvatarStream, values: Record<string, number> = {}) => {
    const out = new Uint8Array((stream.width * stream.height * 3) / 2);
    stream.render(pose(values), out);
    return out;
  };

  beforeAll(async () => {
    pkg = await loadAvatarPackage(stockFolder('sam'), { size: WIDE });
    wide = openAvatar(pkg, WIDE);
    square = openAvatar(await loadAvatarPackage(stockFolder('sam'), { size: SQUARE }), SQUARE);
  });

  it.each(Object.entries({ 'at rest': {}, ...POSES }))('has the face of the square one, %s', (_, values) => {
    const [a, b] = [draw(wide, values), draw(square, values)];
    let worst = 0;
    // Head and neck: beyond, the square's side holds back what it cuts off.
    for (let y = 20; y < 440; y++)
      for (let x = 120; x < 456; x++)
        worst = Math.max(worst, Math.abs(a[y * WIDE.width + LEFT + x]! - b[y * SQUARE.width + x]!));
    expect(worst).toBeLessThanOrEqual(8);
  });

  it.each(Object.entries(POSES))('keeps its background to the bit, %s', (_, values) => {
    const [rest, moved] = [draw(wide), draw(wide, values)];
    const matte = pkg.matte!;
    const scale = matte.height / WIDE.height;
    const reach = 50;
    const isFar = (x: number, y: number) => {
      for (let dy = -reach; dy <= reach; dy += 10) {
        for (let dx = -reach; dx <= reach; dx += 10) {
          const [mx, my] = [Math.round((x + dx) * scale), Math.round((y + dy) * scale)];
          if (mx >= 0 && my >= 0 && mx < matte.width && my < matte.height && matte.data[my * matte.width + mx]! > 0)
            return false;
        }
      }
      return true;
    };
    let far = 0;
    for (let y = 0; y < WIDE.height; y += 6) {
      for (let x = 0; x < WIDE.width; x += 6) {
        if (!isFar(x, y)) continue;
        far++;
        expect(moved[y * WIDE.width + x]).toBe(rest[y * WIDE.width + x]);
      }
    }
    expect(far).toBeGreaterThan(2_500);
    expect(moved).not.toEqual(rest);
  });

  it('shows both shoulders whole, with wall beside them down to the lower edge', () => {
    const { matte } = pkg;
    const row = matte!.data.subarray((matte!.height - 1) * matte!.width);
    const [first, last] = [row.findIndex((a) => a > 0), row.findLastIndex((a) => a > 0)];
    expect(first).toBeGreaterThan(0.05 * matte!.width);
    expect(last).toBeLessThan(0.95 * matte!.width);
    expect(last - first).toBeGreaterThan(0.5 * matte!.width);
  });

  it('breathes with both shoulders, and draws the same frame again for the same motion', () => {
    const [rest, breath] = [draw(wide), draw(wide, { exhale: 1 })];
    const changed = (from: number, to: number) => {
      let count = 0;
      for (let y = 480; y < 570; y++)
        for (let x = from; x < to; x++) if (rest[y * WIDE.width + x] !== breath[y * WIDE.width + x]) count++;
      return count;
    };
    expect(changed(150, 400)).toBeGreaterThan(200);
    expect(changed(624, 874)).toBeGreaterThan(200);
    expect(draw(wide)).toEqual(rest);
  });

  it('is drawn into the memory that is given, and takes none of its own', () => {
    const out = new Uint8Array((WIDE.width * WIDE.height * 3) / 2);
    const motion = pose(POSES.speaking);
    wide.render(motion, out);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 50; i++) wide.render(motion, out);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(out.length / 10);
  });
});
