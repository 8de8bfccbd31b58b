import { setTimeout as sleep } from 'node:timers/promises';
import { VisavisError } from '../errors.js';
import { createSession } from '../talk/service.js';
import { Visitor } from '../talk/visitor.js';
import type { ServiceEvent } from '../talk/visitor-messages.js';
import { VoiceRecording } from '../talk/voice-recording.js';
import { timeToPicture, timeToSound } from './fault-measures.js';
import type { ChatTurn } from './scripted-model.js';

/** Said again and again after a failure, until the service takes it. */
const PROBE = 'I am here again.';
const PROBE_EVERY_MS = 600;
const PROBE_LIMIT_MS = 15_000;
/** Pictures are looked at this long after a failure. */
const WATCH_MS = 10_000;
const REPLY_LIMIT_MS = 20_000;
const KEPT_FRAMES = 3_000;

export interface FaultOutcome {
  /** Undefined: not within the time watched. */
  pictureMs: number | undefined;
  soundMs: number | undefined;
  state: string;
}

const now = (): number => performance.timeOrigin + performance.now();

/** One visitor who talks without end, by voice and by typing in turn, and notices what a failure does to picture and sound. */
export class FaultVisitor {
  readonly name: string;
  /** What this visitor said and heard, as the page shows it. */
  readonly transcript: ChatTurn[] = [];
  readonly errors: string[] = [];
  readonly #questions: readonly Int16Array[];
  readonly #frames: number[] = [];
  #voice = new VoiceRecording();
  #visitor!: Visitor;
  #state = 'idle';
  #replies = 0;
  #silent = false;
  #stopped = false;
  #talking: Promise<void> = Promise.resolve();

  static async create(url: string, name: string, questions: readonly Int16Array[]): Promise<FaultVisitor> {
    const visitor = new FaultVisitor(name, questions);
    const { token } = await createSession(url, undefined, { instructions: `Remember [${name}].`, greeting: null });
    visitor.#visitor = await Visitor.create({
      url,
      token,
      pictureEvery: 1_000_000,
      onEvent: (event) => visitor.#handle(event),
      onAudio: ({ atMs, samples, sampleRateHz }) => visitor.#voice.push(atMs, samples, sampleRateHz),
      onFrame: ({ atMs }) => {
        visitor.#frames.push(atMs);
        if (visitor.#frames.length > KEPT_FRAMES) visitor.#frames.shift();
      },
    });
    visitor.#talking = visitor.#talk();
    return visitor;
  }

  private constructor(name: string, questions: readonly Int16Array[]) {
    this.name = name;
    this.#questions = questions;
  }

  /** Why the conversation ended; undefined while it goes on. */
  get ended(): VisavisError | undefined {
    return this.#stopped ? undefined : this.#visitor.ended;
  }

  /** Watches what becomes of picture and sound after a failure at `failedAtMs`, the present moment. */
  async watch(failedAtMs: number): Promise<FaultOutcome> {
    const state = this.#state;
    this.#silent = true;
    await Promise.all([sleep(WATCH_MS), this.#probe()]);
    const pictureMs = timeToPicture(this.#frames, failedAtMs, failedAtMs + WATCH_MS);
    for (let waited = 0; waited < PROBE_LIMIT_MS && this.#soundMs(failedAtMs) === undefined; waited += 100) {
      await sleep(100);
    }
    this.#silent = false;
    return { pictureMs, soundMs: this.#soundMs(failedAtMs), state };
  }

  async close(): Promise<void> {
    this.#stopped = true;
    await this.#visitor.close();
    await this.#talking;
  }

  #soundMs(failedAtMs: number): number | undefined {
    return timeToSound((since) => this.#voice.firstVoicedAtMs(since), failedAtMs);
  }

  async #probe(): Promise<void> {
    const deadline = now() + PROBE_LIMIT_MS;
    while (now() < deadline && this.ended === undefined) {
      try {
        await this.#visitor.send('say', PROBE);
        return;
      } catch {
        await sleep(PROBE_EVERY_MS);
      }
    }
  }

  async #talk(): Promise<void> {
    for (let turn = 0; !this.#stopped && this.#visitor.ended === undefined; turn++) {
      const before = this.#replies;
      try {
        if (turn % 2 === 0) await this.#visitor.send('ask', `This is question number ${turn}.`);
        else await this.#visitor.speak(this.#questions[turn % this.#questions.length] as Int16Array);
      } catch (thrown) {
        this.errors.push(VisavisError.from(thrown).message);
      }
      const deadline = now() + REPLY_LIMIT_MS;
      while (now() < deadline && !this.#stopped && (this.#replies === before || this.#silent)) await sleep(100);
      await sleep(500 + Math.random() * 1_500);
      // The recording is searched from its beginning each time.
      if (!this.#silent && turn % 20 === 19) this.#voice = new VoiceRecording();
    }
  }

  #handle({ name, payload }: ServiceEvent): void {
    if (name === 'state') this.#state = payload.state;
    else if (name === 'session-error') this.errors.push(payload.message);
    else if (name === 'transcript' && payload.final && payload.text !== '') {
      this.transcript.push({ role: 'user', content: payload.text });
    } else if (name === 'utterance-end') {
      this.#replies++;
      this.transcript.push({ role: 'assistant', content: payload.text });
    }
  }
}
