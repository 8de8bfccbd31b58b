import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { VisavisError } from '../../errors.js';
import type { AgentState, SpeechMotion } from '../../inference/engines.js';
import type { FromAvatarThread, ToAvatarThread } from '../../media/output-protocol.js';

const OPEN_TIMEOUT_MS = 15_000;
const CLOSE_TIMEOUT_MS = 2_000;

export interface AvatarThreadOptions {
  /** Folder of the avatar package. */
  avatarPath: string;
  width: number;
  height: number;
  bitrateKbps: number;
  seed: number;
  /** Drawn into every picture; null: nothing. */
  badge: string | null;
  /** The voice comes without phonemes: the face must listen to it. Default: false. */
  listens?: boolean;
  /** Times of the last frames in ms, about once a second. */
  onStats?: (stats: { renderMs: readonly number[]; encodeMs: readonly number[] }) => void;
}

export function startAvatarThread(entry: URL = new URL('./avatar-thread.js', import.meta.url)): Worker {
  return new Worker(entry, { name: 'avatar' });
}

/**
 * The main thread's hold on one avatar thread. `framePort` is the pacer's end of the frame channel: transfer it once.
 * `closed` resolves when the thread has ended, with an error only when it ended by itself.
 */
export class AvatarThread {
  readonly framePort: MessagePort;
  readonly closed: Promise<Error | undefined>;
  readonly #worker: Worker;
  readonly #onStats: AvatarThreadOptions['onStats'];
  #closing = false;

  /**
   * Starts the thread, or takes a `prepared` one, and waits until it can draw. Rejects with `engine-failed` when it cannot, or not within
   * 15 s.
   */
  static async create(o: AvatarThreadOptions, prepared?: Worker): Promise<AvatarThread> {
    const { port1, port2 } = new MessageChannel();
    const worker = prepared ?? startAvatarThread();
    const thread = new AvatarThread(worker, port1, o.onStats);
    const opened = thread.#opened();
    const { avatarPath, width, height, bitrateKbps, seed, badge } = o;
    const open: ToAvatarThread = {
      type: 'open',
      avatarPath,
      width,
      height,
      bitrateKbps,
      seed,
      badge,
      listens: o.listens ?? false,
      framePort: port2,
    };
    worker.postMessage(open, [port2]);
    try {
      await opened;
      return thread;
    } catch (error) {
      await thread.close();
      throw error;
    }
  }

  private constructor(worker: Worker, framePort: MessagePort, onStats: AvatarThreadOptions['onStats']) {
    this.#worker = worker;
    this.framePort = framePort;
    this.#onStats = onStats;
    worker.on('message', (message: FromAvatarThread) => this.#handleMessage(message));
    let failure: Error | undefined;
    worker.on('error', (error: Error) => {
      failure = error;
    });
    this.closed = new Promise((resolve) => {
      worker.once('exit', (code) => {
        if (this.#closing) resolve(undefined);
        else
          resolve(
            new VisavisError('engine-failed', `the avatar thread ended (${failure?.message ?? code})`, {
              cause: failure,
            }),
          );
      });
    });
  }

  /** Announces a stretch of speech before it is heard. */
  speech(motion: SpeechMotion): void {
    this.#send({ type: 'speech', motion });
  }

  setState(state: AgentState): void {
    this.#send({ type: 'state', state });
  }

  /** Forgets all announced speech; the mouth comes to rest within about 120 ms. */
  interrupt(): void {
    this.#send({ type: 'interrupt' });
  }

  /** Whom the avatar listens to has paused: it may nod. */
  visitorPaused(): void {
    this.#send({ type: 'visitor-paused' });
  }

  bitrate(kbps: number): void {
    this.#send({ type: 'bitrate', kbps });
  }

  /** Ends the thread; after 2 s by force. Idempotent. */
  async close(): Promise<void> {
    if (!this.#closing) {
      this.#send({ type: 'close' });
      this.#closing = true;
      const timer = setTimeout(() => void this.#worker.terminate(), CLOSE_TIMEOUT_MS);
      void this.closed.then(() => clearTimeout(timer));
    }
    await this.closed;
  }

  #opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (message: string | undefined) => {
        clearTimeout(timer);
        this.#worker.off('message', onMessage);
        if (message === undefined) resolve();
        else reject(new VisavisError('engine-failed', `the avatar cannot be shown: ${message}`));
      };
      const onMessage = (message: FromAvatarThread) => {
        if (message.type === 'opened') finish(undefined);
        else if (message.type === 'failed') finish(message.message);
      };
      const timer = setTimeout(() => finish(`not ready after ${OPEN_TIMEOUT_MS} ms`), OPEN_TIMEOUT_MS);
      this.#worker.on('message', onMessage);
      void this.closed.then((error) => finish(error?.message ?? 'closed'));
    });
  }

  #handleMessage(message: FromAvatarThread): void {
    if (message.type === 'frame-stats') this.#onStats?.(message);
  }

  #send(message: ToAvatarThread): void {
    if (!this.#closing) this.#worker.postMessage(message);
  }
}
