/** What a speech model hears of its visitors, turn by turn: sent as it comes, kept when it is answered, taken back when it is not. */
import type { RealtimeClientEvent } from 'openai/resources/realtime/realtime';
import { abortError, throwIfAborted } from '../../abort.js';
import { VisavisError } from '../../errors.js';
import { RECOGNITION_RATE_HZ } from '../../inference/engines.js';
import { floatToInt16, Resampler } from '../../media/resample.js';
import type { HearingModel } from './ear.js';
import { base64Of, REALTIME_RATE_HZ, type RealtimeEvent } from './events.js';

/** The API commits no less ("buffer too small", input_audio_buffer_commit_empty); silence makes up for what is missing. */
const SHORTEST_COMMIT = REALTIME_RATE_HZ / 10;
/** Sound goes out in messages of this length. */
const MESSAGE_SAMPLES = REALTIME_RATE_HZ / 10;
/** So much of a turn is kept for a connection that is made anew. */
const MAX_KEPT_SAMPLES = 30 * REALTIME_RATE_HZ;

export interface HeardTurn {
  /** What it is taken to say. */
  text: string;
  /** The newest of its sound, in pieces, and how many of them the server has. */
  audio: Int16Array[];
  audioSamples: number;
  sent: number;
  /** Commits that were sent, and the items that came of them. */
  commits: number;
  items: string[];
  /** A commit is due as soon as there is a connection. */
  owesCommit: boolean;
  /** It has become part of the conversation. */
  kept: boolean;
  /** The visitor's turn is over; sound that follows is another one. */
  over: boolean;
  /** The connection that had its sound is gone, and the turn was over by then. */
  broken: boolean;
  dropped: boolean;
}

export interface HeardTurnsOptions {
  send: (event: RealtimeClientEvent) => void;
  isReady: () => boolean;
  /** For a text of the server. */
  timeoutMs: number;
}

export class HeardTurns implements HearingModel {
  readonly #o: HeardTurnsOptions;
  readonly #resampler = new Resampler(RECOGNITION_RATE_HZ, REALTIME_RATE_HZ);
  #turn: HeardTurn | undefined;
  /** In the order in which the server answers. */
  #pending: HeardTurn[] = [];
  readonly #texts = new Map<string, string | null>();
  readonly #watchers = new Set<() => void>();
  /** Sound that the server has and that stands in no item. */
  #uncommitted = 0;

  constructor(options: HeardTurnsOptions) {
    this.#o = options;
  }

  /** The turn whose answer is asked for when somebody is taken to have said `text`; undefined: it was typed, or its sound is lost. */
  turnOf(text: string): HeardTurn | undefined {
    const turn = this.#turn;
    if (turn === undefined || turn.broken || turn.dropped || turn.text === '') return undefined;
    return plain(text).endsWith(plain(turn.text)) ? turn : undefined;
  }

  // ------------------------------------------------------------ from the ear

  hear(samples: Float32Array): void {
    if (this.#turn === undefined || this.#turn.over) this.#begin();
    const turn = this.#turn as HeardTurn;
    const pcm = floatToInt16(this.#resampler.process(samples));
    turn.audio.push(pcm);
    turn.audioSamples += pcm.length;
    while (turn.audioSamples > MAX_KEPT_SAMPLES) {
      turn.audioSamples -= turn.audio.shift()?.length ?? 0;
      turn.sent = Math.max(0, turn.sent - 1);
    }
    const unsent = turn.audio.slice(turn.sent).reduce((sum, { length }) => sum + length, 0);
    if (unsent >= MESSAGE_SAMPLES) this.#flush(turn);
  }

  commit(): void {
    const turn = this.#turn;
    if (turn === undefined || turn.broken) return;
    turn.owesCommit = !this.#o.isReady();
    if (turn.owesCommit) return;
    this.#flush(turn);
    if (this.#uncommitted === 0) return;
    if (this.#uncommitted < SHORTEST_COMMIT) this.#append(new Int16Array(SHORTEST_COMMIT - this.#uncommitted));
    this.#o.send({ type: 'input_audio_buffer.commit' });
    this.#uncommitted = 0;
    turn.commits++;
    this.#pending.push(turn);
  }

  async transcribe(signal: AbortSignal): Promise<string> {
    const turn = this.#turn;
    throwIfAborted(signal);
    if (turn === undefined) return '';
    const failed = (why: string) => new VisavisError('upstream-failed', `the speech model ${why}`);
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: Error) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.#watchers.delete(look);
        if (error === undefined) resolve();
        else reject(error);
      };
      const look = () => {
        if (turn.broken) settle(failed('has lost the connection in mid-turn'));
        else if (turn.items.some((id) => this.#texts.get(id) === null)) settle(failed('did not understand the turn'));
        else if (turn.owesCommit) return;
        else if (turn.items.length === turn.commits && turn.items.every((id) => this.#texts.has(id))) settle();
      };
      const onAbort = () => settle(abortError(signal));
      const timer = setTimeout(
        () => settle(new VisavisError('upstream-timeout', 'the speech model did not say in time what it heard')),
        this.#o.timeoutMs,
      );
      this.#watchers.add(look);
      signal.addEventListener('abort', onAbort, { once: true });
      look();
    });
    return turn.items
      .map((id) => this.#texts.get(id) ?? '')
      .filter((text) => text !== '')
      .join(' ');
  }

  understand(text: string): void {
    if (this.#turn !== undefined) this.#turn.text = text;
  }

  endTurn(): void {
    const turn = this.#turn;
    if (turn === undefined) return;
    turn.over = true;
    // What was never sent can be answered by its text only.
    turn.broken ||= turn.owesCommit;
    turn.audio = [];
    if (this.#uncommitted > 0) this.#o.send({ type: 'input_audio_buffer.clear' });
    this.#uncommitted = 0;
    this.#resampler.reset();
  }

  // ------------------------------------------------------------ from the connection

  handle(event: RealtimeEvent): void {
    if (event.type === 'committed') {
      const turn = this.#pending.shift();
      if (turn === undefined) return;
      turn.items.push(event.itemId);
      if (turn.dropped) this.#o.send({ type: 'conversation.item.delete', item_id: event.itemId });
    } else if (event.type === 'transcribed') this.#texts.set(event.itemId, event.text);
    else if (event.type === 'transcription-failed') this.#texts.set(event.itemId, null);
    else return;
    for (const look of [...this.#watchers]) look();
  }

  /** What the server had is gone; a turn that goes on is sent again on the next connection. */
  handleLoss(): void {
    const turn = this.#turn;
    for (const one of this.#pending) one.broken = true;
    this.#pending = [];
    this.#texts.clear();
    this.#uncommitted = 0;
    if (turn !== undefined) {
      turn.broken = turn.over;
      turn.owesCommit = !turn.over && turn.commits > 0;
      Object.assign(turn, { sent: 0, commits: 0, items: [] });
    }
    for (const look of [...this.#watchers]) look();
  }

  handleOpen(): void {
    const turn = this.#turn;
    if (turn === undefined || turn.over) return;
    this.#flush(turn);
    if (turn.owesCommit) this.commit();
  }

  #begin(): void {
    const last = this.#turn;
    if (last !== undefined && !last.kept && !last.broken) this.#drop(last);
    for (const id of last?.items ?? []) this.#texts.delete(id);
    this.#turn = {
      ...{ text: '', audio: [], audioSamples: 0, sent: 0, commits: 0, items: [] },
      ...{ owesCommit: false, kept: false, over: false, broken: false, dropped: false },
    };
  }

  #drop(turn: HeardTurn): void {
    turn.dropped = true;
    for (const id of turn.items) this.#o.send({ type: 'conversation.item.delete', item_id: id });
  }

  #flush(turn: HeardTurn): void {
    if (!this.#o.isReady()) return;
    const parts = turn.audio.slice(turn.sent);
    turn.sent = turn.audio.length;
    const samples = new Int16Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      samples.set(part, at);
      at += part.length;
    }
    if (samples.length > 0) this.#append(samples);
  }

  #append(samples: Int16Array): void {
    this.#o.send({ type: 'input_audio_buffer.append', audio: base64Of(samples) });
    this.#uncommitted += samples.length;
  }
}

const plain = (text: string): string => text.replace(/\s+/gu, ' ').trim();
