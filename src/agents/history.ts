import type { Message, ToolCall } from '../inference/engines.js';

export interface HistoryLimits {
  maxMessages: number;
  maxCharacters: number;
}

export const DEFAULT_HISTORY_LIMITS: HistoryLimits = { maxMessages: 100, maxCharacters: 24_000 };

/** Of what a tool answered, so much is of use to later turns; longer arguments are forgotten. */
const MAX_TOOL_RESULT_CHARACTERS = 2_000;

const sizeOf = ({ text, tool }: Message): number => text.length + (tool?.arguments.length ?? 0);

/**
 * What was said and HEARD in one conversation, oldest first. Turns of visitors that follow each other become one message,
 * so that a question whose answer nobody heard stays part of the next one. Always within its limits: the oldest messages
 * are dropped first, and a single message that is too long keeps its end (visitor) or its beginning (assistant).
 *
 * `addUser`, `commitReply` and `add` return exactly what was added, for a mirror elsewhere: a mirror that appends these messages
 * restores to an equal history.
 */
export class History {
  readonly #limits: HistoryLimits;
  #messages: Message[] = [];
  #characters = 0;

  constructor(limits: Partial<HistoryLimits> = {}) {
    this.#limits = { ...DEFAULT_HISTORY_LIMITS, ...limits };
    if (this.#limits.maxMessages < 1 || this.#limits.maxCharacters < 1)
      throw new RangeError('history limits must be positive');
  }

  /** A history that goes on where the mirrored `messages` end. */
  static restore(messages: readonly Message[], limits: Partial<HistoryLimits> = {}): History {
    const history = new History(limits);
    for (const message of messages) history.add(message);
    return history;
  }

  /** A snapshot; later changes do not show in it. */
  get messages(): readonly Message[] {
    return this.#messages.map((message) => ({ ...message }));
  }

  get length(): number {
    return this.#messages.length;
  }

  /** The messages as they would be after `addUser(text)`, without adding it: what a speculative reply is asked with. */
  withUser(text: string): readonly Message[] {
    const copy = History.restore(this.#messages, this.#limits);
    copy.addUser(text);
    return copy.messages;
  }

  /** A visitor's finished turn; null when the text is empty. */
  addUser(text: string): Message | null {
    return this.#append({ role: 'user', text });
  }

  /**
   * The part of a reply that was heard: all of it, or up to the word at which it was cut off (`interrupted`). Null, and
   * nothing is kept, when nothing was heard.
   */
  commitReply(heard: string, o: { interrupted?: boolean } = {}): Message | null {
    return this.#append({ role: 'assistant', text: heard, ...(o.interrupted ? { interrupted: true } : {}) });
  }

  /** What a tool answered; a long answer keeps its beginning. */
  addToolUse(call: ToolCall, result: string): Message | null {
    const text = result.slice(0, MAX_TOOL_RESULT_CHARACTERS) || '(empty)';
    const isShort = call.arguments.length <= MAX_TOOL_RESULT_CHARACTERS;
    return this.#append({ role: 'tool', text, tool: { name: call.name, arguments: isShort ? call.arguments : '{}' } });
  }

  /** Appends one message as above; returns what was added, or null. */
  add(message: Message): Message | null {
    if (message.role === 'user') return this.addUser(message.text);
    if (message.role === 'assistant') return this.commitReply(message.text, message);
    return message.tool === undefined ? null : this.addToolUse(message.tool, message.text);
  }

  clear(): void {
    this.#messages = [];
    this.#characters = 0;
  }

  #append(message: Message): Message | null {
    const text = this.#fit(message.role, message.text.replace(/\s+/gu, ' ').trim());
    if (text === '') return null;
    const { role, interrupted, tool } = message;
    const added: Message = { role, text, ...(interrupted ? { interrupted: true } : {}), ...(tool ? { tool } : {}) };
    const last = this.#messages.at(-1);
    if (added.role === 'user' && last?.role === 'user') {
      this.#characters -= last.text.length;
      last.text = this.#fit('user', `${last.text} ${text}`);
      this.#characters += last.text.length;
    } else {
      this.#messages.push({ ...added });
      this.#characters += sizeOf(added);
    }
    while (this.#messages.length > this.#limits.maxMessages || this.#characters > this.#limits.maxCharacters) {
      const dropped = this.#messages.shift();
      this.#characters -= dropped === undefined ? 0 : sizeOf(dropped);
    }
    return added;
  }

  #fit(role: Message['role'], text: string): string {
    const max = this.#limits.maxCharacters;
    if (text.length <= max) return text;
    if (role !== 'user')
      return text
        .slice(0, max + 1)
        .replace(/\s\S*$/u, '')
        .slice(0, max);
    return text
      .slice(-max - 1)
      .replace(/^\S*\s/u, '')
      .slice(-max);
  }
}
