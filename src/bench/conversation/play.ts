/** Plays one scene in real time: a page of its own, the scripted visitor at its microphone, everything recorded on one clock. */
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortError, throwIfAborted } from '../../abort.js';
import type { ConversationEvent } from '../../agents/events.js';
import { VisavisError } from '../../errors.js';
import { floatToInt16, resample } from '../../media/resample.js';
import { BenchBrowser, type Clock } from '../browser.js';
import { RATE_HZ, Recorder } from '../dialogue.js';
import { type Clip, VISITOR_LEVEL } from './clips.js';
import { KEPT_RATE_HZ, KEPT_VERSION, type KeptScene, type PlayedStep } from './kept.js';
import { ASK } from './phrases.js';
import type { Scene, Step } from './script.js';
import { activeLevel, roomResponse, scaled } from './sounds.js';

const START_LIMIT_MS = 45_000;
/** The page's button in the languages of the script. */
const START = /start|empezar|iniciar|comenzar|beginnen/i;
/** A visitor who is not answered by then says the next thing. */
const ANSWER_LIMIT_MS = 7_000;
const STORY_LIMIT_MS = 20_000;
const REST_LIMIT_MS = 5_000;
/** Of an answer that is then broken off: enough to see where it begins. */
const HEARD_MS = 1_200;
/** After a sound over the avatar's voice: what becomes of it is decided and heard by then. */
const SETTLED_MS = 1_600;
const BETWEEN_MS = 900;
/** So much of the story is heard for its level. */
const LEVEL_MS = 3_000;
const ROOM_S = 0.35;

export interface Stage {
  url: string;
  speech: string;
  /** Noise with an RMS of 1 at 48 kHz, played in a loop. */
  noise: (kind: 'fan' | 'babble') => Float32Array;
  clip: (step: Step) => Clip | undefined;
  signal: AbortSignal;
  onStep?: (index: number) => void;
}

/** Rejects with AbortError when aborted; every wait is limited. */
export async function playScene(scene: Scene, stage: Stage): Promise<KeptScene> {
  throwIfAborted(stage.signal);
  const browser = await BenchBrowser.create();
  const onAbort = () => void browser.close().catch(() => {});
  stage.signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await new Player(scene, stage, browser).play();
  } catch (error) {
    if (stage.signal.aborted) throw abortError(stage.signal);
    throw error;
  } finally {
    stage.signal.removeEventListener('abort', onAbort);
    await browser.close().catch(() => {});
  }
}

class Player {
  readonly #scene: Scene;
  readonly #stage: Stage;
  readonly #browser: BenchBrowser;
  readonly #recorder: Recorder;
  readonly #steps: PlayedStep[] = [];
  #clock!: Clock;

  constructor(scene: Scene, stage: Stage, browser: BenchBrowser) {
    this.#scene = scene;
    this.#stage = stage;
    this.#browser = browser;
    this.#recorder = new Recorder(browser, 3);
  }

  async play(): Promise<KeptScene> {
    const { url, speech } = this.#stage;
    const query = new URLSearchParams({ greeting: 'none', speech, lang: this.#scene.language });
    await this.#browser.page.goto(`${url}?${query}`);
    const start = this.#browser.page.getByRole('button', { name: START });
    await start.first().click({ timeout: START_LIMIT_MS });
    const isLive = "window.visavis?.firstFrameMs !== undefined && visavis.microphone === 'on'";
    if (!(await this.#within(isLive, START_LIMIT_MS))) {
      const state = await this.#browser.evaluate<string>(
        'JSON.stringify({ phase: visavis.phase, microphone: visavis.microphone, firstFrameMs: visavis.firstFrameMs, problems: visavis.problems })',
      );
      throw new VisavisError('unavailable', `the conversation was not live after ${START_LIMIT_MS / 1000} s: ${state}`);
    }
    await this.#browser.evaluate('bench.record("sent")');
    await sleep(1_000);
    await this.#recorder.collect();
    await this.#surround();
    for (const [index, step] of this.#scene.steps.entries()) {
      throwIfAborted(this.#stage.signal);
      this.#stage.onStep?.(index);
      this.#steps.push(await this.#step(step));
      await this.#recorder.collect();
    }
    await sleep(500);
    return this.#kept();
  }

  #step(step: Step): Promise<PlayedStep> {
    if (step.kind === 'turn') return this.#turn(step);
    return step.kind === 'overlap' ? this.#overlap(step) : this.#listen(step);
  }

  async #turn(step: Step): Promise<PlayedStep> {
    await this.#rest();
    const spoken = await this.#say(step);
    if (await this.#within("visavis.agentState === 'speaking'", ANSWER_LIMIT_MS)) await sleep(HEARD_MS);
    return this.#played(step, spoken);
  }

  async #overlap(step: Step & { kind: 'overlap' }): Promise<PlayedStep> {
    await this.#story();
    await sleep(step.waitMs);
    const spoken = await this.#say(step);
    await sleep(SETTLED_MS);
    const played = await this.#played(step, spoken);
    if (step.sound.kind === 'interruption') await this.#rest();
    return played;
  }

  async #listen(step: Step & { kind: 'listen' }): Promise<PlayedStep> {
    await this.#rest();
    await this.#story();
    const { nowFrame: first } = await this.#now();
    await sleep(step.forMs);
    const { nowFrame: last } = await this.#now();
    return this.#played(step, { first, last });
  }

  async #say(step: Step): Promise<{ first: number; last: number; clip: Clip }> {
    const clip = this.#stage.clip(step);
    if (clip === undefined) throw new VisavisError('internal', `${this.#scene.id}: a step has no clip`);
    return { ...(await this.#browser.speak(floatToInt16(clip.samples))), clip };
  }

  async #played(step: Step, o: { first: number; last: number; clip?: Clip }): Promise<PlayedStep> {
    const { nowFrame } = await this.#now();
    const fromMs = this.#msOf(o.first);
    const pauses = (o.clip?.pauses ?? []).map((pause) => ({
      fromMs: fromMs + pause.fromMs,
      toMs: fromMs + pause.toMs,
    }));
    return { step, fromMs, toMs: this.#msOf(o.last), pauses, endMs: this.#msOf(nowFrame) };
  }

  /** The avatar tells its story; asks for it where it does not. */
  async #story(): Promise<void> {
    if (await this.#browser.evaluate<boolean>("visavis.agentState === 'speaking'")) return;
    await this.#rest();
    const field = this.#browser.page.getByRole('textbox').first();
    await field.fill(ASK);
    await field.press('Enter');
    if (!(await this.#within("visavis.agentState === 'speaking'", STORY_LIMIT_MS)))
      throw new VisavisError('upstream-timeout', `${this.#scene.id}: the avatar did not begin its story`);
  }

  /** Breaks off what the avatar says, as the Esc key does, and lets a moment pass. */
  async #rest(): Promise<void> {
    if (await this.#browser.evaluate<boolean>("visavis.agentState !== 'idle'")) {
      await this.#browser.page.keyboard.press('Escape');
      // Idle, not listening: what the visitor said before must be understood before the next thing is said.
      await this.#within("visavis.agentState === 'idle'", REST_LIMIT_MS);
    }
    await sleep(BETWEEN_MS);
  }

  /** Noise and echo come into the microphone from here on. */
  async #surround(): Promise<void> {
    const { background, echo } = this.#scene;
    if (background !== undefined) {
      const level = VISITOR_LEVEL * 10 ** (-background.snrDb / 20);
      const noise = base64Of(scaled(this.#stage.noise(background.noise), level));
      await this.#browser.evaluate(`bench.surround('${noise}', ${RATE_HZ})`);
    }
    if (echo !== undefined) {
      const room = roomResponse({ delayMs: echo.delayMs, reverberationS: ROOM_S, rateHz: RATE_HZ, seed: echo.seed });
      const gain = (VISITOR_LEVEL * 10 ** (echo.levelDb / 20)) / (await this.#avatarLevel());
      await this.#browser.evaluate(`bench.echo('${base64Of(room)}', ${RATE_HZ}, ${gain})`);
    }
  }

  async #avatarLevel(): Promise<number> {
    const { nowFrame: from } = await this.#now();
    await this.#story();
    await sleep(LEVEL_MS);
    await this.#recorder.collect();
    const { channels } = this.#recorder.wav();
    const level = activeLevel(channels[1]!.subarray(Math.round(from - this.#recorder.first)), RATE_HZ);
    if (level < 1e-4) throw new VisavisError('unavailable', `${this.#scene.id}: the avatar's voice was not heard`);
    return level;
  }

  async #within(expression: string, limitMs: number): Promise<boolean> {
    try {
      await this.#browser.until(expression, limitMs);
      return true;
    } catch (error) {
      if (/timeout/i.test((error as Error).message)) return false;
      throw error;
    }
  }

  async #now(): Promise<Clock> {
    this.#clock = await this.#browser.evaluate<Clock>('bench.clock()');
    return this.#clock;
  }

  #msOf(frame: number): number {
    return ((frame - this.#recorder.first) * 1000) / RATE_HZ;
  }

  async #kept(): Promise<KeptScene> {
    await this.#recorder.collect();
    const { nowFrame, nowWallMs } = await this.#now();
    const beganWallMs = nowWallMs - this.#msOf(nowFrame);
    const events = await this.#browser.evaluate<{ atMs: number; event: ConversationEvent }[]>(
      "visavis.events.filter(({ event }) => event.type !== 'caption').map(({ atMs, event }) => ({ atMs: performance.timeOrigin + atMs, event }))",
    );
    const { channels } = this.#recorder.wav();
    return {
      version: KEPT_VERSION,
      scene: this.#scene,
      speech: this.#stage.speech,
      steps: this.#steps,
      events: events.map(({ atMs, event }) => ({ atMs: atMs - beganWallMs, event })),
      load: loadavg()[0] ?? Number.NaN,
      recording: {
        sampleRateHz: KEPT_RATE_HZ,
        channels: channels.map((channel) => resample(channel, RATE_HZ, KEPT_RATE_HZ)),
      },
    };
  }
}

function base64Of(samples: Float32Array): string {
  const pcm = floatToInt16(samples);
  return Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength).toString('base64');
}
