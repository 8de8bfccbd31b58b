import type { Producer, Router, WebRtcTransport } from 'mediasoup/types';
import { VisavisError } from '../errors.js';
import type { Microphone, PlainLinkEndpoint } from '../media/plain-link.js';
import type { Room, Sfu } from '../media/sfu.js';
import type { PlainLink } from '../worker/control.js';

export interface SessionMediaEvents {
  /** The media server died: everything that viewers had built is gone. What they build anew waits for its successor. */
  onLost(): void;
  /** The successor carries the conversation's link; `moved`: at another port than before, which the avatar worker does not know. */
  onBack(moved: boolean): void;
  /** No successor came in time. */
  onFailed(error: VisavisError): void;
}

/** A successor is bound within milliseconds where a spare process waits, and within a second or two where none does. */
const SUCCESSOR_LIMIT_MS = 10_000;

/**
 * One session's room and its link to the avatar worker. When the media server dies both are made again on its successor, with the same
 * SSRCs and, unless someone else took them meanwhile, on the same ports, so that the avatar worker need not know.
 */
export class SessionMedia {
  readonly #sfu: Sfu;
  readonly #events: SessionMediaEvents;
  #room!: Room;
  #link: PlainLinkEndpoint | undefined;
  /** Resolves when what is being made again stands; rejects when it never will. */
  #restoring: Promise<void> | undefined;
  #linkPaused = false;
  #closed = false;

  /** Opens the room; `openLink()` comes next. */
  static async create(sfu: Sfu, events: SessionMediaEvents): Promise<SessionMedia> {
    const media = new SessionMedia(sfu, events);
    media.#room = await sfu.createRoom(() => media.#handleLost());
    return media;
  }

  private constructor(sfu: Sfu, events: SessionMediaEvents) {
    this.#sfu = sfu;
    this.#events = events;
  }

  get router(): Router {
    return this.#room.router;
  }

  /** Undefined before `openLink()`. */
  get link(): PlainLink | undefined {
    return this.#link?.link;
  }

  get producers(): Producer[] {
    if (this.#link === undefined) throw new VisavisError('unavailable', 'the conversation is not open yet');
    return [this.#link.voice, this.#link.picture];
  }

  /** Chooses new ports for the link; a former link is closed. */
  async openLink(): Promise<PlainLink> {
    this.closeLink();
    const link = await this.#room.createLink();
    if (this.#closed) {
      // Its port would stay taken.
      link.close();
      throw new VisavisError('unavailable', 'the session ended while it was opened');
    }
    this.#link = link;
    return link.link;
  }

  /** The link again at other ports; what viewers had built on the former one is gone. */
  async moveLink(): Promise<void> {
    await this.#restored();
    await this.openLink();
  }

  closeLink(): void {
    this.#link?.close();
    this.#link = undefined;
  }

  /** Waits for the successor of a dead media server. */
  async createViewerTransport(): Promise<WebRtcTransport> {
    await this.#restored();
    return this.#room.createViewerTransport();
  }

  async addMicrophone(producer: Producer): Promise<Microphone> {
    if (this.#link === undefined) throw new VisavisError('unavailable', 'the conversation is not open yet');
    return this.#link.addMicrophone(producer);
  }

  /** While no worker sends: viewers' consumers rest, and resync with a key frame on `resumeLink()`. */
  async pauseLink(): Promise<void> {
    this.#linkPaused = true;
    if (this.#restoring === undefined) await this.#link?.pause();
  }

  /** Rejects when no media server is left to carry it. */
  async resumeLink(): Promise<void> {
    this.#linkPaused = false;
    for (;;) {
      await this.#restored();
      const link = this.#link;
      try {
        return await link?.resume();
      } catch (thrown) {
        // The media server under it died: the next one has it.
        if (this.#closed || (this.#restoring === undefined && this.#link === link)) throw thrown;
      }
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.closeLink();
    this.#room.close();
  }

  #handleLost(): void {
    if (this.#closed) return;
    const formerPort = this.link?.remotePort;
    this.#link?.abandon();
    const restoring = this.#restore();
    this.#restoring = restoring;
    restoring.then(
      () => {
        if (this.#restoring !== restoring || this.#closed) return;
        this.#restoring = undefined;
        this.#events.onBack(this.link?.remotePort !== formerPort);
      },
      (thrown: unknown) => {
        if (this.#restoring === restoring && !this.#closed) this.#events.onFailed(VisavisError.from(thrown));
      },
    );
    this.#events.onLost();
  }

  /** Resolves when nothing is being made again, even where the successor died while it was at it. */
  async #restored(): Promise<void> {
    for (let awaited = this.#restoring; awaited !== undefined; awaited = this.#restoring) {
      try {
        await awaited;
      } catch (thrown) {
        if (this.#restoring === awaited) throw thrown;
      }
      if (this.#restoring === awaited) return;
    }
  }

  async #restore(): Promise<void> {
    const room = await this.#sfu.createRoom(() => this.#handleLost(), SUCCESSOR_LIMIT_MS);
    if (this.#closed) return room.close();
    this.#room = room;
    const former = this.#link;
    if (former === undefined) return;
    const link = await room.restoreLink(former.link);
    if (this.#closed) return link.close();
    this.#link = link;
    if (this.#linkPaused) await link.pause();
  }
}
