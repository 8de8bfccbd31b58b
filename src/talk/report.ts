import type { TurnLatency } from '../agents/events.js';
import type { TurnReport } from './talk.js';
import type { ServiceEvent } from './visitor-messages.js';

const COLUMNS: readonly [string, (turn: TurnReport) => number | undefined][] = [
  ['heard again', (turn) => turn.responseMs],
  ['turn decided', of('turnEndMs')],
  ['understood', of('transcriptMs')],
  ['first text', of('firstTextMs')],
  ['first audio', of('firstAudioMs')],
  ['first sent', of('firstSentMs')],
];

function of(name: keyof TurnLatency): (turn: TurnReport) => number | undefined {
  return ({ latency }) => (typeof latency?.[name] === 'number' ? latency[name] : undefined);
}

/** Times of every turn in ms since the last voiced sample; the first column as measured at the visitor's ear. */
export function latencyTable(turns: readonly TurnReport[]): string {
  const header = ['turn', ...COLUMNS.map(([title]) => title)];
  const rows = turns.map((turn, i) => [String(i + 1), ...COLUMNS.map(([, value]) => value(turn)?.toFixed(0) ?? '–')]);
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  return [header, ...rows].map((row) => row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('   ')).join('\n');
}

/** Prints a conversation as it happens, one line an event; captions grow word by word on a line of their own. */
export class LiveReport {
  readonly #write: (text: string) => void;
  readonly #name: string;
  readonly #beganMs: number;
  #open = false;

  constructor(write: (text: string) => void, avatarName: string, nowMs: number) {
    this.#write = write;
    this.#name = avatarName.toLowerCase();
    this.#beganMs = nowMs;
  }

  line(who: string, text: string, nowMs: number): void {
    this.#endLine();
    this.#write(`${this.#stamp(nowMs)}  ${who.padEnd(10)}  ${text}\n`);
  }

  event({ name, payload }: ServiceEvent, nowMs: number): void {
    if (name === 'caption') this.#caption(payload.word, nowMs);
    else if (name === 'state') this.line('state', payload.state, nowMs);
    else if (name === 'transcript') {
      if (payload.final) this.line('understood', payload.text === '' ? '(nothing)' : payload.text, nowMs);
    } else if (name === 'interruption') this.line('voice', payload.phase, nowMs);
    else if (name === 'session-error') this.line('error', `${payload.code}: ${payload.message}`, nowMs);
    else if (name === 'utterance-end') {
      this.#endLine();
      if (payload.interrupted) this.line('heard', `${payload.text} …`, nowMs);
    }
  }

  #caption(word: string, nowMs: number): void {
    if (!this.#open) this.#write(`${this.#stamp(nowMs)}  ${this.#name.padEnd(10)} `);
    this.#open = true;
    this.#write(` ${word}`);
  }

  #endLine(): void {
    if (this.#open) this.#write('\n');
    this.#open = false;
  }

  #stamp(nowMs: number): string {
    return `${((nowMs - this.#beganMs) / 1000).toFixed(2).padStart(7)} s`;
  }
}
