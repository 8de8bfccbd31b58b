import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BenchServer } from '../../src/bench/server.js';
import { startService, TalkPage } from '../support/talk-page.js';

const CUT_MS = 1_500;

/** The way of the signalling, which can be cut; media takes its own. */
class Wire {
  readonly #server: Server;
  readonly #ends = new Set<Socket>();
  #target: { host: string; port: number } | undefined;

  constructor() {
    this.#server = createServer((near) => {
      if (this.#target === undefined) return near.destroy();
      const far = connect(this.#target);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#ends.add(from);
        from.pipe(to);
        from.on('error', () => to.destroy());
        from.on('close', () => {
          this.#ends.delete(from);
          to.destroy();
        });
      }
    });
  }

  /** Resolves with the origin at which the service will be reached. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  join(url: string): void {
    const { hostname: host, port } = new URL(url);
    this.#target = { host, port: Number(port) };
  }

  /** Ends every connection; new ones fail until `join()`. */
  cut(): void {
    this.#target = undefined;
    for (const end of this.#ends) end.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

describe('a signalling connection that breaks while the avatar speaks', () => {
  const wire = new Wire();
  let service: BenchServer;
  let page: TalkPage;

  beforeAll(async () => {
    const origin = await wire.listen();
    service = await startService({ VISAVIS_ALLOWED_ORIGINS: origin });
    wire.join(service.url);
    page = await TalkPage.open(`${origin}/`);
  }, 180_000);

  afterAll(async () => {
    await page?.close();
    wire.close();
    await service?.close();
  });

  it('is made again, on the same media, and nothing that was said meanwhile is missing', async () => {
    await page.type('What do I need to run it?');
    await page.waitForState('speaking');
    await page.waitFor('caption', 3);
    const before = await page.decodedFrames();
    wire.cut();
    await page.browser.until("visavis.phase === 'reconnecting'", 20_000);
    await page.morePictures(20);
    await page.settle(CUT_MS);
    wire.join(service.url);
    await page.browser.until("visavis.phase === 'live'", 20_000);
    const [end] = await page.waitFor('utterance-end', 1);
    expect(end).toMatchObject({ interrupted: false });
    const captions = await page.eventsOf('caption');
    expect(captions.map(({ word }) => word).join(' ')).toBe(end!.text);
    expect((await page.eventsOf('tracks')).length).toBe(1);
    expect(await page.decodedFrames()).toBeGreaterThan(before);
    expect((await page.eventsOf('phase')).map(({ phase }) => phase)).toEqual(['live', 'reconnecting', 'live']);
    expect((await page.turn('Can you hear me?')).text).not.toBe('');
    expect(await page.browser.evaluate('visavis.microphone')).toBe('on');
  });
});
