import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FarConversation } from './support/far-conversation.js';
import { networkMissing } from './support/test-network.js';

const missing = networkMissing();
if (missing !== undefined) throw new Error(missing);
const NARROW_KBPS = 300;
/** The picture's full rate, and what the service may make of a link of `NARROW_KBPS`. */
const FULL_KBPS = 1_200;
const FITTING = { min: 200, max: 260 };
const FOLLOW_LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 1_000;

describe('a link of 300 kbit/s', () => {
  let far: FarConversation;
  beforeAll(async () => {
    far = await FarConversation.create({ VISAVIS_LOG_LEVEL: 'debug', VISAVIS_VIDEO_KBPS: String(FULL_KBPS) });
    await far.open();
  });
  afterAll(() => far?.close());

  /** Rates that the encoder was told so far. */
  const rates = (): number[] =>
    [...far.service.output.matchAll(/"kbps":(\d+),"msg":"picture rate"/g)].map(([, kbps]) => Number(kbps));

  async function until(what: string, holds: (kbps: number) => boolean): Promise<void> {
    const beganMs = performance.now();
    const seconds = () => ((performance.now() - beganMs) / 1000).toFixed(0);
    while (!holds(rates().at(-1) ?? FULL_KBPS)) {
      if (performance.now() - beganMs > FOLLOW_LIMIT_MS) throw new Error(`${what}: still not, after ${rates()}`);
      await sleep(LOOK_EVERY_MS);
    }
    console.log(`${what} after ${seconds()} s: ${rates().join(', ')} kbit/s`);
  }

  it('is followed down by the picture, which goes on moving, and up again when it is wide', async () => {
    await until('full rate', (kbps) => kbps === FULL_KBPS);
    await far.network.impair(`rate ${NARROW_KBPS} 500`);
    // A picture at rest fits through as it is: talking makes it need more.
    await far.page.type('What do I need to run it?');
    await until('narrow', (kbps) => kbps >= FITTING.min && kbps <= FITTING.max);
    await far.page.morePictures(50);
    await far.network.impair('rate 0 0');
    await until('wide again', (kbps) => kbps === FULL_KBPS);
    expect(await far.page.browser.evaluate('visavis.phase')).toBe('live');
  });
});
