import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { displace, loadLandmarkTable, parseLandmarkTable } from '../../../src/inference/avatar/landmark-table.js';
import { BLENDSHAPES, type Blendshape, MOTION } from '../../../src/inference/avatar/motion-frame.js';
import { CHIN, LANDMARK_COUNT, LEFT_EYE, LOWER_LIP, RIGHT_EYE, UPPER_LIP } from '../../../src/inference/avatar/rig.js';
import { pose } from './stock.js';

const table = loadLandmarkTable();
const FRONTAL = { pitch: 0, yaw: 0, roll: 0 };
const [X, Y, Z] = [0, 1, 2];
const rest = (landmark: number, axis: number) => table.neutral[landmark * 3 + axis]!;
const moved = (name: Blendshape, landmark: number, axis: number) => table.offsets[MOTION[name]]![landmark * 3 + axis]!;
const placed = (name: Blendshape, landmark: number, axis: number) => rest(landmark, axis) + moved(name, landmark, axis);
const largest = (name: Blendshape) => Math.max(...table.offsets[MOTION[name]]!.map(Math.abs));

/** The landmark on the other side of the face: the one nearest to the mirrored place. */
const mirror = Array.from({ length: LANDMARK_COUNT }, (_, i) => {
  let best = 0;
  let closest = Infinity;
  for (let k = 0; k < LANDMARK_COUNT; k++) {
    const distance = Math.hypot(rest(k, X) + rest(i, X), rest(k, Y) - rest(i, Y), rest(k, Z) - rest(i, Z));
    if (distance < closest) [best, closest] = [k, distance];
  }
  return best;
});
const mirrorName = (name: Blendshape) =>
  name.replace(/(Left|Right)$/, (side) => (side === 'Left' ? 'Right' : 'Left')) as Blendshape;

describe('table of landmarks', () => {
  it('is measured in distances between the irises, around the point between them', () => {
    expect(rest(LEFT_EYE.iris, X) - rest(RIGHT_EYE.iris, X)).toBeCloseTo(1, 3);
    expect(rest(LEFT_EYE.iris, Y) + rest(RIGHT_EYE.iris, Y)).toBeCloseTo(0, 3);
    expect(rest(CHIN, Y)).toBeGreaterThan(1.4);
    expect(rest(CHIN, Y)).toBeLessThan(2.2);
  });

  it('is the same on both sides: a coefficient of the other side is the mirror image', () => {
    for (const name of BLENDSHAPES) {
      const other = mirrorName(name);
      for (let i = 0; i < LANDMARK_COUNT; i++) {
        const k = mirror[i]!;
        expect(Math.abs(moved(name, i, X) + moved(other, k, X))).toBeLessThan(0.002);
        expect(Math.abs(moved(name, i, Y) - moved(other, k, Y))).toBeLessThan(0.002);
        expect(Math.abs(moved(name, i, Z) - moved(other, k, Z))).toBeLessThan(0.002);
      }
    }
  });

  it('moves something visibly for every coefficient but the tongue’s', () => {
    for (const name of BLENDSHAPES) {
      if (name === 'tongueOut') expect(largest(name)).toBe(0);
      else expect(largest(name), name).toBeGreaterThan(0.03);
      expect(largest(name), name).toBeLessThan(0.7);
    }
  });

  it('closes the lids’ gap when it blinks', () => {
    for (const [eye, name] of [
      [LEFT_EYE, 'eyeBlinkLeft'],
      [RIGHT_EYE, 'eyeBlinkRight'],
    ] as const) {
      for (const k of [3, 4, 5]) {
        const [up, low] = [eye.upper[k]!, eye.lower[k]!];
        const open = rest(low, Y) - rest(up, Y);
        const closed = placed(name, low, Y) - placed(name, up, Y);
        expect(open).toBeGreaterThan(0.1);
        expect(Math.abs(closed)).toBeLessThan(0.22 * open);
      }
    }
  });

  it('lowers chin and lower lip with the jaw, and lets them meet again by mouthClose', () => {
    const middle = { up: UPPER_LIP.inner[5], low: LOWER_LIP.inner[5] };
    expect(moved('jawOpen', CHIN, Y)).toBeGreaterThan(0.3);
    expect(Math.abs(moved('jawOpen', middle.up, Y))).toBeLessThan(0.06);
    const open = placed('jawOpen', middle.low, Y) - placed('jawOpen', middle.up, Y);
    expect(open).toBeGreaterThan(0.4);
    const gap = open + moved('mouthClose', middle.low, Y) - moved('mouthClose', middle.up, Y);
    expect(Math.abs(gap)).toBeLessThan(0.2 * open);
  });

  it('narrows the mouth for pucker and funnel, widens it for smile and stretch', () => {
    const [right, left] = [UPPER_LIP.outer[0], UPPER_LIP.outer[10]];
    const width = rest(left, X) - rest(right, X);
    const change = (...names: Blendshape[]) =>
      names.reduce((sum, name) => sum + moved(name, left, X) - moved(name, right, X), 0) / width;
    expect(change('mouthPucker')).toBeLessThan(-0.15);
    expect(change('mouthFunnel')).toBeLessThan(-0.05);
    expect(change('mouthSmileLeft', 'mouthSmileRight')).toBeGreaterThan(0.1);
    expect(change('mouthStretchLeft', 'mouthStretchRight')).toBeGreaterThan(0.1);
    expect(moved('mouthSmileLeft', left, Y)).toBeLessThan(-0.05);
    expect(moved('mouthFrownLeft', left, Y)).toBeGreaterThan(0.03);
  });

  it('moves jaw and mouth to the side that is named, lips forward in a pucker, the jaw forward', () => {
    expect(moved('jawLeft', CHIN, X)).toBeGreaterThan(0.03);
    expect(moved('mouthRight', LOWER_LIP.outer[5], X)).toBeLessThan(-0.1);
    expect(moved('mouthPucker', UPPER_LIP.outer[5], Z)).toBeLessThan(-0.05);
    expect(moved('jawForward', CHIN, Z)).toBeLessThan(-0.05);
  });

  it('raises and lowers the brow of the side that is named', () => {
    const outer = LEFT_EYE.browUpper[3]!;
    const inner = LEFT_EYE.browUpper[0]!;
    expect(moved('browOuterUpLeft', outer, Y)).toBeLessThan(-0.05);
    expect(moved('browInnerUp', inner, Y)).toBeLessThan(-0.05);
    expect(moved('browDownLeft', inner, Y)).toBeGreaterThan(0.02);
    expect(Math.abs(moved('browOuterUpRight', outer, Y))).toBeLessThan(0.005);
  });

  it('turns the irises outwards, inwards, up and down', () => {
    expect(moved('eyeLookOutLeft', LEFT_EYE.iris, X)).toBeGreaterThan(0.05);
    expect(moved('eyeLookInLeft', LEFT_EYE.iris, X)).toBeLessThan(-0.05);
    expect(moved('eyeLookUpRight', RIGHT_EYE.iris, Y)).toBeLessThan(-0.04);
    expect(moved('eyeLookDownRight', RIGHT_EYE.iris, Y)).toBeGreaterThan(0.04);
    expect(moved('eyeLookOutLeft', RIGHT_EYE.iris, X)).toBe(0);
  });
});

describe('displace', () => {
  const out = new Float32Array(LANDMARK_COUNT * 2);

  it('adds up what the coefficients do, in proportion', () => {
    displace(table, pose({ jawOpen: 0.5, mouthSmileLeft: 0.25 }), FRONTAL, out);
    for (const i of [CHIN, 291, 61, 33]) {
      for (const axis of [X, Y]) {
        const expected = 0.5 * moved('jawOpen', i, axis) + 0.25 * moved('mouthSmileLeft', i, axis);
        expect(out[i * 2 + axis]).toBeCloseTo(expected, 6);
      }
    }
  });

  it('clears what was in the buffer and ignores values below zero', () => {
    out.fill(9);
    displace(table, pose({ jawOpen: -1 }), FRONTAL, out);
    expect(out.every((value) => value === 0)).toBe(true);
  });

  it('shows what moves towards the viewer to the side on a turned head', () => {
    const chin = CHIN * 2;
    displace(table, pose({ jawForward: 1 }), { pitch: 0, yaw: 0.3, roll: 0 }, out);
    // Turned to the avatar's left, forward is to the right of the picture.
    expect(out[chin]! - moved('jawForward', CHIN, X)).toBeGreaterThan(0.02);
    displace(table, pose({ mouthSmileLeft: 1 }), { pitch: 0, yaw: 0, roll: 0.5 }, out);
    const length = Math.hypot(moved('mouthSmileLeft', 291, X), moved('mouthSmileLeft', 291, Y));
    expect(Math.hypot(out[291 * 2]!, out[291 * 2 + 1]!)).toBeCloseTo(length, 5);
  });
});

describe('parseLandmarkTable', () => {
  const file = (extension: string) =>
    readFileSync(fileURLToPath(new URL(`../../../assets/rig/arkit-landmarks.${extension}`, import.meta.url)));
  const header = file('json').toString('utf8');
  const values = file('bin');

  it('refuses what is cut off, changed or of another order, and says what', () => {
    expect(() => parseLandmarkTable('{', values)).toThrow(/header is not JSON/);
    expect(() => parseLandmarkTable('{}', values)).toThrow(/header\.formatVersion/);
    expect(() => parseLandmarkTable(header, values.subarray(2))).toThrow(/have 152002 bytes, expected 152004/);
    const changed = Uint8Array.from(values);
    changed[1_000] = changed[1_000]! ^ 1;
    expect(() => parseLandmarkTable(header, changed)).toThrow(/another checksum/);
    expect(() => parseLandmarkTable(header.replace('"jawOpen"', '"jawWide"'), values)).toThrow(
      /coefficients\.17 is jawWide, expected jawOpen/,
    );
  });
});
