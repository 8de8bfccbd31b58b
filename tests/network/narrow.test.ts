import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sleep } from '../support/talk-page.js';
import { FarConversation } from './support/far-conversation.js';
import { networkMissing } from './support/test-network.js';

const missing = networkMissing();
if (missing !== undefined) console.warn(`skipped: ${missing}`);
const NARROW_KBPS = 300;
const FOLLOW_LIMIT_MS = 40_000;
const WINDOW_MS = 4_000;

describe.skipIf(missing !== undefined)('a link of 300 kbit/s', () => {
  let far: FarConversation;
  beforeAll(async () => {
    far = await FarConversation.create();
    await far.open();
  });
  afterAll(() => far?.close());

  /** What the browser receives of the picture, in kbit/s and frames/s. */
  async function received(): Promise<{ kbps: number; fps: number }> {
    const counts = () =>
      far.page.browser.evaluate<{ bytes: number; frames: number; atMs: number }>(`visavis.getStats().then((report) => {
        const video = [...report.values()].find((s) => s.type === 'inbound-rtp' && s.kind === 'video');
        return { bytes: video.bytesReceived, frames: video.framesDecoded, atMs: performance.now() };
      })`);
    const before = await counts();
    await sleep(WINDOW_MS);
    const after = await counts();
    const seconds = (after.atMs - before.atMs) / 1000;
    return {
      kbps: ((after.bytes - before.bytes) * 8) / 1000 / seconds,
      fps: (after.frames - before.frames) / seconds,
    };
  }

  async function until(what: string, holds: (now: { kbps: number; fps: number }) => boolean): Promise<void> {
    const beganMs = performance.now();
    for (;;) {
      const now = await received();
      const afterS = ((performance.now() - beganMs) / 1000).toFixed(0);
      console.log(`${what}: after ${afterS} s ${now.kbps.toFixed(0)} kbit/s, ${now.fps.toFixed(1)} frames/s`);
      if (holds(now)) return;
      if (performance.now() - beganMs > FOLLOW_LIMIT_MS) throw new Error(`${what}: not within ${FOLLOW_LIMIT_MS} ms`);
    }
  }

  it('is followed down by the picture, which goes on moving, and up again when it is wide', async () => {
    await until('wide', ({ kbps }) => kbps > 1.5 * NARROW_KBPS);
    await far.network.impair(`rate ${NARROW_KBPS} 500`);
    await until('narrow', ({ kbps, fps }) => kbps < NARROW_KBPS && fps > 10);
    await far.network.impair('rate 0 0');
    await until('wide again', ({ kbps }) => kbps > 1.5 * NARROW_KBPS);
  });
});
