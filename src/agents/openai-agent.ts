import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI from 'openai';
import { abortError, throwIfAborted } from '../abort.js';
import { VisavisError } from '../errors.js';
import type { Agent, AgentEvent, Message, ReplyOptions } from '../inference/engines.js';
import { retryDelayMs, upstreamError } from './openai-errors.js';
import { buildPrompt, type ChatMessage, type ContextRetriever } from './openai-prompt.js';
import { ReasoningFilter } from './openai-reasoning.js';

export { apology } from './openai-errors.js';

const DEFAULT_TIMEOUT_MS = 8_000;
/** A stream that is silent for this long between two tokens has stalled; what was said so far has been heard by then. */
const DEFAULT_IDLE_TIMEOUT_MS = 5_000;
const DEFAULT_MAX_TOKENS = 400;
const MAX_RETRIES = 1;
const OPENAI_URL = 'https://api.openai.com/v1';

export interface OpenAiAgentOptions {
  /** Empty for servers that ask for none. */
  apiKey: string;
  /** Default: OpenAI's own. */
  baseUrl?: string;
  model: string;
  /** The avatar's name. */
  name?: string;
  /** The operator's own words to the model. */
  instructions?: string;
  /** Until the first speakable text, retries included. */
  timeoutMs?: number;
  idleTimeoutMs?: number;
  maxTokens?: number;
  historyCharacters?: number;
  /** Knowledge whose fitting passages are put into the prompt. */
  retriever?: ContextRetriever;
}

/** Streams replies from any server that speaks OpenAI's chat completions. */
class OpenAiAgent implements Agent {
  readonly #o: OpenAiAgentOptions;
  readonly #client: OpenAI;

  constructor(o: OpenAiAgentOptions) {
    this.#o = o;
    this.#client = new OpenAI({
      apiKey: o.apiKey === '' ? 'none' : o.apiKey,
      baseURL: o.baseUrl ?? OPENAI_URL,
      // These must not come from the environment, which only the configuration reads.
      adminAPIKey: null,
      organization: null,
      project: null,
      maxRetries: 0,
      timeout: 2 * (o.timeoutMs ?? DEFAULT_TIMEOUT_MS),
      logLevel: 'off',
    });
  }

  /**
   * Rejects with `upstream-failed` or `upstream-timeout`, or with AbortError, upon which the HTTP stream is closed. Before the
   * first text a failure that may pass is tried once more.
   */
  async *reply(history: readonly Message[], o: ReplyOptions): AsyncIterable<AgentEvent> {
    throwIfAborted(o.signal);
    if (history.at(-1)?.role !== 'user')
      throw new VisavisError('bad-request', 'the last message must be the user’s', { field: 'history' });
    const deadlineMs = performance.now() + (this.#o.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const messages = await buildPrompt(history, { ...this.#o, signal: o.signal });
    for (let attempt = 0; ; attempt++) {
      let said = false;
      try {
        for await (const event of this.#attempt(messages, deadlineMs, o.signal)) {
          said ||= event.type === 'text-delta';
          yield event;
        }
        return;
      } catch (thrown) {
        if (o.signal.aborted) throw abortError(o.signal);
        const delayMs = said || attempt >= MAX_RETRIES ? null : retryDelayMs(thrown);
        if (delayMs === null || performance.now() + delayMs >= deadlineMs) throw upstreamError(thrown);
        await sleep(delayMs, undefined, { signal: o.signal }).catch(() => {
          throw abortError(o.signal);
        });
      }
    }
  }

  async close(): Promise<void> {}

  async *#attempt(messages: ChatMessage[], deadlineMs: number, outer: AbortSignal): AsyncIterable<AgentEvent> {
    const watch = new Watchdog(outer);
    try {
      watch.arm(deadlineMs - performance.now());
      const stream = await this.#client.chat.completions.create(
        { model: this.#o.model, messages, stream: true, ...this.#lengthLimit() },
        { signal: watch.signal },
      );
      const chunks = stream[Symbol.asyncIterator]();
      const reasoning = new ReasoningFilter();
      let text = '';
      let finish: string | null | undefined;
      for (;;) {
        // Only waiting for the server counts: a consumer may take its time between two deltas.
        const next = await chunks.next();
        watch.disarm();
        watch.check();
        if (next.done) break;
        const choice = next.value.choices?.[0];
        finish = choice?.finish_reason ?? finish;
        const delta = reasoning.push(choice?.delta?.content ?? '');
        if (delta !== '') {
          text += delta;
          yield { type: 'text-delta', text: delta };
        }
        const idleMs = this.#o.idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS;
        watch.arm(text === '' ? deadlineMs - performance.now() : idleMs);
      }
      const rest = reasoning.flush();
      if (rest !== '') {
        text += rest;
        yield { type: 'text-delta', text: rest };
      }
      if (text.trim() === '') throw new VisavisError('upstream-failed', 'the language model sent no text');
      // Some servers never name a reason; then the text must look finished.
      if (finish === undefined && !/[.!?…。！？]["'”’)\]]*\s*$/u.test(text)) {
        throw new VisavisError('upstream-failed', 'the language model’s stream ended in mid-sentence');
      }
      yield { type: 'reply-end', finishReason: finish === 'length' ? 'length' : 'stop' };
    } catch (thrown) {
      watch.check();
      throw thrown;
    } finally {
      watch.close();
    }
  }

  /** OpenAI's own newer models only take the new name of this field, most other servers only the old one. */
  #lengthLimit(): { max_completion_tokens: number } | { max_tokens: number } {
    const limit = this.#o.maxTokens ?? DEFAULT_MAX_TOKENS;
    const isOpenAi = new URL(this.#client.baseURL).hostname.endsWith('openai.com');
    return isOpenAi ? { max_completion_tokens: limit } : { max_tokens: limit };
  }
}

/** Aborts a request when the caller does or when a wait takes too long, and tells the two apart. */
class Watchdog {
  readonly #abort = new AbortController();
  readonly #outer: AbortSignal;
  readonly #onOuter = (): void => this.#abort.abort();
  #timer: NodeJS.Timeout | undefined;
  #timedOut = false;

  constructor(outer: AbortSignal) {
    this.#outer = outer;
    outer.addEventListener('abort', this.#onOuter, { once: true });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  arm(ms: number): void {
    this.disarm();
    this.#timer = setTimeout(
      () => {
        this.#timedOut = true;
        this.#abort.abort();
      },
      Math.max(0, ms),
    );
  }

  disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Throws what ended the request: the client library ends an aborted stream without an error. */
  check(): void {
    if (this.#outer.aborted) throw abortError(this.#outer);
    if (this.#timedOut) throw new VisavisError('upstream-timeout', 'the language model did not answer in time');
  }

  close(): void {
    this.disarm();
    this.#outer.removeEventListener('abort', this.#onOuter);
    this.#abort.abort();
  }
}

export function createOpenAiAgent(o: OpenAiAgentOptions): Agent {
  return new OpenAiAgent(o);
}
