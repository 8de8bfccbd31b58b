import { describe, expect, it } from 'vitest';
import { BADGE_CHARACTERS } from '../../../../src/config-values.js';
import { Badge } from '../../../../src/inference/avatar/renderer/badge.js';
import { textMask, textWidth } from '../../../../src/inference/avatar/renderer/badge-text.js';
import { LANGUAGES } from '../../../../src/languages.js';
import { wordingOf } from '../../../../src/wording.js';

function plain(width: number, height: number, luma: number): Uint8Array {
  const picture = new Uint8Array((width * height * 3) / 2).fill(128);
  picture.fill(luma, 0, width * height);
  picture.fill(90, width * height);
  return picture;
}

/** Luma values of the badge's rectangle, row by row. */
function rows(picture: Uint8Array, pictureWidth: number, badge: Badge): number[][] {
  return Array.from({ length: badge.height }, (_, row) => {
    const at = (badge.y + row) * pictureWidth + badge.x;
    return [...picture.subarray(at, at + badge.width)];
  });
}

describe('badge', () => {
  it('is light text of at least 14 pixels on a dark chip, on a white and on a black picture of 512 pixels', () => {
    const badge = Badge.create('AI', { width: 512, height: 512 });
    for (const luma of [16, 128, 235]) {
      const picture = plain(512, 512, luma);
      badge.draw(picture);
      const lines = rows(picture, 512, badge);
      // Its round corners show what lies behind.
      const bright = lines.filter((line) => line.slice(8, -8).some((value) => value > 200));
      expect(bright.length).toBeGreaterThanOrEqual(14);
      expect(bright.length).toBeLessThanOrEqual(16);
      const chip = lines[3]![Math.floor(badge.width / 2)]!;
      expect(chip).toBeLessThanOrEqual(100);
      expect(chip).toBeGreaterThan(15);
    }
  });

  it('leaves every sample outside of its rectangle as it was, in all planes', () => {
    const [width, height] = [256, 160];
    const picture = plain(width, height, 170);
    const before = Uint8Array.from(picture);
    const badge = Badge.create('AI', { width, height });
    badge.draw(picture);
    let changed = 0;
    let spoilt = 0;
    for (let i = 0; i < picture.length; i++) {
      const plane = i < width * height ? 0 : 1;
      const offset = plane === 0 ? i : (i - width * height) % ((width * height) / 4);
      const stride = plane === 0 ? width : width / 2;
      const [x, y] = [(offset % stride) << plane, Math.floor(offset / stride) << plane];
      const inside = x >= badge.x && x < badge.x + badge.width && y >= badge.y && y < badge.y + badge.height;
      if (picture[i] === before[i]) continue;
      if (inside) changed++;
      else spoilt++;
    }
    expect(spoilt).toBe(0);
    expect(changed).toBeGreaterThan((badge.width * badge.height) / 2);
  });

  it('is the same in every frame, whatever lay there before', () => {
    const badge = Badge.create('AI', { width: 512, height: 512 });
    const first = plain(512, 512, 100);
    const second = plain(512, 512, 100);
    badge.draw(first);
    badge.draw(plain(512, 512, 220));
    badge.draw(second);
    expect(second).toEqual(first);
  });

  it.each([
    [128, 128],
    [320, 180],
    [180, 320],
    [512, 512],
    [1024, 1024],
  ])('keeps 24 wide letters within a picture of %i × %i', (width, height) => {
    const badge = Badge.create('W'.repeat(24), { width, height });
    expect(badge.x + badge.width).toBeLessThanOrEqual(width);
    expect(badge.y + badge.height).toBeLessThanOrEqual(height);
    for (const value of [badge.x, badge.y, badge.width, badge.height]) expect(value % 2).toBe(0);
    const picture = plain(width, height, 60);
    badge.draw(picture);
    const lines = rows(picture, width, badge);
    expect(Math.max(...lines.flat())).toBeGreaterThan(120);
    // No letter is cut off: the first and the last column show the chip alone.
    for (const line of lines) expect(Math.max(line[0]!, line.at(-1)!)).toBeLessThan(70);
  });

  it('is readable in a picture as small as 128 pixels', () => {
    const badge = Badge.create('AI', { width: 128, height: 128 });
    const picture = plain(128, 128, 200);
    badge.draw(picture);
    expect(rows(picture, 128, badge).filter((line) => Math.max(...line) > 150).length).toBeGreaterThanOrEqual(8);
  });

  it('has every letter that a setting may contain, and those of every language', () => {
    for (let code = 0x20; code < 0x250; code++) {
      const character = String.fromCodePoint(code);
      if (BADGE_CHARACTERS.test(character)) expect(() => textWidth(character), character).not.toThrow();
    }
    for (const language of LANGUAGES) expect(BADGE_CHARACTERS.test(wordingOf(language).badge)).toBe(true);
  });

  it('composes letters that come in pieces', () => {
    const picture = plain(512, 512, 60);
    Badge.create('E\u0301', { width: 512, height: 512 }).draw(picture);
    const whole = plain(512, 512, 60);
    Badge.create('É', { width: 512, height: 512 }).draw(whole);
    expect(picture).toEqual(whole);
  });

  it('refuses a character that it cannot draw, and says which', () => {
    expect(() => Badge.create('机器', { width: 512, height: 512 })).toThrow(/"机" \(U\+673A\)/);
  });

  it('refuses a blank text', () => {
    expect(() => Badge.create('  ', { width: 512, height: 512 })).toThrow(/expected some text/);
  });
});

describe('textMask', () => {
  it('covers a stem fully, its counter not at all, and its edges in part', () => {
    const size = 100;
    const { coverage, width } = textMask('O', { size, width: 80, height: 100, x: 4, baseline: 85 });
    const middle = [...coverage.subarray(50 * width, 51 * width)];
    expect(Math.max(...middle)).toBeCloseTo(1, 5);
    expect(middle[Math.round(4 + (textWidth('O') * size) / 2)]).toBe(0);
    expect(middle.some((value) => value > 0.05 && value < 0.95)).toBe(true);
    // From the left: outside, stem, counter, stem, outside.
    const changes = middle.map((value) => value > 0.5).filter((ink, i, all) => i > 0 && ink !== all[i - 1]);
    expect(changes).toEqual([true, false, true, false]);
  });

  it('covers the same area wherever it stands between pixels', () => {
    const area = (x: number) =>
      textMask('AI', { size: 20, width: 40, height: 30, x, baseline: 22 }).coverage.reduce(
        (sum, value) => sum + value,
        0,
      );
    expect(area(3.4)).toBeCloseTo(area(3), 2);
  });
});
