import type { TurnLatency } from '../agents/events.js';
import type { ErrorBody } from '../errors.js';
import type { AgentState } from '../inference/engines.js';
import type { ServiceEvent } from './visitor-messages.js';

/** A reply counts as over when nothing has happened for this long: the rest of a turn could still be under way. */
const SETTLED_MS = 700;

/** What came back for one thing that was said. */
export interface TurnResult {
  /** What the service understood. */
  understood: string[];
  replies: { text: string; interrupted: boolean }[];
  latency: TurnLatency | undefined;
  errors: ErrorBody[];
}

/** Follows the service's events and knows when the reply to the present turn is over. Pure; time is a parameter. */
export class TurnWatch {
  #result: TurnResult = empty();
  #state: AgentState = 'idle';
  #changedAtMs = 0;

  begin(nowMs: number): void {
    this.#result = empty();
    this.#changedAtMs = nowMs;
  }

  handle({ name, payload }: ServiceEvent, nowMs: number): void {
    const result = this.#result;
    this.#changedAtMs = nowMs;
    if (name === 'state') this.#state = payload.state;
    else if (name === 'transcript' && payload.final && payload.text !== '') result.understood.push(payload.text);
    else if (name === 'utterance-end') result.replies.push({ text: payload.text, interrupted: payload.interrupted });
    else if (name === 'latency') result.latency = payload.latency;
    else if (name === 'session-error') result.errors.push(payload);
  }

  /** A reply was given and nothing more is to come. */
  isOver(nowMs: number): boolean {
    return this.#result.replies.length > 0 && this.#state === 'idle' && nowMs - this.#changedAtMs >= SETTLED_MS;
  }

  get result(): TurnResult {
    return this.#result;
  }
}

function empty(): TurnResult {
  return { understood: [], replies: [], latency: undefined, errors: [] };
}
