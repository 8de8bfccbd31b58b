import { isAbort, VisavisError } from '../../errors.js';
import { RecognitionTurn } from '../../inference/speech/recognition-turn.js';
import type { SpeechEngines } from './engines.js';
import {
  type CallCost,
  type ClientMessage,
  MAX_STREAMS,
  parseClientMessage,
  type ServerMessage,
  type SpeakRequest,
} from './protocol.js';

type RecogniseRequest = Extract<ClientMessage, { type: 'recognise' }>;
type EmbedRequest = Extract<ClientMessage, { type: 'embed' }>;

interface Stream {
  turn: RecognitionTurn;
  /** Undefined: English. */
  language: string | undefined;
}

/**
 * One client of the speech worker, apart from its socket: its recognition streams and its requests under way. `handle`
 * throws `bad-request` for a message that does not follow the protocol; a request that fails, or whose content is refused,
 * is answered and not thrown.
 */
export class ClientSession {
  readonly #owner: string;
  readonly #engines: SpeechEngines;
  readonly #send: (message: ServerMessage) => void;
  readonly #streams = new Map<number, Stream>();
  readonly #requests = new Map<number, AbortController>();

  constructor(o: { owner: string; engines: SpeechEngines; send: (message: ServerMessage) => void }) {
    this.#owner = o.owner;
    this.#engines = o.engines;
    this.#send = o.send;
  }

  handle(received: unknown): void {
    const message = this.#parse(received);
    if (!message) return;
    switch (message.type) {
      case 'stream-open':
        this.#openStream(message.stream, message.language);
        break;
      case 'stream-push':
        this.#stream(message.stream).turn.push(message.samples);
        break;
      case 'stream-reset':
        this.#resetStream(message.stream, message.language);
        break;
      case 'stream-close':
        this.#streams.delete(message.stream);
        break;
      case 'recognise':
        this.#request(message.id, (signal) => this.#recognise(message, signal));
        break;
      case 'speak':
        this.#request(message.id, (signal) => this.#speak(message, signal));
        break;
      case 'embed':
        this.#request(message.id, (signal) => this.#embed(message, signal));
        break;
      case 'cancel':
        this.#requests.get(message.id)?.abort();
        break;
    }
  }

  /** Aborts everything that this client waits for. */
  close(): void {
    for (const controller of this.#requests.values()) controller.abort();
    this.#requests.clear();
    this.#streams.clear();
  }

  /** A request whose content is wrong is answered and nothing else is lost; anything else that is wrong is thrown. */
  #parse(received: unknown): ClientMessage | null {
    try {
      return parseClientMessage(received);
    } catch (thrown) {
      const id = requestId(received);
      if (id === null) throw thrown;
      this.#send({ type: 'failed', id, error: VisavisError.from(thrown).toBody() });
      return null;
    }
  }

  #openStream(stream: number, language: string | undefined): void {
    if (this.#streams.size >= MAX_STREAMS) {
      throw new VisavisError('bad-request', `expected at most ${MAX_STREAMS} streams`, { field: 'stream' });
    }
    this.#streams.set(stream, { turn: new RecognitionTurn(), language });
  }

  #resetStream(number: number, language: string | undefined): void {
    const stream = this.#stream(number);
    stream.turn.reset();
    stream.language = language ?? stream.language;
  }

  #stream(number: number): Stream {
    const stream = this.#streams.get(number);
    if (!stream) throw new VisavisError('bad-request', `stream ${number} is not open`, { field: 'stream' });
    return stream;
  }

  #request(id: number, run: (signal: AbortSignal) => Promise<ServerMessage>): void {
    if (this.#requests.has(id)) throw new VisavisError('bad-request', `request ${id} is under way`, { field: 'id' });
    const controller = new AbortController();
    this.#requests.set(id, controller);
    run(controller.signal)
      .then((answer) => this.#send(answer))
      .catch((thrown: unknown) => {
        if (!isAbort(thrown)) this.#send({ type: 'failed', id, error: VisavisError.from(thrown).toBody() });
      })
      .finally(() => this.#requests.delete(id));
  }

  async #recognise({ id, stream, pass }: RecogniseRequest, signal: AbortSignal): Promise<ServerMessage> {
    const cost: CallCost = { queueMs: 0, computeMs: 0 };
    const urgency = pass === 'final' ? { priority: 0 } : { priority: 1, yields: true, coalesceKey: `stream ${stream}` };
    const { turn, language } = this.#stream(stream);
    const transcript = await turn.transcribe(
      pass,
      async (samples, model) => {
        const task = { samples: samples.slice(), pass: model, language };
        const answer = await this.#engines.recognition.submit(task, { owner: this.#owner, signal, ...urgency });
        cost.queueMs += answer.queueMs;
        cost.computeMs += answer.computeMs;
        return { ...answer.result, computeMs: answer.computeMs };
      },
      signal,
    );
    return { type: 'transcript', id, transcript, ...cost };
  }

  async #speak(request: SpeakRequest, signal: AbortSignal): Promise<ServerMessage> {
    const { id, engine, text, voice, speed, priority } = request;
    const answer = await this.#engines.synthesis.submit(
      { engine, text, voice, speed, priority },
      {
        owner: this.#owner,
        priority: priority === 'first' ? 0 : 1,
        signal,
        onEvent: (event) => {
          if (event.type === 'loaded') this.#engines.handleSynthesisEvent(event);
          else if (!signal.aborted) this.#send({ type: 'chunk', id, chunk: event.chunk });
        },
      },
    );
    return { type: 'spoken', id, queueMs: answer.queueMs, computeMs: answer.computeMs };
  }

  /** One text is someone's question, several are an index being built. */
  async #embed({ id, texts }: EmbedRequest, signal: AbortSignal): Promise<ServerMessage> {
    const priority = texts.length <= 1 ? 0 : 1;
    const answer = await this.#engines.embedding.submit({ texts }, { owner: this.#owner, priority, signal });
    return { type: 'embedded', id, vectors: answer.result, queueMs: answer.queueMs, computeMs: answer.computeMs };
  }
}

function requestId(received: unknown): number | null {
  const id = typeof received === 'object' && received !== null ? (received as { id?: unknown }).id : undefined;
  return typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 ? id : null;
}
