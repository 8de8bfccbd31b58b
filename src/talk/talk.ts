import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { VisavisError } from '../errors.js';
import { i420ToPng } from '../media/png.js';
import { floatToInt16, resample } from '../media/resample.js';
import { readWav, toMono, writeWav } from '../media/wav.js';
import type { Step, TalkOptions } from './arguments.js';
import { LiveReport, latencyTable } from './report.js';
import { createSession } from './service.js';
import { type TurnResult, TurnWatch } from './turn-watch.js';
import { Visitor } from './visitor.js';
import { MICROPHONE_RATE_HZ } from './visitor-messages.js';
import { VoiceRecording, voicedSpan } from './voice-recording.js';

const PICTURE_LIMIT_MS = 30_000;
/** What a jitter buffer may still hold when the service has sent the last sample. */
const TAIL_MS = 600;
const LOOK_EVERY_MS = 50;
/** Less voice than this is a click, not an answer. */
const ANSWER_MS = 200;
const MAX_SPOKEN_S = 300;

/** One thing that was said and what came of it. */
export interface TurnReport extends TurnResult {
  said: string;
  /** From the last voiced sample sent to the first voiced sample received; undefined for typed text. */
  responseMs: number | undefined;
  /** Voice received from the beginning of the turn to its end. */
  voicedMs: number;
}

export interface TalkReport {
  /** Every reply was heard, and pictures came. */
  ok: boolean;
  sessionId: string;
  avatar: string;
  turns: TurnReport[];
  frames: number;
  picture: { width: number; height: number } | undefined;
  voicedMs: number;
  outWav: string | undefined;
  /** Pictures written. */
  outFrames: number;
  /** Why the conversation was given up. */
  problem: string | undefined;
}

interface Clip {
  said: string;
  samples: Int16Array;
  /** From the first sample to the end of the last voiced one. */
  voicedMs: number;
}

type Ready = Exclude<Step, { kind: 'wav' }> | { kind: 'clip'; clip: Clip };

const now = (): number => performance.timeOrigin + performance.now();

/** One conversation from the command line; everything that can be wrong with the input is found before anything is sent. */
export class Talk {
  readonly #o: TalkOptions;
  readonly #steps: Ready[];
  readonly #print: (text: string) => void;
  readonly #watch = new TurnWatch();
  readonly #recording = new VoiceRecording();
  readonly #turns: TurnReport[] = [];
  #report: LiveReport | undefined;
  #frames = 0;
  #written = 0;
  #picture: { width: number; height: number } | undefined;

  /** Throws `bad-request` or `not-found` for a file that cannot be spoken. */
  constructor(options: TalkOptions, print: (text: string) => void) {
    this.#o = options;
    this.#print = print;
    this.#steps = options.steps.map((step) => (step.kind === 'wav' ? { kind: 'clip', clip: load(step.path) } : step));
    if (options.outFrames !== undefined) mkdirSync(options.outFrames, { recursive: true });
  }

  /** Rejects when the conversation does not come about; what goes wrong later is the report's `problem`. */
  async run(): Promise<TalkReport> {
    const { url, key, token, session } = this.#o;
    const visitor = await Visitor.create({
      url,
      token: token ?? (await createSession(url, key, session)).token,
      pictureEvery: this.#o.every,
      onEvent: (event) => {
        this.#watch.handle(event, now());
        this.#report?.event(event, now());
      },
      onAudio: ({ atMs, samples, sampleRateHz }) => this.#recording.push(atMs, samples, sampleRateHz),
      onFrame: (frame) => this.#keepFrame(frame),
    });
    let problem: string | undefined;
    try {
      await this.#converse(visitor);
    } catch (thrown) {
      problem = VisavisError.from(thrown).message;
    } finally {
      await visitor.close();
    }
    return this.#finish(visitor, problem);
  }

  async #converse(visitor: Visitor): Promise<void> {
    const { avatar } = visitor.join;
    this.#report = new LiveReport(this.#print, avatar.name, now());
    this.#report.line('joined', `${avatar.name} (${avatar.width}×${avatar.height}) at ${this.#o.url}`, now());
    await this.#until(visitor, PICTURE_LIMIT_MS, () => this.#frames > 0, 'no picture came');
    if (typeof this.#o.session.greeting === 'string') await this.#turn(visitor, '(greeting)', () => Promise.resolve());
    for (const step of this.#steps) {
      if (step.kind === 'clip') await this.#spokenTurn(visitor, step.clip);
      else await this.#turn(visitor, step.text, () => visitor.send(step.kind, step.text));
    }
    this.#report.line('left', '', now());
  }

  async #spokenTurn(visitor: Visitor, clip: Clip): Promise<void> {
    let lastVoicedAtMs = now();
    const turn = await this.#turn(visitor, clip.said, async () => {
      const { firstAtMs } = await visitor.speak(clip.samples);
      lastVoicedAtMs = firstAtMs + clip.voicedMs;
    });
    const heardAtMs = this.#recording.firstVoicedAtMs(lastVoicedAtMs);
    if (heardAtMs !== undefined) turn.responseMs = heardAtMs - lastVoicedAtMs;
  }

  async #turn(visitor: Visitor, said: string, say: () => Promise<void>): Promise<TurnReport> {
    const beganMs = now();
    // A greeting may be under way already; what is said starts afresh.
    if (said !== '(greeting)') this.#watch.begin(beganMs);
    this.#report?.line('visitor', said, beganMs);
    const report = { said, responseMs: undefined, voicedMs: 0, ...this.#watch.result } as TurnReport;
    this.#turns.push(report);
    try {
      await say();
      await this.#until(visitor, this.#o.replyLimitMs, () => this.#watch.isOver(now()), `no reply to ${said}`);
      await sleep(TAIL_MS);
    } finally {
      Object.assign(report, this.#watch.result);
      report.voicedMs = this.#recording.voicedMs(said === '(greeting)' ? 0 : beganMs);
    }
    return report;
  }

  async #until(visitor: Visitor, limitMs: number, condition: () => boolean, what: string): Promise<void> {
    const deadlineMs = now() + limitMs;
    while (!condition()) {
      if (visitor.ended !== undefined) throw visitor.ended;
      if (now() > deadlineMs) throw new VisavisError('unavailable', `${what} within ${limitMs / 1000} s`);
      await sleep(LOOK_EVERY_MS);
    }
  }

  #keepFrame({ width, height, i420 }: { width: number; height: number; i420?: Uint8Array }): void {
    this.#frames++;
    this.#picture = { width, height };
    if (i420 === undefined || this.#o.outFrames === undefined) return;
    const name = `frame-${String(this.#frames).padStart(6, '0')}.png`;
    writeFileSync(join(this.#o.outFrames, name), i420ToPng(i420, width, height));
    this.#written++;
  }

  #finish(visitor: Visitor, problem: string | undefined): TalkReport {
    const turns = this.#turns;
    if (this.#o.outWav !== undefined) writeWav(this.#o.outWav, this.#recording.wav());
    if (turns.length > 0) this.#print(`\n${latencyTable(turns)}\n`);
    return {
      ok: problem === undefined && this.#frames > 0 && turns.every(({ voicedMs }) => voicedMs >= ANSWER_MS),
      sessionId: visitor.join.sessionId,
      avatar: visitor.join.avatar.id,
      turns,
      frames: this.#frames,
      picture: this.#picture,
      voicedMs: this.#recording.voicedMs(),
      outWav: this.#o.outWav,
      outFrames: this.#written,
      problem: problem ?? (turns.every(({ voicedMs }) => voicedMs >= ANSWER_MS) ? undefined : 'a reply was silent'),
    };
  }
}

function load(path: string): Clip {
  const wav = readWav(path);
  const mono = toMono(wav);
  if (mono.length / wav.sampleRateHz > MAX_SPOKEN_S) {
    throw new VisavisError('too-large', `${path}: expected at most ${MAX_SPOKEN_S} s of sound`);
  }
  const span = voicedSpan(mono, wav.sampleRateHz);
  if (span === undefined) throw new VisavisError('bad-request', `${path}: it is silent`);
  const samples = floatToInt16(resample(mono, wav.sampleRateHz, MICROPHONE_RATE_HZ));
  return { said: `${basename(path)} (${(mono.length / wav.sampleRateHz).toFixed(1)} s)`, samples, voicedMs: span.toMs };
}
