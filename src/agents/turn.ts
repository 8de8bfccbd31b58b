/**
 * The turn machine: from voice activity, words and time to decisions. Pure; time is the media time of the microphone in ms.
 *
 *   quiet ──onset──► speaking ──silence──► trailing ──long enough──► end
 *                        ▲                    │ voice again
 *                        └────────────────────┘
 *
 * When the onset falls into the avatar's own voice, the voice is ducked first, and words and duration decide whether it
 * stops (an interruption) or goes on (a backchannel, a cough, a door).
 *
 * With `keyed` settings a key that is held takes the place of onset and silence: it asks for the floor when it is pressed, and the turn ends
 * with the sound that was under way when it is released.
 *
 * All inputs are in `TurnInput`, so that a recording of them gives the same decisions again.
 */
import { SpeakerPauses } from './end-of-turn/pauses.js';
import { asksForFloor, completeness, contentWords, isBackchannel, isBareCall } from './turn-text.js';
import { requiredSilenceMs } from './turn-wait.js';

export interface TurnSettings {
  /** Speech probability from which a window counts as voiced / below which as silent (hysteresis). */
  voicedProbability: number;
  silentProbability: number;
  /** Voiced windows in a row that make an onset. */
  onsetWindows: number;
  /** Over the avatar's voice one window this sure is an onset: a duck that was in vain is soon undone. */
  sureProbability: number;
  /** Silence after which recognition and reply start speculatively. */
  speculateMs: number;
  /** Silence that ends a turn whose words are a whole question / sound finished / undecided or not yet known / unfinished. */
  questionMs: number;
  completeMs: number;
  openMs: number;
  unfinishedMs: number;
  /** Barge-in: voiced time before words count, how often they are asked for, and the moment of decision from the onset. */
  classifyMs: number;
  classifyEveryMs: number;
  decideMs: number;
  /** Voiced time that is an interruption even when no words are known by `decideMs`. */
  insistMs: number;
  /** Turns begin and end with a key alone. */
  keyed: boolean;
}

export const DEFAULT_TURN_SETTINGS: TurnSettings = {
  voicedProbability: 0.5,
  silentProbability: 0.35,
  onsetWindows: 2,
  sureProbability: 0.8,
  speculateMs: 64,
  questionMs: 320,
  completeMs: 400,
  openMs: 700,
  unfinishedMs: 1_200,
  classifyMs: 192,
  classifyEveryMs: 96,
  decideMs: 448,
  insistMs: 320,
  keyed: false,
};

/** `audible`: the avatar has the floor: its reply is being heard, or made ready (tools included). `atMs`: media time of the microphone. */
export type TurnInput =
  /** A voice-activity window that ends at `atMs`. */
  | { type: 'window'; atMs: number; probability: number; audible: boolean }
  /** See `TurnMachine.transcript`. */
  | { type: 'transcript'; atMs: number; text: string; audible: boolean; isEcho?: true }
  /** How likely the present pause ends the turn, its words being known; `features`: what that rests on, which the machine does not look at. */
  | { type: 'estimate'; atMs: number; probability: number; features: Record<string, number> }
  /** Push-to-talk. */
  | { type: 'key'; atMs: number; pressed: boolean; audible: boolean }
  /** What was said so far is void: the visitor types, leaves, or somebody else has the floor. */
  | { type: 'reset'; atMs: number };

export type TurnDecision =
  /** Someone begins to speak; audio from `onsetMs` on belongs to the turn. */
  | { type: 'onset'; onsetMs: number; overVoice: boolean }
  | { type: 'duck'; onsetMs: number; atMs: number }
  /** Words are wanted soon, to tell an interruption from a backchannel. */
  | { type: 'classify'; atMs: number }
  | { type: 'stop'; onsetMs: number; atMs: number }
  | { type: 'resume'; onsetMs: number; atMs: number; reason: 'backchannel' | 'noise' }
  /** The speaker paused: start working on the text so far. */
  | { type: 'pause'; lastVoicedMs: number }
  /** The speaker went on: what was begun at the pause is void. */
  | { type: 'continue'; atMs: number }
  /** `doubtful`: the avatar went on speaking because no words were known in time; only words that ask for the floor make it a turn. */
  | { type: 'end'; lastVoicedMs: number; atMs: number; overVoice: boolean; doubtful?: true }
  /** What began was no turn. */
  | { type: 'discard'; atMs: number };

/** Silence after which a sound over the avatar's voice is over. */
const HEARD_OUT_MS = 160;
/** A decision may wait this much longer for the text of speech that has just paused. */
const AWAITED_TEXT_MS = 128;
/** Windows may be missing (another visitor had the floor); one stands for no more voice than this. */
const MAX_WINDOW_MS = 64;
/** When the key is released its sound is still on its way: packets, reordering, the window. It is waited for this long at least and at most. */
const RELEASE_TAIL_MS = { min: 128, max: 320 };
/** A key that is held longer was forgotten, or its release was lost. */
const MAX_HELD_MS = 60_000;
/** Who speaks again so soon after their last sound had only paused, and was cut off. */
const CUT_OFF_WITHIN_MS = 1_000;

type Phase = 'quiet' | 'speaking' | 'trailing';
/** `none`: no voice of the avatar is concerned; `undecided`: ducked; `yielded`: stopped; `tolerated`: resumed while the speaker still goes on. */
type Overlap = 'none' | 'undecided' | 'yielded' | 'tolerated';

export class TurnMachine {
  readonly #settings: TurnSettings;
  #phase: Phase = 'quiet';
  #overlap: Overlap = 'none';
  #voicedRun = 0;
  #beganOverVoice = false;
  #onsetMs = 0;
  #lastVoicedMs = 0;
  #voicedMs = 0;
  #previousAtMs = 0;
  #longestPauseMs = 0;
  #paused = false;
  #lastClassifyMs = 0;
  #text: string | undefined;
  #contentWords = 0;
  #isEcho = false;
  #claimsFloor = false;
  /** The text covers everything up to the present pause. */
  #textIsFinal = false;
  #releasedAtMs: number | undefined;
  #endProbability: number | undefined;
  /** Of the speaker in this conversation; turns come and go. */
  readonly #pauses = new SpeakerPauses();

  constructor(settings: Partial<TurnSettings> = {}) {
    this.#settings = { ...DEFAULT_TURN_SETTINGS, ...settings };
  }

  get phase(): Phase {
    return this.#phase;
  }

  get settings(): Readonly<TurnSettings> {
    return this.#settings;
  }

  take(input: TurnInput): TurnDecision[] {
    switch (input.type) {
      case 'window':
        return this.window(input.probability, input.atMs, input.audible);
      case 'transcript':
        return this.transcript(input.text, input.atMs, input.audible, input.isEcho);
      case 'estimate':
        this.estimate(input.probability);
        return [];
      case 'key':
        return this.key(input.pressed, input.atMs, input.audible);
      case 'reset':
        this.reset();
        return [];
    }
  }

  /** One voice-activity window that ends at `atMs`. `avatarAudible`: the avatar's voice is being heard now. */
  window(probability: number, atMs: number, avatarAudible: boolean): TurnDecision[] {
    const decisions: TurnDecision[] = [];
    const elapsedMs = Math.min(MAX_WINDOW_MS, Math.max(0, atMs - this.#previousAtMs));
    this.#previousAtMs = atMs;
    const threshold = this.#phase === 'speaking' ? this.#settings.silentProbability : this.#settings.voicedProbability;
    const voiced = probability >= threshold;
    this.#voicedRun = voiced ? this.#voicedRun + 1 : 0;

    if (this.#settings.keyed) {
      if (this.#phase !== 'quiet') this.#keyedWindow(voiced, atMs, elapsedMs, decisions);
      return decisions;
    }
    if (this.#phase === 'quiet') {
      const sure = avatarAudible && probability >= this.#settings.sureProbability;
      const windows = sure ? 1 : this.#settings.onsetWindows;
      if (this.#voicedRun >= windows) this.#begin(atMs, elapsedMs, avatarAudible, decisions);
      return decisions;
    }
    if (voiced) this.#voiced(atMs, elapsedMs, decisions);
    else this.#silent(atMs, decisions);
    if (this.phase !== 'quiet') this.#overlapStep(atMs, avatarAudible, decisions);
    return decisions;
  }

  /**
   * The words of the turn so far; late answers for an earlier turn must not be given, and empty text only when it stands for
   * everything up to the present silence: it is then taken as "no words were said". `isEcho`: they are the avatar's own, and over its voice
   * mean as little as a backchannel.
   */
  transcript(text: string, atMs: number, avatarAudible: boolean, isEcho = false): TurnDecision[] {
    if (this.#phase === 'quiet') return [];
    this.#isEcho = isEcho;
    // The beginning of "right" may read "rye it": few words count only when they are heard again.
    const count = contentWords(text).length;
    this.#claimsFloor = count >= 3 || (count === 2 && this.#contentWords >= 2);
    this.#contentWords = count;
    this.#textIsFinal = this.#paused;
    this.#text = text;
    const decisions: TurnDecision[] = [];
    this.#overlapStep(atMs, avatarAudible, decisions);
    return decisions;
  }

  /** The present pause ends the turn with this probability; without a pause it means nothing. The next window acts on it. */
  estimate(probability: number): void {
    if (this.#paused && !this.#settings.keyed) this.#endProbability = probability;
  }

  /**
   * The visitor pressed or released the key. Pressing over the avatar's voice stops it at once; a press while the last sound of the turn
   * before is still awaited goes on with that turn. Without `keyed` settings, and when repeated, it means nothing.
   */
  key(pressed: boolean, atMs: number, avatarAudible: boolean): TurnDecision[] {
    const decisions: TurnDecision[] = [];
    if (!this.#settings.keyed) return decisions;
    if (this.#phase === 'quiet') {
      if (pressed) this.#press(atMs, avatarAudible, decisions);
    } else if (pressed) this.#releasedAtMs = undefined;
    else this.#releasedAtMs ??= atMs;
    return decisions;
  }

  reset(): void {
    this.#releasedAtMs = undefined;
    this.#phase = 'quiet';
    this.#overlap = 'none';
    this.#voicedRun = 0;
    this.#text = undefined;
    this.#endProbability = undefined;
  }

  #begin(atMs: number, windowMs: number, avatarAudible: boolean, out: TurnDecision[]): void {
    const voicedMs = windowMs * this.#voicedRun;
    const sinceVoiceMs = atMs - voicedMs - this.#lastVoicedMs;
    if (this.#lastVoicedMs > 0 && sinceVoiceMs < CUT_OFF_WITHIN_MS) this.#pauses.note(sinceVoiceMs);
    this.#phase = 'speaking';
    this.#overlap = avatarAudible ? 'undecided' : 'none';
    this.#beganOverVoice = avatarAudible;
    this.#onsetMs = atMs - voicedMs;
    this.#lastVoicedMs = atMs;
    this.#voicedMs = voicedMs;
    this.#longestPauseMs = 0;
    this.#paused = false;
    this.#text = undefined;
    this.#contentWords = 0;
    this.#claimsFloor = false;
    this.#isEcho = false;
    this.#textIsFinal = false;
    this.#lastClassifyMs = this.#onsetMs;
    out.push({ type: 'onset', onsetMs: this.#onsetMs, overVoice: avatarAudible });
    if (avatarAudible) out.push({ type: 'duck', onsetMs: this.#onsetMs, atMs });
  }

  #press(atMs: number, avatarAudible: boolean, out: TurnDecision[]): void {
    this.#begin(atMs, 0, false, out);
    this.#voicedRun = 0;
    if (!avatarAudible) return;
    this.#overlap = 'yielded';
    out.push({ type: 'stop', onsetMs: atMs, atMs });
  }

  /** While the key is held pauses are worked in and end nothing. */
  #keyedWindow(voiced: boolean, atMs: number, windowMs: number, out: TurnDecision[]): void {
    if (voiced) this.#voiced(atMs, windowMs, out);
    else this.#pauseStep(atMs, out);
    if (atMs - this.#onsetMs >= MAX_HELD_MS) this.#releasedAtMs ??= atMs;
    this.#endKeyed(atMs, out);
  }

  #endKeyed(atMs: number, out: TurnDecision[]): void {
    if (this.#releasedAtMs === undefined) return;
    const sinceMs = atMs - this.#releasedAtMs;
    const isSilent = atMs - this.#lastVoicedMs >= this.#settings.speculateMs;
    if (sinceMs < (isSilent ? RELEASE_TAIL_MS.min : RELEASE_TAIL_MS.max)) return;
    const lastVoicedMs = this.#lastVoicedMs;
    if (this.#voicedMs > 0 && !this.#paused) out.push({ type: 'pause', lastVoicedMs });
    const isTurn = this.#voicedMs > 0;
    this.#finish(out, isTurn ? { type: 'end', lastVoicedMs, atMs, overVoice: false } : { type: 'discard', atMs });
  }

  #voiced(atMs: number, windowMs: number, out: TurnDecision[]): void {
    if (this.#phase === 'trailing') {
      // One voiced window after a pause may be a click; two are speech.
      if (this.#voicedRun < 2) return;
      this.#phase = 'speaking';
      const pauseMs = atMs - windowMs * 2 - this.#lastVoicedMs;
      this.#longestPauseMs = Math.max(this.#longestPauseMs, pauseMs);
      this.#pauses.note(pauseMs);
      this.#endProbability = undefined;
      if (this.#paused) out.push({ type: 'continue', atMs });
      this.#paused = false;
      // That nothing was understood before the pause says nothing about what follows it.
      if (this.#text !== undefined && completeness(this.#text) === 'empty') this.#text = undefined;
    }
    this.#voicedMs += windowMs;
    this.#lastVoicedMs = atMs;
  }

  #pauseStep(atMs: number, out: TurnDecision[]): void {
    // The key is held, and nothing has been said yet.
    if (this.#voicedMs === 0) return;
    this.#phase = 'trailing';
    if (this.#paused || atMs - this.#lastVoicedMs < this.#settings.speculateMs) return;
    this.#paused = true;
    this.#textIsFinal = false;
    out.push({ type: 'pause', lastVoicedMs: this.#lastVoicedMs });
  }

  #silent(atMs: number, out: TurnDecision[]): void {
    this.#pauseStep(atMs, out);
    const silenceMs = atMs - this.#lastVoicedMs;
    if (this.#overlap === 'undecided') return;
    if (this.#overlap === 'tolerated') {
      if (silenceMs < this.#settings.completeMs) return;
      // A busy recogniser may still be at it: what was said is not lost for that.
      const known = this.#textIsFinal || this.#isEcho || isBackchannel(this.#text ?? '');
      const unheard = !known && this.#voicedMs >= this.#settings.classifyMs;
      const lastVoicedMs = this.#lastVoicedMs;
      this.#finish(
        out,
        unheard ? { type: 'end', lastVoicedMs, atMs, overVoice: true, doubtful: true } : { type: 'discard', atMs },
      );
      return;
    }
    if (silenceMs < this.requiredSilenceMs()) return;
    const nothingSaid = this.#text !== undefined && completeness(this.#text) === 'empty';
    this.#finish(
      out,
      nothingSaid
        ? { type: 'discard', atMs }
        : { type: 'end', lastVoicedMs: this.#lastVoicedMs, atMs, overVoice: this.#beganOverVoice },
    );
  }

  /** Silence that ends the turn as things stand. */
  requiredSilenceMs(): number {
    const text = this.#text;
    return requiredSilenceMs(this.#settings, {
      text,
      isCall: this.#overlap === 'yielded' && text !== undefined && isBareCall(text),
      longestPauseMs: this.#longestPauseMs,
      endProbability: this.#endProbability,
      habits: this.#pauses.habits,
    });
  }

  #overlapStep(atMs: number, avatarAudible: boolean, out: TurnDecision[]): void {
    if (this.#overlap !== 'undecided' && this.#overlap !== 'tolerated') return;
    // The avatar finished by itself meanwhile: an ordinary turn.
    if (!avatarAudible) {
      this.#overlap = 'none';
      return;
    }
    const s = this.#settings;
    const sinceOnsetMs = atMs - this.#onsetMs;
    const text = this.#text;
    const wordsKnown = text !== undefined && completeness(text) !== 'empty';
    const backchannel = wordsKnown && (this.#isEcho || isBackchannel(text));
    const asks = wordsKnown && !this.#isEcho && asksForFloor(text);
    if (asks || (this.#claimsFloor && !backchannel && this.#voicedMs >= s.classifyMs)) {
      this.#overlap = 'yielded';
      out.push({ type: 'stop', onsetMs: this.#onsetMs, atMs });
      return;
    }
    const silenceMs = atMs - this.#lastVoicedMs;
    // After real speech the text up to the pause is worth a moment's waiting; a cough has none.
    const ended = silenceMs >= HEARD_OUT_MS && (this.#textIsFinal || this.#voicedMs < s.insistMs);
    const awaited = this.#paused && !this.#textIsFinal;
    const decideMs = s.decideMs + (awaited ? AWAITED_TEXT_MS : 0);
    if (this.#overlap === 'undecided' && (sinceOnsetMs >= decideMs || ended)) {
      if (!backchannel && this.#voicedMs >= s.insistMs) {
        this.#overlap = 'yielded';
        out.push({ type: 'stop', onsetMs: this.#onsetMs, atMs });
        return;
      }
      this.#overlap = 'tolerated';
      out.push({ type: 'resume', onsetMs: this.#onsetMs, atMs, reason: backchannel ? 'backchannel' : 'noise' });
    }
    const classifyDue = Math.max(this.#onsetMs + s.classifyMs, this.#lastClassifyMs + s.classifyEveryMs);
    if (this.#phase === 'speaking' && atMs >= classifyDue) {
      this.#lastClassifyMs = atMs;
      out.push({ type: 'classify', atMs });
    }
  }

  #finish(out: TurnDecision[], decision: TurnDecision): void {
    this.reset();
    out.push(decision);
  }
}
