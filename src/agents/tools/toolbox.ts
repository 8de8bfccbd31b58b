/**
 * The tools of one conversation: which there are, who may call them when, and what comes of a call. What a visitor says or a passage
 * of knowledge contains can make the model ask for a call; what a call may do is decided here alone.
 */
import { randomUUID } from 'node:crypto';
import { abortError } from '../../abort.js';
import { isAbort, VisavisError } from '../../errors.js';
import type { Message, ToolCall } from '../../inference/engines.js';
import { Confirmations } from './confirmations.js';
import type { ParameterSchema, Tool, Variables } from './tool.js';

const DEFAULT_TIMEOUT_MS = 10_000;
/** Of one answer, for the reply under way; about 4,000 tokens. */
const MAX_RESULT_CHARACTERS = 16_000;
export const MAX_ARGUMENT_CHARACTERS = 8_000;
/** Calls that go on although nobody waits for them any more. */
const MAX_ABANDONED = 4;
/** More make a language model choose badly. */
export const MAX_TOOLS = 64;

/** How a call ended. `refused`: it was not made; `cancelled`: the visitor broke in. */
export type ToolOutcome = 'done' | 'failed' | 'timeout' | 'refused' | 'cancelled';

/** What may be logged of a call: nothing of what was said. */
export interface ToolReport {
  tool: string;
  outcome: ToolOutcome;
  ms: number;
  error?: VisavisError;
}

export interface ToolboxOptions {
  /** Asked anew for every reply: tools of MCP servers come and go. The first of several of one name counts. */
  tools: () => readonly Tool[];
  sessionId: string;
  variables?: Variables;
  /** Names; undefined: all. */
  allowed?: readonly string[];
  onReport?: (report: ToolReport) => void;
  now?: () => number;
}

/** As chat APIs take it. */
export interface ToolSchema {
  name: string;
  description: string;
  parameters: ParameterSchema;
}

export interface CallOptions {
  signal: AbortSignal;
  /** See `ReplyOptions.committed`. */
  committed: Promise<void>;
  history: readonly Message[];
}

export class Toolbox {
  readonly #o: ToolboxOptions;
  readonly #now: () => number;
  readonly #confirmations = new Confirmations();
  #abandoned = 0;

  constructor(options: ToolboxOptions) {
    this.#o = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** What the model may call now. */
  get schemas(): ToolSchema[] {
    return [...this.#tools().values()].map(({ name, description, parameters }) => ({ name, description, parameters }));
  }

  /** Said while this tool is waited for; undefined: nothing special. */
  fillerOf(name: string): string | undefined {
    return this.#tools().get(name)?.filler;
  }

  /**
   * Makes one call and resolves with what the model is to be told of it, whatever happens: a failing tool is a fact that it must know.
   * Once a call has been made, it also resolves when `signal` aborts; before that it rejects with AbortError.
   */
  async call({ name, arguments: json }: ToolCall, o: CallOptions): Promise<string> {
    const began = this.#now();
    const report = (outcome: ToolOutcome, error?: VisavisError): void =>
      this.#o.onReport?.({ tool: name.slice(0, 64), outcome, ms: this.#now() - began, ...(error && { error }) });
    const refuse = (text: string): string => {
      report('refused');
      return `NOT DONE: ${text}`;
    };
    const tool = this.#tools().get(name);
    if (tool === undefined) return refuse('there is no such tool.');
    const args = argumentsOf(json);
    if (args === undefined) return refuse('the arguments are not a JSON object, or are too long.');
    if (this.#abandoned >= MAX_ABANDONED) return refuse('the tools are busy; say that it is not possible right now.');
    if (tool.effect === 'acts' || tool.confirm === true) await certain(o);
    if (tool.confirm === true && !this.#confirmations.admits(name, args, o.history)) {
      return refuse(
        'this needs the person’s word. Tell them in one sentence exactly what you are about to do and ask whether you should; call again with the same arguments only after they have agreed.',
      );
    }
    return this.#run(tool, args, o, report);
  }

  async #run(
    tool: Tool,
    args: unknown,
    o: CallOptions,
    report: (outcome: ToolOutcome, error?: VisavisError) => void,
  ): Promise<string> {
    const timeoutMs = tool.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), timeoutMs);
    const signal = AbortSignal.any([o.signal, limit.signal]);
    const { sessionId, variables = {} } = this.#o;
    let settled = false;
    const running = Promise.resolve()
      .then(() => tool.run(args, { signal, callId: randomUUID(), sessionId, variables, history: o.history }))
      .finally(() => {
        if (settled) this.#abandoned--;
        settled = true;
      });
    try {
      const text = cut(await untilAborted(running, signal));
      report('done');
      return text === '' ? 'done' : text;
    } catch (thrown) {
      if (!settled) {
        settled = true;
        this.#abandoned++;
        running.catch(() => {});
      }
      if (o.signal.aborted) {
        report('cancelled');
        return tool.effect === 'reads'
          ? 'NOT DONE: the person interrupted.'
          : 'The person interrupted while this was being done: it is not known whether it was done.';
      }
      if (limit.signal.aborted || isAbort(thrown)) {
        report('timeout');
        return `FAILED: no answer within ${Math.round(timeoutMs / 1000)} seconds. ${afterFailure(tool)}`;
      }
      const error = VisavisError.from(thrown, 'upstream-failed');
      report('failed', error);
      return cut(
        `FAILED: ${error.code === 'internal' ? 'something went wrong' : error.message}. ${afterFailure(tool)}`,
      );
    } finally {
      clearTimeout(timer);
    }
  }

  #tools(): Map<string, Tool> {
    const { allowed } = this.#o;
    const byName = new Map<string, Tool>();
    for (const tool of this.#o.tools()) {
      if (byName.size >= MAX_TOOLS) break;
      if (!byName.has(tool.name) && (allowed === undefined || allowed.includes(tool.name))) byName.set(tool.name, tool);
    }
    return byName;
  }
}

function afterFailure(tool: Tool): string {
  const unsure = tool.effect === 'acts' ? ' It may or may not have been done.' : '';
  return `Tell the person that it did not work; do not make up a result.${unsure}`;
}

function argumentsOf(json: string): Record<string, unknown> | undefined {
  if (json.length > MAX_ARGUMENT_CHARACTERS) return undefined;
  try {
    // Functions without parameters are called with nothing by some models.
    const value: unknown = json.trim() === '' ? {} : JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function cut(text: string): string {
  if (text.length <= MAX_RESULT_CHARACTERS) return text;
  return `${text.slice(0, MAX_RESULT_CHARACTERS)} … (cut; ${text.length} characters in all)`;
}

/** Resolves when the reply is wanted for certain; rejects with AbortError when it is not. */
async function certain({ committed, signal }: CallOptions): Promise<void> {
  await untilAborted(committed, signal);
  if (signal.aborted) throw abortError(signal);
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(abortError(signal));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
