import type { ToolCall } from '../inference/engines.js';
import { MAX_ARGUMENT_CHARACTERS } from './tools/toolbox.js';

/** Calls of one round; what a model asks for beyond is not heard. */
const MAX_CALLS = 8;
const MAX_NAME_CHARACTERS = 100;

export interface PendingCall extends ToolCall {
  /** The server's, else one of our own; ties the answer to the call. */
  id: string;
}

/** One piece of a call, as servers stream it; some leave out what others send. */
export interface ToolCallDelta {
  index?: number | null;
  id?: string | null;
  function?: { name?: string | null; arguments?: string | null } | null;
}

/** Puts streamed calls together. Bounded: arguments that are too long are cut behind the limit, at which they are refused. Pure. */
export class ToolCallAssembler {
  readonly #calls: { index: number; id: string; name: string; arguments: string }[] = [];

  /** Something of a call has come. */
  get any(): boolean {
    return this.#calls.length > 0;
  }

  push(deltas: readonly ToolCallDelta[] | null | undefined): void {
    if (!Array.isArray(deltas)) return;
    for (const delta of deltas as readonly ToolCallDelta[]) this.#add(delta);
  }

  /** The calls that have a name, in their order. */
  get calls(): PendingCall[] {
    return this.#calls
      .filter(({ name }) => name !== '')
      .map(({ id, name, arguments: json }) => ({ id, name, arguments: json }));
  }

  #add({ index, id, function: part }: ToolCallDelta): void {
    let call = this.#find(index, id);
    if (call === undefined) {
      if (this.#calls.length >= MAX_CALLS) return;
      const number = this.#calls.length;
      call = { index: index ?? number, id: id || `call_${number + 1}`, name: '', arguments: '' };
      this.#calls.push(call);
    }
    if (call.name === '' && typeof part?.name === 'string') call.name = part.name.slice(0, MAX_NAME_CHARACTERS);
    if (typeof part?.arguments === 'string' && call.arguments.length <= MAX_ARGUMENT_CHARACTERS) {
      call.arguments = (call.arguments + part.arguments).slice(0, MAX_ARGUMENT_CHARACTERS + 1);
    }
  }

  /** Servers that send whole calls give all of them index 0 or none: then a new id begins a new call. */
  #find(index: number | null | undefined, id: string | null | undefined) {
    if (id) {
      const known = this.#calls.find((call) => call.id === id);
      if (known !== undefined) return known;
      return undefined;
    }
    return typeof index === 'number' ? this.#calls.findLast((call) => call.index === index) : this.#calls.at(-1);
  }
}
