/**
 * When words are spoken, for speech that comes with its words but without their times. A clock that counts only voiced sound is set
 * against the words' lengths, and put right at every pause that fits the end of a clause: people and speech models pause there. Pure.
 */
import type { TimedWord } from '../../inference/engines.js';

/** English at a usual rate: about 15 characters a second, pauses left out. */
const FIRST_PACE_MS = 62;
const SLOWEST_PACE_MS = 130;
const FASTEST_PACE_MS = 35;
/** Weight of what the newest clause says of the pace. */
const PACE_WEIGHT = 0.5;
const FRAME_MS = 10;
/** −46 dBFS: between words speech models are all but silent. */
const VOICED_RMS = 0.005;
/** A shorter silence is a stop consonant's. */
const PAUSE_MS = 120;
/** How many words beside the expected one a pause may belong to. */
const REACH_WORDS = 3;
/** The first word after a clause waits for its pause for so much longer than its place says. */
const PATIENCE_MS = 350;

const CLAUSE_END = /[.,;:!?…。，、！？]["'”’)\]]*$/u;

export class WordTimes {
  readonly #sampleRateHz: number;
  readonly #waiting: string[] = [];
  #rest = '';
  #paceMs = FIRST_PACE_MS;
  /** Voiced time since the last pause that was recognised as a clause's end, and where the next word is expected on it. */
  #voicedMs = 0;
  #nextMs = 0;
  #characters = 0;
  #silentMs = 0;
  #afterClause = false;

  constructor(sampleRateHz: number) {
    this.#sampleRateHz = sampleRateHz;
  }

  /** More of the text, cut anywhere. */
  push(text: string): void {
    const pieces = (this.#rest + text).split(/(?<=\S)\s+/u);
    this.#rest = pieces.pop() ?? '';
    for (const piece of pieces) if (piece.trim() !== '') this.#waiting.push(piece.trim());
  }

  /** No more text follows. */
  end(): void {
    this.push(' ');
    if (this.#rest.trim() !== '') this.#waiting.push(this.#rest.trim());
    this.#rest = '';
  }

  /** What is still to be said and still to be heard are both known: they share the time. `remaining` is all audio not yet taken. */
  settle(remaining: readonly Float32Array[]): void {
    const characters = this.#waiting.reduce((sum, word) => sum + word.length + 1, 0);
    if (characters === 0) return;
    const frame = this.#frame;
    let voicedMs = 0;
    for (const samples of remaining)
      for (let at = 0; at < samples.length; at += frame) if (isVoiced(samples, at, frame)) voicedMs += FRAME_MS;
    const aheadMs = this.#voicedMs - this.#nextMs;
    this.#paceMs = clamp((voicedMs + aheadMs) / characters);
  }

  /** The words that begin within the next stretch of sound; with `last`, all that are left. Times are relative to its first sample. */
  take(samples: Float32Array, last = false): TimedWord[] {
    const words: TimedWord[] = [];
    const frame = this.#frame;
    for (let at = 0; at < samples.length; at += frame) {
      const atMs = (at * 1000) / this.#sampleRateHz;
      if (!isVoiced(samples, at, frame)) {
        this.#silentMs += FRAME_MS;
        continue;
      }
      if (this.#silentMs >= PAUSE_MS) this.#handlePause(atMs, words);
      this.#silentMs = 0;
      this.#voicedMs += FRAME_MS;
      while (this.#isDue()) this.#say(atMs, words);
    }
    const durationMs = (samples.length * 1000) / this.#sampleRateHz;
    if (last) this.#sayAll(durationMs, words);
    for (const [i, word] of words.entries()) word.endMs = Math.max(word.startMs, words[i + 1]?.startMs ?? durationMs);
    return words;
  }

  get #frame(): number {
    return Math.round((this.#sampleRateHz * FRAME_MS) / 1000);
  }

  #isDue(): boolean {
    const patienceMs = this.#afterClause ? PATIENCE_MS : 0;
    return this.#waiting.length > 0 && this.#voicedMs > this.#nextMs + patienceMs;
  }

  /** Sound sets in again: if a clause ends near the expected word, that is where we are. */
  #handlePause(atMs: number, words: TimedWord[]): void {
    if (this.#afterClause) {
      this.#anchor();
      return;
    }
    const ahead = this.#waiting.slice(0, REACH_WORDS).findIndex((word) => CLAUSE_END.test(word));
    if (ahead < 0 || ahead + 1 >= this.#waiting.length) return;
    // Far too early for so many words: the speaker hesitates.
    const neededMs = this.#waiting.slice(0, ahead + 1).reduce((sum, word) => sum + word.length * this.#paceMs, 0);
    if (this.#nextMs - this.#voicedMs + neededMs > neededMs / 2 + PATIENCE_MS) return;
    for (let i = 0; i <= ahead; i++) this.#say(Math.max(0, atMs - this.#silentMs), words);
    this.#anchor();
  }

  /** The next word begins now, whatever the clock said. */
  #anchor(): void {
    if (this.#characters > 10 && this.#voicedMs > 0) {
      const seen = clamp(this.#voicedMs / this.#characters);
      this.#paceMs += PACE_WEIGHT * (seen - this.#paceMs);
    }
    this.#voicedMs = 0;
    this.#nextMs = 0;
    this.#characters = 0;
    this.#afterClause = false;
  }

  #say(atMs: number, words: TimedWord[]): void {
    const text = this.#waiting.shift();
    if (text === undefined) return;
    const startMs = Math.max(atMs, words.at(-1)?.startMs ?? 0);
    words.push({ text, startMs, endMs: startMs });
    this.#characters += text.length + 1;
    this.#nextMs = Math.max(this.#nextMs, this.#afterClause ? this.#voicedMs : 0) + (text.length + 1) * this.#paceMs;
    this.#afterClause = CLAUSE_END.test(text);
  }

  #sayAll(durationMs: number, words: TimedWord[]): void {
    const fromMs = words.at(-1)?.startMs ?? 0;
    const count = this.#waiting.length;
    for (let i = 0; i < count; i++) this.#say(fromMs + ((durationMs - fromMs) * (i + 1)) / (count + 1), words);
  }
}

function isVoiced(samples: Float32Array, from: number, count: number): boolean {
  const to = Math.min(samples.length, from + count);
  let sum = 0;
  for (let i = from; i < to; i++) sum += (samples[i] ?? 0) ** 2;
  return Math.sqrt(sum / Math.max(1, to - from)) >= VOICED_RMS;
}

function clamp(paceMs: number): number {
  return Math.min(SLOWEST_PACE_MS, Math.max(FASTEST_PACE_MS, paceMs));
}
