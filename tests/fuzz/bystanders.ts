import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'vitest';
import type { TestClient } from '../support/client.js';
import { setUpMedia } from '../support/client.js';
import type { Launched } from '../support/launch.js';

/** Sessions beside those under attack: each says something every second and must hear it, and nothing else. */
export class Bystanders {
  readonly #service: Launched;
  readonly #clients: TestClient[] = [];
  readonly #failures: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #said = 0;
  #answered = 0;

  static async create(service: Launched, count: number): Promise<Bystanders> {
    const bystanders = new Bystanders(service);
    for (let i = 0; i < count; i++) {
      const [session, client] = await Promise.all([service.createSession(), service.connect()]);
      await setUpMedia(client, await client.data('join', { token: session.token }));
      bystanders.#clients.push(client);
    }
    bystanders.#timer = setInterval(() => bystanders.#speak(), 1_100);
    return bystanders;
  }

  private constructor(service: Launched) {
    this.#service = service;
  }

  #speak(): void {
    const text = `line ${++this.#said}`;
    for (const [index, client] of this.#clients.entries()) {
      client.data('say', { text: `${text} of ${index}` }).then(
        () => this.#answered++,
        (thrown: Error) => this.#failures.push(thrown.message),
      );
    }
  }

  /** Everything said was answered and heard, and nothing came that was not theirs. */
  async expectUntouched(): Promise<void> {
    clearInterval(this.#timer);
    await expect.poll(() => this.#answered + this.#failures.length).toBe(this.#said * this.#clients.length);
    expect(this.#failures).toEqual([]);
    for (const [index, client] of this.#clients.entries()) {
      expect(client.socket.connected).toBe(true);
      const last = await client.event('utterance-end', ({ text }) => text === `line ${this.#said} of ${index}`);
      expect(last.interrupted).toBe(false);
      const texts = client.events
        .filter(({ name }) => name === 'utterance-end')
        .map(({ payload }) => (payload as { text: string }).text)
        .filter((text) => !text.startsWith('started;'));
      expect(texts).toEqual(Array.from({ length: this.#said }, (_, i) => `line ${i + 1} of ${index}`));
      expect(client.events.filter(({ name }) => name === 'session-error' || name === 'closed')).toEqual([]);
    }
    expect(this.#said).toBeGreaterThan(0);
    const { supervisor } = this.#service.gateway;
    expect([supervisor.avatar.restarts, supervisor.speech.restarts]).toEqual([0, 0]);
  }
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of live objects and buffers of this process. */
export async function liveBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
