/** One request to a chat API: its text as it comes, and at the end what it came to. */
import OpenAI from 'openai';
import { VisavisError } from '../errors.js';
import type { ChatMessage } from './openai-prompt.js';
import { ReasoningFilter } from './openai-reasoning.js';
import { type PendingCall, ToolCallAssembler } from './openai-tool-calls.js';
import { Watchdog } from './openai-watchdog.js';
import type { ToolSchema } from './tools/toolbox.js';

const OPENAI_URL = 'https://api.openai.com/v1';
/** A server that sends without end is not listened to any longer; a reply is cut long before. */
const MAX_TEXT_CHARACTERS = 40_000;

export interface ChatServer {
  /** Empty for servers that ask for none. */
  apiKey: string;
  /** Default: OpenAI's own. */
  baseUrl?: string | undefined;
  model: string;
  timeoutMs: number;
  idleTimeoutMs: number;
  maxTokens: number;
}

export interface ChatRequest {
  messages: ChatMessage[];
  tools: readonly ToolSchema[];
  /** The model is to answer in words now. */
  noMoreCalls: boolean;
  /** On `performance.now()`: until the first speakable text or call. */
  deadlineMs: number;
  signal: AbortSignal;
}

export interface ChatOutcome {
  text: string;
  calls: PendingCall[];
  finishReason: 'stop' | 'length';
}

export class ChatClient {
  readonly #o: ChatServer;
  readonly #client: OpenAI;

  constructor(o: ChatServer) {
    this.#o = o;
    this.#client = new OpenAI({
      apiKey: o.apiKey === '' ? 'none' : o.apiKey,
      baseURL: o.baseUrl ?? OPENAI_URL,
      // These must not come from the environment, which only the configuration reads.
      adminAPIKey: null,
      organization: null,
      project: null,
      maxRetries: 0,
      timeout: 2 * o.timeoutMs,
      logLevel: 'off',
    });
  }

  /** Yields the speakable text as it comes. Rejects with what the client library throws, a typed error or AbortError. */
  async *stream({
    messages,
    tools,
    noMoreCalls,
    deadlineMs,
    signal,
  }: ChatRequest): AsyncGenerator<string, ChatOutcome> {
    const watch = new Watchdog(signal);
    try {
      watch.arm(deadlineMs - performance.now());
      const stream = await this.#client.chat.completions.create(
        { model: this.#o.model, messages, stream: true, ...this.#lengthLimit(), ...toolFields(tools, noMoreCalls) },
        { signal: watch.signal },
      );
      const chunks = stream[Symbol.asyncIterator]();
      const reasoning = new ReasoningFilter();
      const assembler = new ToolCallAssembler();
      let text = '';
      let finish: string | null | undefined;
      while (text.length < MAX_TEXT_CHARACTERS) {
        // Only waiting for the server counts: a consumer may take its time between two deltas.
        const next = await chunks.next();
        watch.disarm();
        watch.check();
        if (next.done) break;
        const choice = next.value.choices?.[0];
        finish = choice?.finish_reason ?? finish;
        assembler.push(choice?.delta?.tool_calls);
        const content: unknown = choice?.delta?.content;
        const delta = reasoning.push(typeof content === 'string' ? content : '');
        if (delta !== '') {
          text += delta;
          yield delta;
        }
        const hasBegun = text !== '' || assembler.any;
        watch.arm(hasBegun ? this.#o.idleTimeoutMs : deadlineMs - performance.now());
      }
      const rest = reasoning.flush();
      if (rest !== '') {
        text += rest;
        yield rest;
      }
      const calls = tools.length === 0 || noMoreCalls ? [] : assembler.calls;
      if (calls.length === 0) judge(text, finish);
      // Arguments that broke off are not JSON, and are refused as such.
      return { text, calls, finishReason: finish === 'length' ? 'length' : 'stop' };
    } catch (thrown) {
      watch.check();
      throw thrown;
    } finally {
      watch.close();
    }
  }

  /** OpenAI's own newer models only take the new name of this field, most other servers only the old one. */
  #lengthLimit(): { max_completion_tokens: number } | { max_tokens: number } {
    const limit = this.#o.maxTokens;
    const isOpenAi = new URL(this.#client.baseURL).hostname.endsWith('openai.com');
    return isOpenAi ? { max_completion_tokens: limit } : { max_tokens: limit };
  }
}

/** Throws when the stream ended without a whole answer. */
function judge(text: string, finish: string | null | undefined): void {
  if (text.trim() === '') throw new VisavisError('upstream-failed', 'the language model sent no text');
  // Some servers never name a reason; then the text must look finished.
  if (finish === undefined && !/[.!?…。！？]["'”’)\]]*\s*$/u.test(text)) {
    throw new VisavisError('upstream-failed', 'the language model’s stream ended in mid-sentence');
  }
}

function toolFields(
  tools: readonly ToolSchema[],
  noMoreCalls: boolean,
): Partial<OpenAI.ChatCompletionCreateParamsStreaming> {
  if (tools.length === 0) return {};
  return {
    tools: tools.map((tool) => ({ type: 'function' as const, function: { ...tool } })),
    ...(noMoreCalls ? { tool_choice: 'none' as const } : {}),
  };
}
