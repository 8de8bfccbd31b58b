import OpenAI from 'openai';
import { abortError, throwIfAborted } from '../../abort.js';
import { VisavisError } from '../../errors.js';
import type { SpeakOptions, SpeechChunk, SpeechSynthesiser, TimedWord } from '../engines.js';
import { openAiFailure } from '../openai-failures.js';

/** Raw PCM of the audio API: 24 kHz, 16 bit, little endian, mono (API reference, "Create speech", response_format pcm). */
const RATE_HZ = 24_000;
/** Audio is passed on in pieces of at least this length. */
const CHUNK_SAMPLES = RATE_HZ * 0.2;
/** English at a usual rate: about 15 characters a second. Word times are estimates; this API gives none. */
const MS_PER_CHARACTER = 66;

export interface OpenAiSpeechOptions {
  apiKey: string;
  baseUrl: string | undefined;
  speechModel: string;
  speechVoice: string;
  timeoutMs: number;
}

/** Synthesis by any server of the OpenAI audio API. Chunks come while the rest is still being made; they carry no phonemes. */
export class OpenAiSynthesiser implements SpeechSynthesiser {
  readonly sampleRateHz = RATE_HZ;
  readonly voices: readonly string[];
  readonly #client: OpenAI;
  readonly #o: OpenAiSpeechOptions;

  constructor(options: OpenAiSpeechOptions) {
    this.#o = options;
    this.voices = [options.speechVoice];
    this.#client = new OpenAI({
      apiKey: options.apiKey || 'none',
      baseURL: options.baseUrl,
      timeout: options.timeoutMs,
      maxRetries: 1,
    });
  }

  /** Rejects with AbortError, upon which the request is cancelled, or with `upstream-failed` or `upstream-timeout`. */
  async *speak(segment: string, o: SpeakOptions): AsyncIterable<SpeechChunk> {
    throwIfAborted(o.signal);
    try {
      yield* this.#speak(segment, o);
    } catch (thrown) {
      if (o.signal.aborted) throw abortError(o.signal);
      throw openAiFailure(thrown, 'the speech API');
    }
  }

  async *#speak(segment: string, o: SpeakOptions): AsyncIterable<SpeechChunk> {
    const words = estimateWords(segment);
    const startedAt = performance.now();
    const body = await this.#request(segment, o);
    let pending = new Int16Array(0);
    let odd: Uint8Array = new Uint8Array(0);
    let sentMs = 0;
    for await (const bytes of body) {
      throwIfAborted(o.signal);
      const joined = new Uint8Array(odd.length + bytes.length);
      joined.set(odd);
      joined.set(bytes, odd.length);
      const even = joined.length - (joined.length % 2);
      odd = joined.slice(even);
      const samples = new Int16Array(joined.buffer.slice(0, even));
      const grown = new Int16Array(pending.length + samples.length);
      grown.set(pending);
      grown.set(samples, pending.length);
      pending = grown;
      if (pending.length < CHUNK_SAMPLES) continue;
      const chunk = toChunk(pending, takeWords(words, sentMs, pending.length), performance.now() - startedAt);
      sentMs += (pending.length * 1000) / RATE_HZ;
      pending = new Int16Array(0);
      yield chunk;
    }
    if (pending.length > 0 || words.length > 0) {
      const rest = pending.length > 0 ? pending : new Int16Array(RATE_HZ / 50);
      const restMs = (rest.length * 1000) / RATE_HZ;
      const left = words.map((word) => ({
        ...word,
        startMs: Math.min(restMs, Math.max(0, word.startMs - sentMs)),
        endMs: restMs,
      }));
      yield toChunk(rest, left, performance.now() - startedAt);
    }
  }

  async close(): Promise<void> {}

  async #request(input: string, o: SpeakOptions): Promise<AsyncIterable<Uint8Array>> {
    const response = await this.#client.audio.speech.create(
      {
        model: this.#o.speechModel,
        voice: o.voice ?? this.#o.speechVoice,
        input,
        response_format: 'pcm',
        ...(o.speed === undefined ? {} : { speed: o.speed }),
      },
      { signal: o.signal },
    );
    if (response.body === null) throw new VisavisError('upstream-failed', 'the speech API sent no audio');
    return response.body as unknown as AsyncIterable<Uint8Array>;
  }
}

function estimateWords(text: string): TimedWord[] {
  let atMs = 0;
  return text
    .split(/\s+/)
    .filter((word) => word.length > 0)
    .map((word) => {
      const startMs = atMs;
      atMs += (word.length + 1) * MS_PER_CHARACTER;
      return { text: word, startMs, endMs: atMs };
    });
}

/** Removes from `words` those that begin within the next `sampleCount` samples and makes their times relative to it. */
function takeWords(words: TimedWord[], sentMs: number, sampleCount: number): TimedWord[] {
  const untilMs = sentMs + (sampleCount * 1000) / RATE_HZ;
  const taken: TimedWord[] = [];
  while (words[0] !== undefined && words[0].startMs < untilMs) {
    const word = words.shift() as TimedWord;
    taken.push({ text: word.text, startMs: Math.max(0, word.startMs - sentMs), endMs: word.endMs - sentMs });
  }
  return taken;
}

function toChunk(samples: Int16Array, words: TimedWord[], computeMs: number): SpeechChunk {
  return { samples: Float32Array.from(samples, (value) => value / 32768), sampleRateHz: RATE_HZ, words, computeMs };
}
