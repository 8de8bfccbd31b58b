import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BenchServer } from '../../src/bench/server.js';
import { decodePng } from '../../src/inference/avatar/png.js';
import { Badge } from '../../src/inference/avatar/renderer/badge.js';
import { startService, TalkPage } from '../support/talk-page.js';

const TEXT = 'KI-Avatar';

/** Light text on a dark chip where the badge belongs, in a picture as the browser shows it (PNG data URL). */
function badgeIn(picture: string): { brightest: number; darkShare: number } {
  const image = decodePng(Buffer.from(picture.slice(picture.indexOf(',') + 1), 'base64'), { maxSide: 2_048 });
  const { x, y, width, height } = Badge.create(TEXT, image);
  const lumas: number[] = [];
  for (let row = y; row < y + height; row++) {
    for (let column = x; column < x + width; column++) {
      const [r = 0, g = 0, b = 0] = image.data.subarray((row * image.width + column) * 3);
      lumas.push(0.299 * r + 0.587 * g + 0.114 * b);
    }
  }
  return { brightest: Math.max(...lumas), darkShare: lumas.filter((luma) => luma < 110).length / lumas.length };
}

describe('pictures that a browser receives', () => {
  let service: BenchServer;
  let page: TalkPage;
  const picture = () => page.browser.evaluate<string>('bench.picture()');

  beforeAll(async () => {
    service = await startService({ VISAVIS_LANGUAGE: 'de', VISAVIS_DISCLOSURE_BADGE: TEXT });
    page = await TalkPage.open(service.url);
  }, 240_000);

  afterAll(async () => {
    await page?.close();
    await service?.close();
  });

  it('carry, at rest and speaking, the badge that says what the avatar is', async () => {
    const pictures = [await picture()];
    await page.type('Does it need a graphics card to work well?');
    await page.waitForState('speaking');
    pictures.push(await picture());
    expect(pictures[1]).not.toBe(pictures[0]);
    for (const { brightest, darkShare } of pictures.map(badgeIn)) {
      expect(brightest).toBeGreaterThan(200);
      expect(darkShare).toBeGreaterThan(0.5);
    }
  });
});
