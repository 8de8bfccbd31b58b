import { describe, expect, it } from 'vitest';
import { PictureWatch } from '../../web-demo/src/model/picture-watch.js';
import { SilenceWatch } from '../../web-demo/src/model/silence-watch.js';

describe('SilenceWatch', () => {
  it('reports a microphone that gives nothing from the beginning on, once', () => {
    const watch = new SilenceWatch();
    const reports = Array.from({ length: 40 }, (_, index) => watch.push(0, index * 500));
    expect(reports.indexOf(true)).toBe(14);
    expect(reports.filter(Boolean)).toHaveLength(1);
  });

  it('trusts a microphone that was heard once', () => {
    const watch = new SilenceWatch();
    watch.push(0, 0);
    watch.push(0.01, 1_000);
    expect(Array.from({ length: 40 }, (_, index) => watch.push(0, 2_000 + index * 500))).not.toContain(true);
  });

  it('begins anew with another microphone', () => {
    const watch = new SilenceWatch();
    watch.push(0.5, 0);
    watch.reset();
    watch.push(0, 10_000);
    expect(watch.push(0, 16_999)).toBe(false);
    expect(watch.push(0, 17_000)).toBe(true);
  });
});

describe('PictureWatch', () => {
  it('sees a picture that stands still, and one that moves again', () => {
    const watch = new PictureWatch();
    watch.frame(0);
    expect(watch.isStalled(1_200, false)).toBe(false);
    expect(watch.isStalled(1_201, false)).toBe(true);
    watch.frame(1_300);
    expect(watch.isStalled(1_400, false)).toBe(false);
  });

  it('has nothing to say before the first picture and after the tracks were exchanged', () => {
    const watch = new PictureWatch();
    expect(watch.isStalled(99_000, false)).toBe(false);
    watch.frame(99_000);
    watch.reset();
    expect(watch.isStalled(200_000, false)).toBe(false);
  });

  it('does not count the time in which the page is hidden', () => {
    const watch = new PictureWatch();
    watch.frame(0);
    expect(watch.isStalled(60_000, true)).toBe(false);
    expect(watch.isStalled(61_000, false)).toBe(false);
    expect(watch.isStalled(61_300, false)).toBe(true);
  });
});
