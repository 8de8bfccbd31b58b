import { setTimeout as sleep } from 'node:timers/promises';
import { BenchBrowser, type BrowserOptions, type Clock, type FrameSeen } from '../../src/bench/browser.js';
import { MOUTH_BOX, Recorder } from '../../src/bench/dialogue.js';
import { BenchServer } from '../../src/bench/server.js';
import type { ConversationEvent } from '../../web-demo/src/client/events.js';

export const REPLY_LIMIT_MS = 45_000;
const START_LIMIT_MS = 60_000;

/** What the page was told, and when by the wall clock. */
interface PageEvent {
  atMs: number;
  event: ConversationEvent;
}

type EventType = PageEvent['event']['type'];
type EventOf<T extends EventType> = Extract<PageEvent['event'], { type: T }>;

/** The real service from `dist`, with the fast voice and no language API unless `env` says otherwise. */
export function startService(env: Record<string, string> = {}, before: readonly string[] = []): Promise<BenchServer> {
  const standard = { OPENAI_API_KEY: '', OPENAI_BASE_URL: '', VISAVIS_SPEECH: 'piper', VISAVIS_LOG_LEVEL: 'fatal' };
  return BenchServer.create({ ...standard, ...env }, before);
}

/** A visitor on the talk page in a real Chromium: speaks into the microphone, types, and records microphone and avatar on one clock. */
export class TalkPage {
  readonly browser: BenchBrowser;
  readonly #recorder: Recorder;
  readonly #frames: FrameSeen[] = [];

  /**
   * Resolves when picture and microphone are live and the recording runs. `microphoneTrack`: what the page gets of the microphone is
   * recorded, too.
   */
  static async open(
    url: string,
    query = 'greeting=none',
    { microphoneTrack = false, ...options }: BrowserOptions & { microphoneTrack?: boolean } = {},
  ): Promise<TalkPage> {
    const browser = await BenchBrowser.create(options);
    try {
      await browser.page.goto(`${url}?${query}`);
      await browser.page.getByRole('button', { name: /start/i }).first().click();
      await browser.until("window.visavis?.firstFrameMs !== undefined && visavis.microphone === 'on'", START_LIMIT_MS);
      await browser.evaluate(`bench.watch(${JSON.stringify(MOUTH_BOX)})`);
      await browser.evaluate(microphoneTrack ? "bench.record('track')" : 'bench.record()');
      return new TalkPage(browser, microphoneTrack ? 3 : 2);
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  private constructor(browser: BenchBrowser, channels: 2 | 3) {
    this.browser = browser;
    this.#recorder = new Recorder(browser, channels);
  }

  /** Speaks 48 kHz PCM; resolves at its end. */
  async speak(pcm: Int16Array): Promise<void> {
    await this.browser.speak(pcm);
  }

  /** Types a question into the page's own field. */
  async type(text: string): Promise<void> {
    const field = this.browser.page.getByRole('textbox');
    await field.fill(text);
    await field.press('Enter');
  }

  /** Everything the page was told, at wall-clock times. */
  async events(): Promise<PageEvent[]> {
    return this.browser.evaluate(
      'visavis.events.map(({ atMs, event }) => ({ atMs: performance.timeOrigin + atMs, event }))',
    );
  }

  async eventsOf<T extends EventType>(type: T): Promise<(EventOf<T> & { atMs: number })[]> {
    const all = await this.events();
    return all
      .filter(({ event }) => event.type === type)
      .map(({ atMs, event }) => ({ ...(event as EventOf<T>), atMs }));
  }

  /** Waits until at least `count` events of this type have come in all, and resolves with all of them. */
  async waitFor<T extends EventType>(
    type: T,
    count: number,
    limitMs = REPLY_LIMIT_MS,
  ): Promise<(EventOf<T> & { atMs: number })[]> {
    const number = `visavis.events.filter(({ event }) => event.type === '${type}').length`;
    await this.#until(`${number} >= ${count}`, limitMs, `${count} events of type ${type}`);
    return this.eventsOf(type);
  }

  async waitForState(state: 'idle' | 'listening' | 'thinking' | 'speaking', limitMs = REPLY_LIMIT_MS): Promise<void> {
    await this.#until(`visavis.agentState === '${state}'`, limitMs, `state ${state}`);
  }

  async #until(expression: string, limitMs: number, what: string): Promise<void> {
    await this.browser.until(expression, limitMs).catch(async () => {
      const seen = (await this.events()).filter(({ event }) => event.type !== 'caption');
      throw new Error(`no ${what} within ${limitMs} ms; there were ${JSON.stringify(seen.map(({ event }) => event))}`);
    });
  }

  /** Says something (spoken or typed) and resolves with what the avatar answered, when it has been said to its end. */
  async turn(say: Int16Array | string): Promise<EventOf<'utterance-end'>> {
    const before = (await this.eventsOf('utterance-end')).length;
    if (typeof say === 'string') await this.type(say);
    else await this.speak(say);
    const ends = await this.waitFor('utterance-end', before + 1);
    await this.waitForState('idle');
    return ends.at(-1)!;
  }

  async decodedFrames(): Promise<number> {
    return this.browser.evaluate<number>(
      `visavis.getStats().then((report) => [...(report?.values() ?? [])]
        .filter((s) => s.type === 'inbound-rtp' && s.kind === 'video').reduce((sum, s) => sum + s.framesDecoded, 0))`,
    );
  }

  /** The pictures shown since the page was opened, with the darkness of the mouth's region. */
  async frames(): Promise<FrameSeen[]> {
    this.#frames.push(...(await this.browser.evaluate<FrameSeen[]>('bench.frames()')));
    return this.#frames;
  }

  /** The recording so far: both channels at 48 kHz, and the wall-clock time of its first frame. */
  async recording(): Promise<Recording> {
    await this.#recorder.collect();
    const { nowFrame, nowWallMs } = await this.browser.evaluate<Clock>('bench.clock()');
    const { sampleRateHz, channels } = this.#recorder.wav();
    const [visitor, avatar, track = visitor] = channels as [
      Float32Array<ArrayBuffer>,
      Float32Array<ArrayBuffer>,
      Float32Array<ArrayBuffer>?,
    ];
    return new Recording(
      visitor,
      avatar,
      sampleRateHz,
      nowWallMs - ((nowFrame - this.#recorder.first) * 1000) / sampleRateHz,
      track,
    );
  }

  /** Waits until `count` more pictures have been decoded. */
  async morePictures(count: number, limitMs = REPLY_LIMIT_MS): Promise<void> {
    const deadlineMs = performance.now() + limitMs;
    // A page that builds its media anew counts from zero.
    let before = await this.decodedFrames();
    for (let more = 0; more < count; ) {
      if (performance.now() > deadlineMs) throw new Error(`fewer than ${count} pictures came in ${limitMs} ms`);
      await sleep(100);
      const now = await this.decodedFrames();
      more += now < before ? now : now - before;
      before = now;
    }
  }

  async settle(ms: number): Promise<void> {
    await sleep(ms);
  }

  async close(): Promise<void> {
    await this.browser.close();
  }
}

/** Microphone and avatar on one clock. */
export class Recording {
  constructor(
    readonly visitor: Float32Array<ArrayBuffer>,
    readonly avatar: Float32Array<ArrayBuffer>,
    readonly rateHz: number,
    readonly beganAtMs: number,
    /** The microphone as the page gets it, where that was asked for; else the visitor. */
    readonly microphoneTrack: Float32Array<ArrayBuffer>,
  ) {}

  /** The avatar's sound between two wall-clock times. */
  heard(fromMs: number, toMs: number): Float32Array<ArrayBuffer> {
    return this.avatar.slice(Math.max(0, this.frameAt(fromMs)), Math.max(0, this.frameAt(toMs)));
  }

  frameAt(wallMs: number): number {
    return Math.round(((wallMs - this.beganAtMs) * this.rateHz) / 1000);
  }

  wallMsOf(frame: number): number {
    return this.beganAtMs + (frame * 1000) / this.rateHz;
  }
}
