/**
 * One visitor's ear: microphone windows → voice activity → turn machine → recognition, and what follows from them as events.
 * The listener never decides what the avatar does; it says what the visitor did.
 */
import { isAbort } from '../errors.js';
import type { RecognitionStream, Transcript, VoiceActivityStream } from '../inference/engines.js';
import { VAD_WINDOW } from '../inference/engines.js';
import type { EndOfTurnEstimator } from './end-of-turn/estimator.js';
import type { TurnLatency } from './events.js';
import { NearVoice, SpeechLevel } from './speech-level.js';
import { type TurnDecision, type TurnInput, TurnMachine, type TurnSettings } from './turn.js';
import { repeatsWords, takesFloor } from './turn-text.js';
import type { TurnTrace } from './turn-trace.js';

const WINDOW_MS = 32;
/** Audio before the onset that belongs to the turn: soft first sounds come before the detector is sure. */
const PREROLL_WINDOWS = 10;
/** With a key: sound that comes within this time of the press was made after it. */
const KEYED_PREROLL_WINDOWS = 2;
/** A released key whose microphone gives nothing ends its turn after this long. */
const RELEASE_LIMIT_MS = 600;
/** Shortest time between two partial transcripts of one speaker, and how many times its own cost must pass in between. */
const PARTIAL_EVERY_MS = 450;
const PARTIAL_COST_FACTOR = 4;

export type ListenerEvent =
  | { type: 'onset'; overVoice: boolean }
  | { type: 'duck'; sinceOnsetMs: number }
  | { type: 'stop'; sinceOnsetMs: number }
  | { type: 'resume'; sinceOnsetMs: number }
  | { type: 'partial'; text: string }
  /** The text if the turn ended now; a reply may be prepared. `lastVoicedAtMs` is wall-clock. */
  | { type: 'candidate'; transcript: Transcript; lastVoicedAtMs: number; marks: TurnMarks }
  | { type: 'candidate-void' }
  | { type: 'turn-end'; transcript: Transcript; lastVoicedAtMs: number; marks: TurnMarks; overVoice: boolean }
  | { type: 'discard' }
  | { type: 'failed'; error: unknown };

/** How a turn came to its text, in ms since its last voiced sample; without a decision it is not over yet. */
export type TurnMarks = Pick<TurnLatency, 'speculationMs' | 'transcriptMs' | 'turnEndMs' | 'recognitionComputeMs'>;

interface Candidate {
  abort: AbortController;
  lastVoicedAtMs: number;
  marks: TurnMarks;
  result: Promise<Transcript | undefined>;
}

export interface ListenerOptions {
  vad: VoiceActivityStream;
  recognition: RecognitionStream;
  settings?: Partial<TurnSettings>;
  /** Voices so much softer than the nearest one lately begin no turn; null: all do. */
  farVoicesDb?: number | null | undefined;
  /** Is the avatar's voice audible now? */
  avatarAudible: () => boolean;
  /** What the avatar says or has just said, where its voice comes back into this microphone: who says the same is its echo. */
  echoed?: (() => string | undefined) | undefined;
  /** Judges pauses; undefined: words and silence alone decide. `avatarSaid`: its last words as they were heard. */
  endOfTurn?: { estimator: EndOfTurnEstimator; avatarSaid: () => string } | undefined;
  /** May this visitor take the floor now? Asked at each onset. */
  mayBegin: () => boolean;
  onEvent: (event: ListenerEvent) => void;
  /** What the turn machine is given and decides is recorded there. */
  openTrace?: ((settings: TurnSettings) => TurnTrace | undefined) | undefined;
  /** Wall clock in ms; a parameter so that tests own time. */
  now?: () => number;
}

export class Listener {
  readonly #o: ListenerOptions;
  readonly #turn: TurnMachine;
  readonly #trace: TurnTrace | undefined;
  readonly #now: () => number;
  readonly #level = new SpeechLevel();
  readonly #near: NearVoice | undefined;
  readonly #preroll: Float32Array[] = [];
  readonly #abort = new AbortController();
  #mediaMs = 0;
  #inTurn = false;
  #turnNumber = 0;
  #candidate: Candidate | undefined;
  #partialRunning = false;
  #nextPartialMs = 0;
  /** The machine was told that nothing of this visitor counts at present. */
  #isHeldOff = false;
  #releaseTimer: NodeJS.Timeout | undefined;
  #chain: Promise<void> = Promise.resolve();
  #queued = 0;

  constructor(options: ListenerOptions) {
    this.#o = options;
    this.#turn = new TurnMachine(options.settings);
    this.#trace = options.openTrace?.(this.#turn.settings);
    this.#near = options.farVoicesDb ? new NearVoice(options.farVoicesDb) : undefined;
    this.#now = options.now ?? (() => performance.timeOrigin + performance.now());
  }

  /** True from a visitor's onset to the end of the turn. */
  get inTurn(): boolean {
    return this.#inTurn;
  }

  /**
   * The next 512 samples at 16 kHz; `isEcho`: nobody but the avatar is in them, which counts as silence. Windows that pile up beyond 2 s
   * are dropped: a late answer is worse than a gap.
   */
  push(window: Float32Array, isEcho = false): void {
    if (window.length !== VAD_WINDOW || this.#abort.signal.aborted || this.#queued > 60) return;
    this.#queued++;
    this.#chain = this.#chain
      .then(() => this.#handleWindow(window, isEcho))
      .catch((error: unknown) => {
        if (!this.#abort.signal.aborted) this.#o.onEvent({ type: 'failed', error });
      })
      .finally(() => {
        this.#queued--;
      });
  }

  /** Resolves when all windows so far are judged. */
  async settled(): Promise<void> {
    await this.#chain;
  }

  /** The microphone was silent for long (mute, a lost network): the detector must not judge by what was before. */
  forgetVoice(): void {
    this.#o.vad.reset();
  }

  /** Push-to-talk: the key is pressed or released. Without `keyed` settings, or while somebody else has the floor, it means nothing. */
  setKey(pressed: boolean): void {
    if (this.#abort.signal.aborted || !this.#turn.settings.keyed) return;
    if (pressed && !this.#inTurn && !this.#o.mayBegin()) return;
    clearTimeout(this.#releaseTimer);
    this.#feed({ type: 'key', atMs: this.#mediaMs, pressed, audible: this.#o.avatarAudible() });
    if (!pressed && this.#inTurn) this.#releaseTimer = setTimeout(() => this.#endRelease(), RELEASE_LIMIT_MS);
  }

  /** Ends the current turn without an event; used when the visitor types or leaves. */
  reset(): void {
    clearTimeout(this.#releaseTimer);
    this.#feed({ type: 'reset', atMs: this.#mediaMs });
    this.#voidCandidate();
    this.#inTurn = false;
    this.#o.recognition.reset();
  }

  close(): void {
    this.#abort.abort();
    clearTimeout(this.#releaseTimer);
    this.#trace?.close();
    this.#candidate?.abort.abort();
    this.#o.vad.close();
    this.#o.recognition.close();
  }

  async #handleWindow(window: Float32Array, isEcho: boolean): Promise<void> {
    if (this.#abort.signal.aborted) return;
    // The detector hears it all the same: it lives by what came before.
    const detected = await this.#o.vad.process(window);
    const probability = isEcho ? 0 : detected;
    if (this.#abort.signal.aborted) return;
    this.#mediaMs += WINDOW_MS;
    if (this.#inTurn) {
      this.#o.recognition.push(window);
      this.#estimator?.push(window);
    } else {
      this.#preroll.push(window);
      if (this.#preroll.length > this.#prerollWindows) this.#preroll.shift();
      if (!this.#o.mayBegin()) return this.#holdOff();
    }
    this.#isHeldOff = false;
    const near = this.#near?.probability(window, probability, this.#inTurn) ?? probability;
    const judged = this.#inTurn ? this.#level.probability(window, near) : near;
    this.#feed({ type: 'window', atMs: this.#mediaMs, probability: judged, audible: this.#o.avatarAudible() });
    if (this.#inTurn && this.#turn.phase === 'speaking' && this.#mediaMs >= this.#nextPartialMs) this.#runPartial();
  }

  #feed(input: TurnInput): void {
    const decisions = this.#turn.take(input);
    this.#trace?.input(input, decisions);
    for (const decision of decisions) this.#handleDecision(decision);
  }

  #feedTranscript(text: string): void {
    const isEcho = this.#isEcho(text) && { isEcho: true as const };
    this.#feed({ type: 'transcript', atMs: this.#mediaMs, text, audible: this.#o.avatarAudible(), ...isEcho });
  }

  #isEcho(text: string): boolean {
    const said = this.#o.echoed?.();
    return said !== undefined && repeatsWords(text, said);
  }

  /** The words up to the pause: what they and the voice say about the end of the turn. */
  #feedEstimate(text: string): void {
    const estimate = this.#estimator?.estimate(text, this.#o.endOfTurn?.avatarSaid() ?? '');
    if (estimate !== undefined) this.#feed({ type: 'estimate', atMs: this.#mediaMs, ...estimate });
  }

  #holdOff(): void {
    if (!this.#isHeldOff) this.#feed({ type: 'reset', atMs: this.#mediaMs });
    this.#isHeldOff = true;
  }

  /** The microphone is silent (muted, or its network is away): time goes on without it. */
  #endRelease(): void {
    if (!this.#inTurn || this.#turn.phase === 'quiet') return;
    this.#mediaMs += RELEASE_LIMIT_MS;
    this.#feed({ type: 'window', atMs: this.#mediaMs, probability: 0, audible: this.#o.avatarAudible() });
  }

  get #estimator(): EndOfTurnEstimator | undefined {
    return this.#turn.settings.keyed ? undefined : this.#o.endOfTurn?.estimator;
  }

  get #prerollWindows(): number {
    return this.#turn.settings.keyed ? KEYED_PREROLL_WINDOWS : PREROLL_WINDOWS;
  }

  #wallOf(mediaMs: number): number {
    return this.#now() - (this.#mediaMs - mediaMs);
  }

  #handleDecision(decision: TurnDecision): void {
    const { onEvent } = this.#o;
    switch (decision.type) {
      case 'onset':
        // Speech that begins while the last turn is still being recognised belongs to that turn.
        if (this.#candidate !== undefined) {
          this.#voidCandidate();
          onEvent({ type: 'candidate-void' });
        } else this.#turnNumber++;
        this.#inTurn = true;
        this.#level.reset();
        this.#nextPartialMs = this.#mediaMs + PARTIAL_EVERY_MS;
        this.#estimator?.beginTurn(this.#preroll);
        for (const window of this.#preroll.splice(0)) this.#o.recognition.push(window);
        onEvent({ type: 'onset', overVoice: decision.overVoice });
        break;
      case 'duck':
      case 'stop':
      case 'resume':
        onEvent({ type: decision.type, sinceOnsetMs: decision.atMs - decision.onsetMs });
        break;
      case 'classify':
        this.#runPartial();
        break;
      case 'pause':
        this.#estimator?.pause();
        this.#startCandidate(decision.lastVoicedMs);
        break;
      case 'continue':
        this.#estimator?.goOn();
        this.#voidCandidate();
        onEvent({ type: 'candidate-void' });
        break;
      case 'discard':
        this.reset();
        onEvent({ type: 'discard' });
        break;
      case 'end':
        void this.#endTurn(decision);
        break;
    }
  }

  #startCandidate(lastVoicedMs: number): void {
    this.#voidCandidate();
    const abort = new AbortController();
    const lastVoicedAtMs = this.#wallOf(lastVoicedMs);
    const marks: TurnMarks = { speculationMs: this.#now() - lastVoicedAtMs };
    const result = this.#o.recognition.final({ signal: abort.signal }).then(
      (transcript) => {
        if (abort.signal.aborted) return undefined;
        marks.transcriptMs = this.#now() - lastVoicedAtMs;
        marks.recognitionComputeMs = transcript.computeMs;
        this.#feedTranscript(transcript.text);
        this.#feedEstimate(transcript.text);
        if (!abort.signal.aborted && this.#inTurn) {
          this.#o.onEvent({ type: 'candidate', transcript, lastVoicedAtMs, marks });
        }
        return transcript;
      },
      (error: unknown) => {
        if (!isAbort(error) && !abort.signal.aborted) this.#o.onEvent({ type: 'failed', error });
        return undefined;
      },
    );
    this.#candidate = { abort, lastVoicedAtMs, marks, result };
  }

  #voidCandidate(): void {
    this.#candidate?.abort.abort();
    this.#candidate = undefined;
  }

  async #endTurn({ lastVoicedMs, overVoice, doubtful }: Extract<TurnDecision, { type: 'end' }>): Promise<void> {
    if (this.#candidate === undefined) this.#startCandidate(lastVoicedMs);
    const candidate = this.#candidate;
    this.#inTurn = false;
    if (candidate === undefined) return;
    const { lastVoicedAtMs, marks } = candidate;
    marks.turnEndMs = this.#now() - lastVoicedAtMs;
    const transcript = await candidate.result;
    if (this.#candidate !== candidate) return;
    this.#candidate = undefined;
    this.#o.recognition.reset();
    const text = transcript?.text ?? '';
    const isTurn = text.length > 0 && (!doubtful || takesFloor(text)) && !(overVoice && this.#isEcho(text));
    if (transcript === undefined || !isTurn) this.#o.onEvent({ type: 'discard' });
    else this.#o.onEvent({ type: 'turn-end', transcript, lastVoicedAtMs, marks, overVoice });
  }

  #runPartial(): void {
    if (this.#partialRunning) return;
    this.#partialRunning = true;
    const turnNumber = this.#turnNumber;
    this.#o.recognition
      .partial({ signal: this.#abort.signal })
      .then((transcript) => {
        this.#nextPartialMs = this.#mediaMs + Math.max(PARTIAL_EVERY_MS, transcript.computeMs * PARTIAL_COST_FACTOR);
        if (!this.#inTurn || turnNumber !== this.#turnNumber) return;
        // The first syllable gives no text yet; that must not pass for a turn without words.
        if (transcript.text.length === 0) return;
        this.#o.onEvent({ type: 'partial', text: transcript.text });
        if (this.#turn.phase !== 'speaking') return;
        this.#feedTranscript(transcript.text);
      })
      .catch(() => {
        // Partials are a courtesy: refused under load, and the final run reports real failures.
        this.#nextPartialMs = this.#mediaMs + PARTIAL_EVERY_MS;
      })
      .finally(() => {
        this.#partialRunning = false;
      });
  }
}
