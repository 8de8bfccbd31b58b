import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { base64Of } from '../../src/agents/realtime/events.js';

/** What the model makes of one request to answer. */
export type Answering =
  | {
      kind: 'say';
      text: string;
      /** Before the first sound. */
      afterMs?: number;
      /** How long the text sounds, and how long the server takes for that; 0: at once. */
      soundMs?: number;
      takesMs?: number;
      end?: 'completed' | 'incomplete';
    }
  /** The response fails after so much sound. */
  | { kind: 'fail'; code: string; afterSoundMs?: number }
  /** `response.create` is answered with an error. */
  | { kind: 'refuse'; code: string }
  /** The connection is closed after so much sound. */
  | { kind: 'hang-up'; afterSoundMs: number }
  | { kind: 'silence' }
  /** Something that is no event. */
  | { kind: 'raw'; message: string }
  /** A response without sound. */
  | { kind: 'empty' };

export interface StoredItem {
  id: string;
  role: 'user' | 'assistant';
  /** Of typed items and of answers; what was cut off is not in it any more. */
  text: string;
  audioMs: number;
}

interface Session {
  socket: WebSocket;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the client sent
  config: any;
  items: StoredItem[];
  buffer: Buffer[];
  response: { id: string; cancelled: boolean } | undefined;
}

const RATE_HZ = 24_000;
const PIECE_MS = 100;

/**
 * A stand-in for a server of the OpenAI Realtime protocol (`/v1/realtime`, names of 2025-08): sessions without turn detection, audio
 * buffer, items, transcription, one response at a time with audio and transcript, cancel, truncate and delete with the server's checks.
 */
export class RealtimeServer {
  /** Every event that came, in order, without the audio of `append`. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the client sent
  readonly received: any[] = [];
  readonly sessions: Session[] = [];
  /** Errors that were sent because the client broke the protocol. */
  readonly complaints: string[] = [];
  /** Items of the newest session. */
  get items(): StoredItem[] {
    return this.sessions.at(-1)?.items ?? [];
  }
  /** Of how much sound, and how loud. */
  transcribe: (audioMs: number, loudest: number) => string | null | 'never' = () => 'What the server heard.';
  refuseWith: number | undefined;
  /** What it sounds like, at 24 kHz; undefined: a tone. */
  sound: Int16Array | undefined;
  readonly #answers: Answering[] = [];
  readonly #http: Server;
  readonly #ids = { item: 0, response: 0, event: 0 };

  private constructor() {
    this.#http = createServer();
    const sockets = new WebSocketServer({ noServer: true });
    this.#http.on('upgrade', (request, socket, head) => {
      if (this.refuseWith !== undefined) {
        socket.end(`HTTP/1.1 ${this.refuseWith} Refused\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      sockets.handleUpgrade(request, socket, head, (ws) => this.#handleSession(ws));
    });
  }

  static async start(): Promise<RealtimeServer> {
    const server = new RealtimeServer();
    await new Promise<void>((resolve) => server.#http.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}/v1`;
  }

  script(...answers: Answering[]): this {
    this.#answers.push(...answers);
    return this;
  }

  /** Events of one type. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the client sent
  of(type: string): any[] {
    return this.received.filter((event) => event.type === type);
  }

  hangUp(): void {
    for (const { socket } of this.sessions) socket.terminate();
  }

  async close(): Promise<void> {
    this.hangUp();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #handleSession(socket: WebSocket): void {
    const session: Session = { socket, config: {}, items: [], buffer: [], response: undefined };
    this.sessions.push(session);
    this.#send(session, { type: 'session.created', session: { id: `sess_${this.sessions.length}`, type: 'realtime' } });
    socket.on('message', (data) => {
      const event = JSON.parse(String(data));
      this.received.push(event.type === 'input_audio_buffer.append' ? { type: event.type } : event);
      void this.#handle(session, event);
    });
  }

  #send({ socket }: Session, event: object): void {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify({ event_id: `e${++this.#ids.event}`, ...event }));
  }

  #complain(session: Session, code: string, eventId?: string): void {
    this.complaints.push(code);
    const error = { type: 'invalid_request_error', code, message: code, param: null, event_id: eventId ?? null };
    this.#send(session, { type: 'error', error });
  }

  // biome-ignore lint/suspicious/noExplicitAny: whatever the client sent
  async #handle(session: Session, event: any): Promise<void> {
    switch (event.type) {
      case 'session.update':
        session.config = event.session;
        this.#send(session, { type: 'session.updated', session: event.session });
        break;
      case 'input_audio_buffer.append':
        session.buffer.push(Buffer.from(event.audio, 'base64'));
        break;
      case 'input_audio_buffer.clear':
        session.buffer = [];
        this.#send(session, { type: 'input_audio_buffer.cleared' });
        break;
      case 'input_audio_buffer.commit':
        this.#commit(session);
        break;
      case 'conversation.item.create': {
        const at =
          event.previous_item_id === 'root'
            ? 0
            : event.previous_item_id === undefined
              ? session.items.length
              : session.items.findIndex(({ id }) => id === event.previous_item_id) + 1;
        const { id, role, content } = event.item;
        session.items.splice(at, 0, { id, role, text: content[0].text, audioMs: 0 });
        this.#send(session, { type: 'conversation.item.added', item: event.item });
        break;
      }
      case 'conversation.item.delete': {
        const index = session.items.findIndex(({ id }) => id === event.item_id);
        if (index < 0) return this.#complain(session, 'item_delete_invalid_item_id');
        session.items.splice(index, 1);
        this.#send(session, { type: 'conversation.item.deleted', item_id: event.item_id });
        break;
      }
      case 'conversation.item.truncate': {
        const item = session.items.find(({ id }) => id === event.item_id);
        if (item === undefined || event.audio_end_ms > item.audioMs)
          return this.#complain(session, 'item_truncate_invalid');
        item.text = '';
        item.audioMs = event.audio_end_ms;
        this.#send(session, { ...event, type: 'conversation.item.truncated' });
        break;
      }
      case 'response.cancel':
        if (session.response === undefined) return this.#complain(session, 'response_cancel_not_active');
        session.response.cancelled = true;
        break;
      case 'response.create':
        if (session.response !== undefined)
          return this.#complain(session, 'conversation_already_has_active_response', event.event_id);
        await this.#answer(session, event.event_id);
    }
  }

  #commit(session: Session): void {
    const pcm = Buffer.concat(session.buffer);
    const audioMs = pcm.length / 2 / (RATE_HZ / 1000);
    let loudest = 0;
    for (let at = 0; at + 1 < pcm.length; at += 2) loudest = Math.max(loudest, Math.abs(pcm.readInt16LE(at)) / 32_768);
    session.buffer = [];
    if (audioMs < 100) {
      this.#complain(session, 'input_audio_buffer_commit_empty');
      return;
    }
    const id = `item_${++this.#ids.item}`;
    session.items.push({ id, role: 'user', text: '', audioMs });
    this.#send(session, { type: 'input_audio_buffer.committed', item_id: id, previous_item_id: null });
    if (session.config.audio?.input?.transcription === undefined) return;
    const transcript = this.transcribe(audioMs, loudest);
    const prefix = 'conversation.item.input_audio_transcription';
    if (transcript === null) {
      this.#send(session, { type: `${prefix}.failed`, item_id: id, content_index: 0, error: { message: 'Scripted.' } });
    } else if (transcript !== 'never')
      this.#send(session, { type: `${prefix}.completed`, item_id: id, content_index: 0, transcript });
  }

  async #answer(session: Session, eventId: string): Promise<void> {
    const answering: Answering = this.#answers.shift() ?? { kind: 'say', text: 'Of course.', soundMs: 600 };
    if (answering.kind === 'refuse') return this.#complain(session, answering.code, eventId);
    if (answering.kind === 'raw') return session.socket.send(answering.message);
    const response = { id: `resp_${++this.#ids.response}`, cancelled: false };
    session.response = response;
    this.#send(session, { type: 'response.created', response: { id: response.id, status: 'in_progress' } });
    if (answering.kind === 'silence') return;
    const done = (status: string, details?: object) => {
      session.response = undefined;
      this.#send(session, { type: 'response.done', response: { id: response.id, status, status_details: details } });
    };
    if (answering.kind === 'empty') return done('completed');
    const item: StoredItem = { id: `item_${++this.#ids.item}`, role: 'assistant', text: '', audioMs: 0 };
    const of = { response_id: response.id, item_id: item.id, output_index: 0, content_index: 0 };
    this.#send(session, {
      type: 'response.output_item.added',
      ...{ response_id: response.id, output_index: 0, item: { id: item.id, type: 'message', role: 'assistant' } },
    });
    session.items.push(item);
    const say = answering.kind === 'say' ? answering : undefined;
    const soundMs = say?.soundMs ?? ('afterSoundMs' in answering ? (answering.afterSoundMs ?? 0) : 600);
    const words = (say?.text ?? 'One two three four.').match(/\s*\S+/g) ?? [];
    const pieces = Math.ceil(soundMs / PIECE_MS);
    if (say?.afterMs !== undefined) await sleep(say.afterMs);
    for (let i = 0; i < pieces && !response.cancelled; i++) {
      const from = Math.round((i * words.length) / pieces);
      for (const delta of words.slice(from, Math.round(((i + 1) * words.length) / pieces))) {
        item.text += delta;
        this.#send(session, { type: 'response.output_audio_transcript.delta', ...of, delta });
      }
      item.audioMs += PIECE_MS;
      this.#send(session, { type: 'response.output_audio.delta', ...of, delta: this.#piece(i) });
      await (say?.takesMs === undefined ? Promise.resolve() : sleep(say.takesMs / pieces));
    }
    if (answering.kind === 'hang-up') return session.socket.terminate();
    if (response.cancelled) return done('cancelled', { type: 'cancelled', reason: 'client_cancelled' });
    if (answering.kind === 'fail') return done('failed', { type: 'failed', error: { code: answering.code } });
    done(answering.end ?? 'completed', answering.end === 'incomplete' ? { reason: 'max_output_tokens' } : undefined);
  }

  #piece(index: number): string {
    const size = (PIECE_MS * RATE_HZ) / 1000;
    return this.sound === undefined ? tone(PIECE_MS) : base64Of(this.sound.slice(index * size, (index + 1) * size));
  }
}

function tone(ms: number): string {
  return base64Of(
    Int16Array.from({ length: (ms * RATE_HZ) / 1000 }, (_, i) => 9_000 * Math.sin((i * 220 * 6.2832) / RATE_HZ)),
  );
}
