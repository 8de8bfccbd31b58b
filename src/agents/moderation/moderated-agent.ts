import type { Agent, AgentEvent, Message, ReplyOptions } from '../../inference/engines.js';
import type { ConversationModeration } from './moderation.js';

/** What a model is told of an earlier message that was refused. */
const WITHHELD = '[This message was withheld by the moderation policy.]';

/** Characters that tell a refusal which was cut off from an answer that began alike. */
const LEAST_OF_REFUSAL = 8;
/** Messages whose verdicts are kept. */
const MAX_REMEMBERED = 500;

/**
 * An agent that answers only what the policy lets it: a refused message is answered by the operator's sentence, and neither then nor later
 * shown to the agent. What the avatar says is judged where it is spoken, not here.
 */
export class ModeratedAgent implements Agent {
  readonly #agent: Agent;
  readonly #moderation: ConversationModeration;
  /** What was found out about earlier messages, those asked about last at the end: the whole history is asked about for every reply. */
  readonly #objectionable = new Map<string, boolean>();

  constructor(agent: Agent, moderation: ConversationModeration) {
    this.#agent = agent;
    this.#moderation = moderation;
  }

  async *reply(history: readonly Message[], o: ReplyOptions): AsyncIterable<AgentEvent> {
    const { signal, committed } = o;
    const asked = history.at(-1);
    if (asked?.role === 'user') {
      const verdict = await this.#moderation.judge('visitor', asked.text, { signal, committed });
      if (verdict.isRefused) {
        yield { type: 'text-delta', text: this.#moderation.sentences[verdict.isUnchecked ? 'unavailable' : 'visitor'] };
        yield { type: 'reply-end', finishReason: 'stop' };
        return;
      }
    }
    yield* this.#agent.reply(this.#permitted(history), o);
  }

  async close(): Promise<void> {
    await this.#agent.close();
  }

  /** Without earlier messages that the rules refuse, or that were answered by a refusal. */
  #permitted(history: readonly Message[]): readonly Message[] {
    return history.map((message, index) => {
      if (message.role !== 'user' || index === history.length - 1) return message;
      const isRefused = this.#isRefusal(history[index + 1]) || this.#isObjectionable(message.text);
      return isRefused ? { ...message, text: WITHHELD } : message;
    });
  }

  #isObjectionable(text: string): boolean {
    const known = this.#objectionable.get(text) ?? this.#moderation.isObjectionable(text);
    this.#objectionable.delete(text);
    this.#objectionable.set(text, known);
    const [oldest] = this.#objectionable.keys();
    if (this.#objectionable.size > MAX_REMEMBERED && oldest !== undefined) this.#objectionable.delete(oldest);
    return known;
  }

  /** Also one that was cut off. */
  #isRefusal(answer: Message | undefined): boolean {
    if (answer?.role !== 'assistant') return false;
    const { visitor, unavailable } = this.#moderation.sentences;
    const isCut = answer.interrupted === true && answer.text.length >= LEAST_OF_REFUSAL;
    return [visitor, unavailable].some((sentence) =>
      isCut ? sentence.startsWith(answer.text) : answer.text === sentence,
    );
  }
}
