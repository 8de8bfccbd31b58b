import type { Message } from '../../inference/engines.js';

/** What was proposed and not yet done. */
const MAX_PENDING = 8;
const REFUSES =
  /^(?:no|nope|nah|don['’]?t|do not|stop|wait|cancel|never ?mind|not (?:now|yet)|nein|nicht|halt|non|pas|no gracias|nee|niet|nie|não|いいえ|不)\b/iu;

/**
 * Calls that need the visitor's word. One is admitted when the same call was proposed before, the visitor has heard something since and
 * has answered with anything but a refusal, so that no text in a passage or a tool's answer can have it made within one reply. Pure.
 */
export class Confirmations {
  /** Call → what had been heard when it was proposed. */
  readonly #pending = new Map<string, string>();

  /** Whether the call may be made now; if not, it counts as proposed. */
  admits(name: string, args: unknown, history: readonly Message[]): boolean {
    const key = `${name} ${stableJson(args)}`;
    const heard = heardIn(history);
    const proposedAt = this.#pending.get(key);
    const answer = history.findLast(({ role }) => role === 'user')?.text.trim() ?? '';
    this.#pending.delete(key);
    if (proposedAt !== undefined && proposedAt !== heard && answer !== '' && !REFUSES.test(answer)) return true;
    this.#pending.set(key, heard);
    const [oldest] = this.#pending.keys();
    if (this.#pending.size > MAX_PENDING && oldest !== undefined) this.#pending.delete(oldest);
    return false;
  }
}

/** Changes with every utterance of the avatar that was heard. */
function heardIn(history: readonly Message[]): string {
  const replies = history.filter(({ role }) => role === 'assistant');
  return `${replies.length} ${replies.at(-1)?.text ?? ''}`;
}

/** JSON with sorted keys: equal values have equal texts. */
function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}
