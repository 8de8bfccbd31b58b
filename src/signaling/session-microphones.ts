import type { Producer } from 'mediasoup/types';
import { VisavisError } from '../errors.js';
import type { Microphone } from '../media/plain-link.js';
import type { ServingWorker } from './serving-worker.js';
import type { SessionMedia } from './session-media.js';

/**
 * The microphones of one session on their way to the avatar worker. While no worker has the conversation nothing is sent;
 * its successor is told of all of them by `announce()`.
 */
export class SessionMicrophones {
  readonly #worker: ServingWorker;
  readonly #media: SessionMedia;
  readonly #open = new Map<string, { microphone: Microphone; enabled: boolean }>();

  constructor(worker: ServingWorker, media: SessionMedia) {
    this.#worker = worker;
    this.#media = media;
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
    this.#worker.addMicrophone(participantId, microphone.stream);
    await microphone.resume();
  }

  setEnabled(participantId: string, enabled: boolean): void {
    const entry = this.#open.get(participantId);
    if (entry === undefined) return;
    entry.enabled = enabled;
    if (enabled) this.#worker.addMicrophone(participantId, entry.microphone.stream);
    else this.#worker.removeMicrophone(participantId);
  }

  remove(participantId: string): void {
    const entry = this.#open.get(participantId);
    this.#open.delete(participantId);
    entry?.microphone.close();
    this.#worker.removeMicrophone(participantId);
  }

  /** Tells a worker that has just taken the conversation over. */
  announce(): void {
    for (const [participantId, { microphone, enabled }] of this.#open) {
      if (enabled) this.#worker.addMicrophone(participantId, microphone.stream);
    }
  }
}
