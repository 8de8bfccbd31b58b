import { setTimeout as sleep } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import type { CreatedSession } from '../signaling/messages.js';
import { Visitor } from '../talk/visitor.js';

const TURN_LIMIT_MS = 45_000;
const PAUSE_MS = 1_000;
const JOIN_LIMIT_MS = 15_000;

/**
 * `typed`: a socket that types its questions; no microphone and no picture, so that hardly anything of the machine goes to the visitor.
 * `spoken`: real WebRTC, spoken questions; each takes a fifth of a core of the same machine or more.
 */
export type VisitorKind = 'typed' | 'spoken';

/** Asks one question after the other until it is closed. */
export class CapacityVisitor {
  readonly sessionId: string;
  turns = 0;
  unanswered = 0;
  #ask: (turn: number) => Promise<void> = async () => {};
  #leave: () => Promise<void> = async () => {};
  #answered: () => void = () => {};
  #closed = false;

  static async create(
    kind: VisitorKind,
    o: { url: string; session: CreatedSession; texts: readonly string[]; recordings: readonly Int16Array[] },
  ): Promise<CapacityVisitor> {
    const visitor = new CapacityVisitor(o.session.sessionId);
    const onEvent = (name: string) => {
      if (name === 'utterance-end') visitor.#answered();
    };
    if (kind === 'spoken') {
      const live = await Visitor.create({
        url: o.url,
        token: o.session.token,
        pictureEvery: Number.MAX_SAFE_INTEGER,
        onEvent: ({ name }) => onEvent(name),
        onAudio: () => {},
        onFrame: () => {},
      });
      visitor.#ask = async (turn) => {
        const samples = o.recordings[turn % o.recordings.length];
        if (samples !== undefined) await live.speak(samples);
      };
      visitor.#leave = () => live.close();
    } else {
      const socket = await joined(o.url, o.session.token);
      socket.onAny(onEvent);
      visitor.#ask = async (turn) => {
        await socket.timeout(JOIN_LIMIT_MS).emitWithAck('ask', { text: o.texts[turn % o.texts.length] });
      };
      visitor.#leave = async () => {
        socket.emit('leave', {});
        socket.disconnect();
      };
    }
    return visitor;
  }

  private constructor(sessionId: string) {
    this.sessionId = sessionId;
  }

  /** Resolves when the visitor is closed; `first`: the question to begin with. */
  async talk(first: number): Promise<void> {
    for (let turn = first; !this.#closed; turn++) {
      let limit: NodeJS.Timeout | undefined;
      const answer = new Promise<boolean>((resolve) => {
        limit = setTimeout(() => resolve(false), TURN_LIMIT_MS);
        this.#answered = () => resolve(true);
      });
      await this.#ask(turn).catch(() => {});
      if (await answer) this.turns++;
      else if (!this.#closed) this.unanswered++;
      clearTimeout(limit);
      await sleep(PAUSE_MS);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#answered();
    await this.#leave();
  }
}

async function joined(url: string, token: string): Promise<Socket> {
  const socket = io(url, { transports: ['websocket'], forceNew: true });
  const answer = (await socket.timeout(JOIN_LIMIT_MS).emitWithAck('join', { token })) as { ok: boolean };
  if (!answer.ok) throw new Error(`join was refused: ${JSON.stringify(answer)}`);
  return socket;
}
