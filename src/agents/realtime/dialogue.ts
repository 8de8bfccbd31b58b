/**
 * A conversation with a model that hears and speaks itself, over the OpenAI Realtime protocol (WebSocket). The server's own turn
 * detection is off: when the visitor's turn ends, when the answer begins and where it is cut off is decided here.
 */
import { EventEmitter, once } from 'node:events';
import type { RealtimeClientEvent } from 'openai/resources/realtime/realtime';
import { abortError, throwIfAborted } from '../../abort.js';
import { VisavisError } from '../../errors.js';
import type { Message, ReplyOptions, SpeechDialogue, SpeechRecogniser, SpokenAnswer } from '../../inference/engines.js';
import { type ContextRetriever, DEFAULT_HISTORY_CHARACTERS, relevantPassages, systemPrompt } from '../openai-prompt.js';
import { RealtimeAnswer } from './answer.js';
import { RealtimeConnection } from './connection.js';
import { RealtimeEar } from './ear.js';
import type { RealtimeEvent } from './events.js';
import { type HeardTurn, HeardTurns } from './heard-turns.js';
import { passagesPrompt, sessionOf, textItem } from './session.js';

const DEFAULT_IDLE_TIMEOUT_MS = 8_000;
/** A response that was cancelled and does not end is waited for no longer. */
const CANCEL_LIMIT_MS = 3_000;

export interface RealtimeOptions {
  /** Empty for servers that ask for none. */
  apiKey: string;
  /** http or https, as of the other APIs; undefined: OpenAI's own. */
  baseUrl: string | undefined;
  realtimeModel: string;
  speechVoice: string;
  /** Of the texts that the server makes of what it hears. */
  transcriptionModel: string;
  /** For connecting, for the first sound of an answer and for the text of a turn, each. */
  timeoutMs: number;
  idleTimeoutMs?: number;
  /** The avatar's name. */
  name?: string;
  instructions?: string | undefined;
  language?: string | undefined;
  /** Makes the texts of turns where it knows the language. Not owned. */
  recogniser?: SpeechRecogniser | undefined;
  /** Knowledge whose fitting passages are given to the model. */
  retriever?: { readonly current: ContextRetriever };
  /** Something for the log that is no failure of an answer; a static text. */
  onNotice?: ((notice: string, fields: Record<string, unknown>) => void) | undefined;
}

export class RealtimeDialogue implements SpeechDialogue {
  readonly ear: RealtimeEar;
  readonly #o: RealtimeOptions;
  readonly #turns: HeardTurns;
  readonly #connection: RealtimeConnection;
  /** The response that the server is making; there is one at a time. */
  #active: RealtimeAnswer | undefined;
  readonly #floorIs = new EventEmitter<{ free: [] }>();
  /** The server knows the conversation so far. */
  #isSeeded = false;
  #ids = 0;
  readonly #connectionPrefix = Math.random().toString(36).slice(2, 8);

  constructor(options: RealtimeOptions) {
    this.#o = options;
    this.#turns = new HeardTurns({
      send: (event) => this.#connection.send(event),
      isReady: () => this.#connection.isReady,
      timeoutMs: options.timeoutMs,
    });
    this.ear = new RealtimeEar(this.#turns, { local: options.recogniser, language: options.language });
    const session = sessionOf({ ...options, transcribes: this.ear.needsTranscription });
    this.#connection = new RealtimeConnection({ ...options, session });
    this.#connection.on('event', (event) => this.#handle(event));
    this.#connection.on('open', () => this.#turns.handleOpen());
    this.#connection.on('lost', (failure) => this.#handleLoss(failure));
  }

  answer(history: readonly Message[], o: ReplyOptions): SpokenAnswer {
    const said = history.at(-1);
    const turn = said?.role === 'user' ? this.#turns.turnOf(said.text) : undefined;
    if (turn !== undefined) keepOnceCommitted(turn, o);
    return new RealtimeAnswer({
      ...o,
      timeoutMs: this.#o.timeoutMs,
      idleTimeoutMs: this.#o.idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS,
      begin: (answer) => this.#begin(answer, history, turn, o.signal),
      onAbort: (answer) => this.#cancel(answer),
      onCut: (answer, heardMs) => this.#cut(answer, heardMs),
      onTooLong: (answer) => this.#cancel(answer),
    });
  }

  note(message: Message): void {
    // Before the first answer the whole history is sent anyway.
    if (this.#isSeeded) this.#create(message);
  }

  async close(): Promise<void> {
    this.#active?.fail(new VisavisError('conflict', 'the conversation is closed'));
    this.#connection.close();
  }

  // ------------------------------------------------------------ asking

  async #begin(
    answer: RealtimeAnswer,
    history: readonly Message[],
    turn: HeardTurn | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const said = history.at(-1);
    if (said?.role !== 'user')
      throw new VisavisError('bad-request', 'the last message must be the user’s', { field: 'history' });
    await this.#connection.ready(signal);
    const passages = await relevantPassages(history, { ...this.#o, retriever: this.#o.retriever?.current, signal });
    await this.#floor(signal);
    throwIfAborted(signal);
    this.#seed(history.slice(0, -1));
    if (turn === undefined || turn.broken) this.#create(said);
    const instructions =
      passages.length === 0 ? undefined : `${systemPrompt(this.#o, [])}\n\n${passagesPrompt(passages)}`;
    this.#active = answer;
    this.#connection.send({
      type: 'response.create',
      event_id: `answer_${++this.#ids}`,
      ...(instructions !== undefined && { response: { instructions } }),
    });
  }

  /** Resolves when the server is not answering. */
  async #floor(signal: AbortSignal): Promise<void> {
    while (this.#active !== undefined) {
      throwIfAborted(signal);
      const late = AbortSignal.any([signal, AbortSignal.timeout(this.#o.timeoutMs)]);
      try {
        await once(this.#floorIs, 'free', { signal: late });
      } catch {
        if (signal.aborted) throw abortError(signal);
        throw new VisavisError('upstream-timeout', 'the speech model does not end its last answer');
      }
    }
  }

  /** What was said before this connection, or before the first answer, placed before what was heard on it. */
  #seed(before: readonly Message[]): void {
    if (this.#isSeeded) return;
    this.#isSeeded = true;
    const kept: Message[] = [];
    let characters = 0;
    for (const message of before.toReversed()) {
      characters += message.text.length;
      if (characters > DEFAULT_HISTORY_CHARACTERS) break;
      kept.unshift(message);
    }
    let previous = 'root';
    for (const message of kept) previous = this.#create(message, previous) ?? previous;
  }

  /** Returns the item's name; undefined for what the protocol has no place for. */
  #create(message: Message, after?: string): string | undefined {
    const item = textItem(message);
    if (item === undefined) return undefined;
    const id = `vv_${this.#connectionPrefix}_${++this.#ids}`;
    const event: RealtimeClientEvent = { type: 'conversation.item.create', item: { ...item, id } };
    this.#connection.send(after === undefined ? event : { ...event, previous_item_id: after });
    return id;
  }

  // ------------------------------------------------------------ taking back

  #cancel(answer: RealtimeAnswer): void {
    if (this.#active !== answer || answer.isDone) {
      if (answer.isForgotten) this.#forget(answer);
      return;
    }
    // One that has no name yet is cancelled when it gets one.
    if (answer.responseId !== undefined) this.#sendCancel(answer.responseId);
    const release = setTimeout(() => this.#release(answer), CANCEL_LIMIT_MS);
    release.unref();
  }

  #sendCancel(responseId: string): void {
    this.#connection.send({ type: 'response.cancel', response_id: responseId });
  }

  /** The model keeps of its answer what was heard, to the millisecond. */
  #cut(answer: RealtimeAnswer, heardMs: number): void {
    if (heardMs < 1) {
      answer.isForgotten = true;
      if (answer.isDone) this.#forget(answer);
      return;
    }
    let beforeMs = 0;
    for (const { id, receivedMs } of answer.items) {
      const ms = Math.floor(Math.min(heardMs - beforeMs, receivedMs));
      beforeMs += receivedMs;
      if (ms <= 0) this.#connection.send({ type: 'conversation.item.delete', item_id: id });
      else if (ms < Math.floor(receivedMs) || !answer.isDone)
        this.#connection.send({ type: 'conversation.item.truncate', item_id: id, content_index: 0, audio_end_ms: ms });
    }
  }

  #forget(answer: RealtimeAnswer): void {
    for (const { id } of answer.items.splice(0))
      this.#connection.send({ type: 'conversation.item.delete', item_id: id });
  }

  #release(answer: RealtimeAnswer): void {
    if (this.#active !== answer) return;
    if (answer.isForgotten) this.#forget(answer);
    this.#active = undefined;
    this.#floorIs.emit('free');
  }

  // ------------------------------------------------------------ from the server

  #handle(event: RealtimeEvent): void {
    const active = this.#active;
    switch (event.type) {
      case 'response-created':
        if (active === undefined || active.responseId !== undefined) break;
        active.responseId = event.responseId;
        if (active.isAborted) this.#sendCancel(event.responseId);
        break;
      case 'output-item':
      case 'audio':
      case 'words':
        if (active?.responseId === event.responseId) active.handle(event);
        break;
      case 'response-done':
        if (active?.responseId !== event.responseId) break;
        active.handle(event);
        this.#release(active);
        break;
      case 'error':
        this.#handleError(event, active);
        break;
      default:
        this.#turns.handle(event);
    }
  }

  /** Errors that name the question fail its answer; others are about what was taken back too late, and harm nobody. */
  #handleError({ code, eventId }: Extract<RealtimeEvent, { type: 'error' }>, active: RealtimeAnswer | undefined): void {
    this.#o.onNotice?.('the speech model reported an error', { code });
    if (active === undefined || eventId === undefined || !eventId.startsWith('answer_')) return;
    active.fail(
      new VisavisError('upstream-failed', `the speech model refused to answer (${code ?? 'no reason given'})`),
    );
    this.#release(active);
  }

  #handleLoss(failure: VisavisError): void {
    this.#isSeeded = false;
    this.#turns.handleLoss();
    const active = this.#active;
    this.#active = undefined;
    this.#floorIs.emit('free');
    active?.fail(failure);
  }
}

function keepOnceCommitted(turn: HeardTurn, { signal, committed }: ReplyOptions): void {
  if (committed === undefined) turn.kept = true;
  else
    void committed.then(() => {
      turn.kept ||= !signal.aborted;
    });
}
