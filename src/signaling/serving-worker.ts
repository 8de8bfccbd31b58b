import { VisavisError } from '../errors.js';
import type { AvatarWorkerClient, OpenRequest } from '../worker/avatar-worker-client.js';
import type { RtpStream } from '../worker/control.js';
import type { TunedEncoders } from './stream-tuning.js';

/** Of the worker's port, before the conversation is given up. */
const MOVES = 5;

export interface Reopening {
  /** What is asked of the successor; asked anew after a move. */
  request(): OpenRequest;
  /** Someone else took the worker's port meanwhile: the link is made again at another one. */
  move(): Promise<void>;
  /** The successor sends: who waits for it may go on. */
  resume(): Promise<void>;
}

/**
 * The avatar worker of one conversation, as long as it has it: while none does nothing is sent to it, and what needs an answer is refused
 * with `unavailable`.
 */
export class ServingWorker implements TunedEncoders {
  readonly #client: AvatarWorkerClient;
  readonly #conversationId: string;
  /** `reopening`: the successor of a dead worker is taking the conversation over. */
  #state: 'served' | 'lost' | 'reopening' | 'closed' = 'served';
  #reopenings = 0;

  constructor(client: AvatarWorkerClient, conversationId: string) {
    this.#client = client;
    this.#conversationId = conversationId;
  }

  get isServed(): boolean {
    return this.#state === 'served';
  }

  open(request: OpenRequest): Promise<void> {
    return this.#client.open(this.#conversationId, request);
  }

  /** The worker died. */
  lose(): void {
    if (this.#state !== 'closed') this.#state = 'lost';
  }

  /**
   * Opens the conversation in the successor of a worker that died. Resolves with false when that one died as well, or the conversation
   * ended meanwhile; rejects when the successor cannot have it.
   */
  async reopen(o: Reopening): Promise<boolean> {
    if (this.#state !== 'lost') return false;
    this.#state = 'reopening';
    const attempt = ++this.#reopenings;
    const isWanted = () => attempt === this.#reopenings && this.#state === 'reopening';
    try {
      await this.#reopen(o, isWanted);
      await o.resume();
    } catch (thrown) {
      if (isWanted()) throw thrown;
      return false;
    }
    if (!isWanted()) return false;
    this.#state = 'served';
    return true;
  }

  async #reopen(o: Reopening, isWanted: () => boolean): Promise<void> {
    for (let move = 0; ; move++) {
      try {
        return await this.#client.reopen(this.#conversationId, o.request(), isWanted);
      } catch (thrown) {
        if (VisavisError.from(thrown).code !== 'conflict' || !isWanted() || move === MOVES) throw thrown;
        await o.move();
      }
    }
  }

  close(): void {
    this.#state = 'closed';
    this.#client.close(this.#conversationId);
  }

  start(): void {
    if (this.isServed) this.#client.start(this.#conversationId);
  }

  apologise(): void {
    if (this.isServed) this.#client.apologise(this.#conversationId);
  }

  relink(remotePort: number): void {
    if (this.isServed) this.#client.relink(this.#conversationId, remotePort);
  }

  setBitrate(videoKbps: number): void {
    if (this.isServed) this.#client.setBitrate(this.#conversationId, videoKbps);
  }

  setVoiceLoss(percent: number): void {
    if (this.isServed) this.#client.setVoiceLoss(this.#conversationId, percent);
  }

  addMicrophone(participantId: string, stream: RtpStream): void {
    if (this.isServed) this.#client.addMicrophone(this.#conversationId, participantId, stream);
  }

  removeMicrophone(participantId: string): void {
    if (this.isServed) this.#client.removeMicrophone(this.#conversationId, participantId);
  }

  /** Push-to-talk. */
  talk(participantId: string, pressed: boolean): void {
    if (this.isServed) this.#client.talk(this.#conversationId, participantId, pressed);
  }

  async say(text: string): Promise<void> {
    await this.#serving.say(this.#conversationId, text);
  }

  async ask(participantId: string, text: string): Promise<void> {
    await this.#serving.ask(this.#conversationId, participantId, text);
  }

  async interrupt(): Promise<void> {
    await this.#serving.interrupt(this.#conversationId);
  }

  get #serving(): AvatarWorkerClient {
    if (!this.isServed) throw new VisavisError('unavailable', 'the avatar is coming back; try again');
    return this.#client;
  }
}
