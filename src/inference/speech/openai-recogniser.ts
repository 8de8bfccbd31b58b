import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI, { toFile } from 'openai';
import { abortError, throwIfAborted } from '../../abort.js';
import { VisavisError } from '../../errors.js';
import { RECOGNITION_RATE_HZ, type RecognitionStream, type SpeechRecogniser, type Transcript } from '../engines.js';
import { openAiFailure, retryDelayMs } from '../openai-failures.js';
import { readTranscription } from './openai-transcription.js';
import { hasSound } from './recognition-guard.js';
import { RecognitionTurn } from './recognition-turn.js';
import { wavOfTurn } from './wav-of-turn.js';

const API = 'the speech recognition API';
const MAX_RETRIES = 1;
/** The API refuses shorter audio ("audio file is too short", minimum 0.1 seconds); no word is that short. */
const SHORTEST = RECOGNITION_RATE_HZ / 10;

export interface OpenAiRecognitionOptions {
  /** Empty for servers that ask for none. */
  apiKey: string;
  /** Undefined: OpenAI's own. */
  baseUrl: string | undefined;
  transcriptionModel: string;
  /** Of one text, attempts together. */
  timeoutMs: number;
  /** Makes the partial texts where it knows the language; without it there are none. Not owned. */
  partials?: SpeechRecogniser;
}

/**
 * Recognition by any server of the OpenAI audio API (`/audio/transcriptions`). A text is one request with the turn's audio as a WAV
 * file; a turn of more than 15 s is sent in pieces, each once. Silence is not sent. A failure that may pass is tried once more.
 */
export class OpenAiRecogniser implements SpeechRecogniser {
  readonly #client: OpenAI;
  readonly #o: OpenAiRecognitionOptions;
  readonly #streams = new Set<RemoteTurns>();

  constructor(options: OpenAiRecognitionOptions) {
    this.#o = options;
    this.#client = new OpenAI({
      apiKey: options.apiKey || 'none',
      baseURL: options.baseUrl,
      timeout: options.timeoutMs,
      maxRetries: 0,
    });
  }

  /** `language`: a tag such as `de` or `pt-BR`; undefined: the server finds out. */
  open(o: { language?: string | undefined } = {}): RecognitionStream {
    const language = languageCode(o.language);
    const stream = new RemoteTurns(this, language, this.#openPartials(language), () => this.#streams.delete(stream));
    this.#streams.add(stream);
    return stream;
  }

  /**
   * The text of 16 kHz audio. Rejects with AbortError, upon which the request is cancelled, or with `upstream-failed` or
   * `upstream-timeout`.
   */
  async transcribe(samples: Float32Array, o: { language?: string | undefined; signal?: AbortSignal }): Promise<string> {
    throwIfAborted(o.signal);
    if (samples.length < SHORTEST || !hasSound(samples)) return '';
    const deadlineMs = performance.now() + this.#o.timeoutMs;
    const wav = wavOfTurn(samples);
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#request(wav, o.language, deadlineMs, o.signal);
      } catch (thrown) {
        if (o.signal?.aborted) throw abortError(o.signal);
        const delayMs = attempt >= MAX_RETRIES ? null : retryDelayMs(thrown);
        if (delayMs === null || performance.now() + delayMs >= deadlineMs) throw openAiFailure(thrown, API);
        await sleep(delayMs, undefined, { signal: o.signal }).catch(() => throwIfAborted(o.signal));
      }
    }
  }

  async close(): Promise<void> {
    for (const stream of [...this.#streams]) stream.close();
  }

  async #request(
    wav: Uint8Array<ArrayBuffer>,
    language: string | undefined,
    deadlineMs: number,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    // The client's own limit ends with the headers; this one holds for the body as well.
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), Math.max(0, deadlineMs - performance.now()));
    const either = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
    try {
      const response = await this.#client.audio.transcriptions
        .create(
          {
            file: await toFile(wav, 'turn.wav', { type: 'audio/wav' }),
            model: this.#o.transcriptionModel,
            stream: true,
            ...(language === undefined ? {} : { language }),
          },
          { signal: either },
        )
        .asResponse();
      return await readTranscription(response);
    } catch (thrown) {
      if (late.signal.aborted) throw new VisavisError('upstream-timeout', `${API} did not answer in time`);
      throw thrown;
    } finally {
      clearTimeout(timer);
    }
  }

  /** A recogniser of another language is no use. */
  #openPartials(language: string | undefined): RecognitionStream | undefined {
    if (language === undefined) return undefined;
    try {
      return this.#o.partials?.open({ language });
    } catch {
      return undefined;
    }
  }
}

class RemoteTurns implements RecognitionStream {
  readonly #recogniser: OpenAiRecogniser;
  readonly #language: string | undefined;
  readonly #partials: RecognitionStream | undefined;
  readonly #onClose: () => void;
  readonly #turn = new RecognitionTurn();
  #closed = false;

  constructor(
    recogniser: OpenAiRecogniser,
    language: string | undefined,
    partials: RecognitionStream | undefined,
    onClose: () => void,
  ) {
    this.#recogniser = recogniser;
    this.#language = language;
    this.#partials = partials;
    this.#onClose = onClose;
  }

  push(samples: Float32Array): void {
    if (this.#closed) return;
    this.#turn.push(samples);
    this.#partials?.push(samples);
  }

  async partial(o: { signal: AbortSignal }): Promise<Transcript> {
    this.#requireOpen();
    throwIfAborted(o.signal);
    if (this.#partials === undefined) {
      throw new VisavisError('unavailable', 'there are no partial texts: no recogniser here knows the language');
    }
    return this.#partials.partial(o);
  }

  async final(o: { signal: AbortSignal }): Promise<Transcript> {
    this.#requireOpen();
    const decode = async (samples: Float32Array) => {
      const startedMs = performance.now();
      const text = await this.#recogniser.transcribe(samples, { language: this.#language, signal: o.signal });
      return { text, computeMs: performance.now() - startedMs };
    };
    return this.#turn.transcribe('final', decode, o.signal);
  }

  reset(): void {
    this.#turn.reset();
    if (!this.#closed) this.#partials?.reset();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#turn.reset();
    this.#partials?.close();
    this.#onClose();
  }

  #requireOpen(): void {
    if (this.#closed) throw new VisavisError('conflict', 'recognition stream is closed');
  }
}

/** ISO 639-1, as the API takes it; throws `bad-request` for what is no language tag. */
function languageCode(tag: string | undefined): string | undefined {
  if (tag === undefined) return undefined;
  if (/^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i.test(tag)) return tag.split('-', 1)[0]?.toLowerCase();
  throw new VisavisError('bad-request', `expected a language tag such as "en" or "pt-BR", got "${tag}"`, {
    field: 'language',
  });
}
