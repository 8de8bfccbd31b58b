import type { Producer } from 'mediasoup/types';
import { VisavisError } from '../errors.js';
import type { Microphone } from '../media/plain-link.js';
import type { AvatarWorkerClient } from '../worker/avatar-worker-client.js';
import type { SessionMedia } from './session-media.js';

/**
 * The microphones of one session on their way to the avatar worker. While no worker has the conversation (`isServed`) nothing is sent
 * to it; its successor is told of all of them by `announce()`.
 */
export class SessionMicrophones {
  readonly #conversationId: string;
  readonly #worker: AvatarWorkerClient;
  readonly #media: SessionMedia;
  readonly #isServed: () => boolean;
  readonly #open = new Map<string, { microphone: Microphone; enabled: boolean }>();

  constructor(o: {
    conversationId: string;
    worker: AvatarWorkerClient;
    media: SessionMedia;
    isServed: () => boolean;
  }) {
    this.#conversationId = o.conversationId;
    this.#worker = o.worker;
    this.#media = o.media;
    this.#isServed = o.isServed;
  }

  /** Forwards a participant's microphone; a new one counts as enabled. Rejects with `conflict` when it is closed meanwhile. */
  async add(participantId: string, producer: Producer): Promise<void> {
    const microphone = await this.#media.addMicrophone(producer);
    // Its end was told before it was known here.
    if (producer.closed) {
      microphone.close();
      throw new VisavisError('conflict', 'the microphone was closed');
    }
    this.#open.set(participantId, { microphone, enabled: true });
    if (this.#isServed()) this.#worker.addMicrophone(this.#conversationId, participantId, microphone.stream);
    await microphone.resume();
  }

  setEnabled(participantId: string, enabled: boolean): void {
    const entry = this.#open.get(participantId);
    if (entry === undefined) return;
    entry.enabled = enabled;
    if (!this.#isServed()) return;
    if (enabled) this.#worker.addMicrophone(this.#conversationId, participantId, entry.microphone.stream);
    else this.#worker.removeMicrophone(this.#conversationId, participantId);
  }

  remove(participantId: string): void {
    const entry = this.#open.get(participantId);
    this.#open.delete(participantId);
    entry?.microphone.close();
    if (this.#isServed()) this.#worker.removeMicrophone(this.#conversationId, participantId);
  }

  /** Tells a worker that has just taken the conversation over. */
  announce(): void {
    for (const [participantId, { microphone, enabled }] of this.#open) {
      if (enabled) this.#worker.addMicrophone(this.#conversationId, participantId, microphone.stream);
    }
  }
}
