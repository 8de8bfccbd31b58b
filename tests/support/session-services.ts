import { createLogger } from '../../src/log.js';
import type { Sfu } from '../../src/media/sfu.js';
import { Metrics } from '../../src/metrics/metrics.js';
import type { SessionServices } from '../../src/signaling/session.js';
import { AvatarWorkerClient } from '../../src/worker/avatar-worker-client.js';
import type { WorkerChannel } from '../../src/worker/supervised-process.js';

/** A promise that a test keeps until it says so. */
export class Gate {
  open!: () => void;
  readonly passed = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

/** An avatar worker that opens every conversation at once. */
export class FakeWorker implements WorkerChannel {
  isUp = true;
  readonly opened: string[] = [];
  #message: (message: unknown) => void = () => {};
  #up: () => void = () => {};
  #down: () => void = () => {};

  send(message: unknown): boolean {
    const { type, conversationId } = message as { type: string; conversationId: string };
    if (!this.isUp) return false;
    if (type !== 'open') return true;
    this.opened.push(conversationId);
    setImmediate(() => this.#message({ type: 'opened', conversationId }));
    return true;
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#message = listener;
  }

  onUp(listener: () => void): void {
    this.#up = listener;
  }

  onDown(listener: () => void): void {
    this.#down = listener;
  }

  kill(): void {}

  set alive(alive: boolean) {
    this.isUp = alive;
    (alive ? this.#up : this.#down)();
  }
}

/** What a session needs, without media and without a worker process. `resumeLink`: called when its link is to be resumed. */
export function sessionServices(
  channel: WorkerChannel,
  { resumeLink = async () => {}, ...given }: Partial<SessionServices> & { resumeLink?: () => Promise<void> } = {},
): SessionServices {
  const logger = createLogger('test', 'silent');
  const endpoint = { link: { localPort: 47_000 }, pause: async () => {}, resume: resumeLink, close: () => {} };
  const room = { router: { rtpCapabilities: {} }, createLink: async () => endpoint, close: () => {} };
  return {
    sfu: { createRoom: async () => room } as unknown as Sfu,
    worker: new AvatarWorkerClient(channel, { logger }),
    standardSpeech: 'piper',
    metrics: new Metrics(),
    logger,
    iceServers: () => [],
    admit: () => {},
    onSessionEnd: () => {},
    ...given,
  };
}
