import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI from 'openai';
import { abortError, throwIfAborted } from '../abort.js';
import { VisavisError } from '../errors.js';
import type { Agent, AgentEvent, Message, ReplyOptions } from '../inference/engines.js';
import { CitationFilter } from './citations.js';
import type { RetrievedChunk } from './knowledge/retriever.js';
import { sourceOf } from './knowledge/sources.js';
import { retryDelayMs, upstreamError } from './openai-errors.js';
import { buildPrompt, type ChatMessage, type ContextRetriever } from './openai-prompt.js';
import { ChatClient, type ChatOutcome, type ChatRequest } from './openai-stream.js';
import type { PendingCall } from './openai-tool-calls.js';
import { type Fillers, fillWait } from './tools/filler.js';
import type { Toolbox } from './tools/toolbox.js';

export { apology } from './openai-errors.js';

const DEFAULT_TIMEOUT_MS = 8_000;
/** A stream that is silent for this long between two tokens has stalled; what was said so far has been heard by then. */
const DEFAULT_IDLE_TIMEOUT_MS = 5_000;
const DEFAULT_MAX_TOKENS = 400;
const MAX_RETRIES = 1;
/** Rounds of tool calls in one reply; then the model must answer with what it has. */
const MAX_TOOL_ROUNDS = 5;

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
  /** Of each round, until the first speakable text, retries included. */
  timeoutMs?: number;
  idleTimeoutMs?: number;
  maxTokens?: number;
  historyCharacters?: number;
  /** Knowledge whose fitting passages are put into the prompt. */
  retriever?: { readonly current: ContextRetriever };
  /** Of this one conversation. */
  toolbox?: Toolbox;
  fillers?: Fillers;
  /** Something for the log that is no failure of a reply; a static text. */
  onNotice?: (notice: string) => void;
}

/** Streams replies from any server that speaks OpenAI's chat completions, and makes the calls that the model asks for. */
class OpenAiAgent implements Agent {
  readonly #o: OpenAiAgentOptions;
  readonly #client: ChatClient;
  /** The server answers requests that have tools with an error, and others not. */
  #takesNoTools = false;

  constructor(o: OpenAiAgentOptions) {
    this.#o = o;
    this.#client = new ChatClient({
      apiKey: o.apiKey,
      baseUrl: o.baseUrl,
      model: o.model,
      timeoutMs: this.#timeoutMs,
      idleTimeoutMs: o.idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS,
      maxTokens: o.maxTokens ?? DEFAULT_MAX_TOKENS,
    });
  }

  get #timeoutMs(): number {
    return this.#o.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  /**
   * Rejects with `upstream-failed` or `upstream-timeout`, or with AbortError, upon which the HTTP stream is closed. Before the
   * first text of a round a failure that may pass is tried once more.
   */
  async *reply(history: readonly Message[], o: ReplyOptions): AsyncIterable<AgentEvent> {
    throwIfAborted(o.signal);
    if (history.at(-1)?.role !== 'user')
      throw new VisavisError('bad-request', 'the last message must be the user’s', { field: 'history' });
    const { toolbox } = this.#o;
    const hasTools = !this.#takesNoTools && (toolbox?.schemas.length ?? 0) > 0;
    const { messages, passages } = await buildPrompt(history, {
      ...this.#o,
      retriever: this.#o.retriever?.current,
      hasTools,
      signal: o.signal,
    });
    const citations = passages.length === 0 ? undefined : new CitationFilter();
    for (let round = 0; ; round++) {
      const outcome: RoundOutcome = yield* this.#speakRound(
        this.#round(messages, round, o.signal),
        passages,
        citations,
      );
      if (outcome.calls.length === 0 || toolbox === undefined) {
        yield { type: 'reply-end', finishReason: outcome.finishReason };
        return;
      }
      if (outcome.said) yield { type: 'pause' };
      messages.push(callMessage(outcome));
      yield* this.#callAll(toolbox, outcome.calls, { messages, history, said: outcome.said }, o);
    }
  }

  async close(): Promise<void> {}

  /** The text of one round on its way to the voice, without the numbers of passages, which become sources. */
  async *#speakRound(
    stream: AsyncGenerator<string, ChatOutcome>,
    passages: readonly RetrievedChunk[],
    citations: CitationFilter | undefined,
  ): AsyncGenerator<AgentEvent, RoundOutcome> {
    let said = false;
    try {
      for (;;) {
        const next = await stream.next();
        const text = next.done ? (citations?.flush().trimEnd() ?? '') : (citations?.push(next.value) ?? next.value);
        if (text !== '') yield { type: 'text-delta', text };
        said ||= text.trim() !== '';
        const cited = (citations?.take() ?? []).flatMap((number) => passages[number - 1] ?? []);
        if (cited.length > 0) yield { type: 'sources', sources: cited.map(({ chunk }) => sourceOf(chunk)) };
        if (next.done) return { ...next.value, said };
      }
    } finally {
      // A consumer that stops reading ends the request.
      await stream.return(undefined as never);
    }
  }

  /** Makes the calls of one round side by side, says something when that takes long, and appends what came of them. */
  async *#callAll(
    toolbox: Toolbox,
    calls: readonly PendingCall[],
    { messages, history, said }: { messages: ChatMessage[]; history: readonly Message[]; said: boolean },
    o: ReplyOptions,
  ): AsyncIterable<AgentEvent> {
    const committed = o.committed ?? Promise.resolve();
    const running = Promise.all(
      calls.map(async (call) => {
        const result = await toolbox.call(call, { signal: o.signal, committed, history });
        o.onToolUse?.({ name: call.name, arguments: call.arguments }, result);
        return result;
      }),
    );
    const own = calls.map(({ name }) => toolbox.fillerOf(name)).find((filler) => filler !== undefined);
    yield* fillWait(running, {
      committed,
      signal: o.signal,
      said,
      own,
      fillers: this.#o.fillers,
      turn: history.length,
    });
    const results = await running;
    throwIfAborted(o.signal);
    for (const [i, { id }] of calls.entries())
      messages.push({ role: 'tool', tool_call_id: id, content: results[i] ?? '' });
  }

  /** One request, tried again where that may help. */
  async *#round(messages: ChatMessage[], round: number, signal: AbortSignal): AsyncGenerator<string, ChatOutcome> {
    const deadlineMs = performance.now() + this.#timeoutMs;
    const noMoreCalls = round >= MAX_TOOL_ROUNDS;
    for (let attempt = 0; ; attempt++) {
      let said = false;
      const tools = this.#takesNoTools ? [] : (this.#o.toolbox?.schemas ?? []);
      const request: ChatRequest = { messages, tools, noMoreCalls, deadlineMs, signal };
      const stream = this.#client.stream(request);
      try {
        for (;;) {
          const next = await stream.next();
          if (next.done) return next.value;
          said = true;
          yield next.value;
        }
      } catch (thrown) {
        if (signal.aborted) throw abortError(signal);
        if (said) throw upstreamError(thrown);
        if (round === 0 && tools.length > 0 && refusesRequest(thrown)) {
          this.#takesNoTools = true;
          this.#o.onNotice?.('the language model refuses requests with tools; it is asked without');
          continue;
        }
        const delayMs = attempt >= MAX_RETRIES ? null : retryDelayMs(thrown);
        if (delayMs === null || performance.now() + delayMs >= deadlineMs) throw upstreamError(thrown);
        await sleep(delayMs, undefined, { signal }).catch(() => {
          throw abortError(signal);
        });
      } finally {
        await stream.return(undefined as never);
      }
    }
  }
}

interface RoundOutcome extends ChatOutcome {
  /** Some of its text can be spoken. */
  said: boolean;
}

/** How servers answer when a model takes no tools (Ollama: 400, vLLM without a parser for them: 400, others 422 or 501). */
function refusesRequest(thrown: unknown): boolean {
  return thrown instanceof OpenAI.APIError && [400, 422, 501].includes(thrown.status as number);
}

function callMessage({ text, calls }: ChatOutcome): ChatMessage {
  const toolCalls = calls.map(({ id, name, arguments: json }) => ({
    id,
    type: 'function' as const,
    // Arguments that are no JSON make some chat templates fail; the answer to the call says what was wrong.
    function: { name, arguments: isJson(json) ? json : '{}' },
  }));
  return { role: 'assistant', content: text.trim() === '' ? null : text, tool_calls: toolCalls };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

export function createOpenAiAgent(o: OpenAiAgentOptions): Agent {
  return new OpenAiAgent(o);
}
