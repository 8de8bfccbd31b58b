import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentEvent } from '../../inference/engines.js';

/** A pause of this length is heard as thinking; a longer one as a fault. */
export const FILLER_AFTER_MS = 600;
/** After words of the agent's own, and between two fillers. */
const AGAIN_AFTER_MS = 6_000;
const MAX_FILLERS = 3;

/** Short sentences in the language that is spoken. */
export interface Fillers {
  /** "Let me look." */
  first: readonly string[];
  /** "One moment more." */
  again: readonly string[];
}

export const ENGLISH_FILLERS: Fillers = {
  first: ['Let me look.', 'One moment, please.', 'Let me check.'],
  again: ['This takes a little longer.', 'Still looking.'],
};

export interface WaitOptions {
  /** Before the reply is wanted for certain nobody waits for it. */
  committed: Promise<void>;
  signal: AbortSignal;
  /** The agent has just said something of its own. */
  said: boolean;
  /** Takes the place of the first filler. */
  own?: string | undefined;
  fillers?: Fillers | undefined;
  /** Another number, another wording. */
  turn: number;
}

/** Says something while `running` takes longer than one waits in silence; ends when it has settled, and never rejects. */
export async function* fillWait(running: Promise<unknown>, o: WaitOptions): AsyncIterable<AgentEvent> {
  const { first, again } = o.fillers ?? ENGLISH_FILLERS;
  const done = new AbortController();
  const settled = running.then(
    () => done.abort(),
    () => done.abort(),
  );
  const signal = AbortSignal.any([o.signal, done.signal]);
  await Promise.race([settled, o.committed]);
  for (let i = 0; i < MAX_FILLERS; i++) {
    const isFirst = i === 0 && !o.said;
    if (!(await waited(isFirst ? FILLER_AFTER_MS : AGAIN_AFTER_MS, signal))) return;
    const list = isFirst ? first : again;
    const text = (isFirst ? o.own : undefined) ?? list[(o.turn + i) % list.length];
    if (text === undefined) return;
    yield { type: 'text-delta', text: `${text} ` };
    yield { type: 'pause' };
  }
  await settled;
}

/** False when `signal` aborts first. */
async function waited(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(ms, true, { signal }).catch(() => false);
}
