/** Spoken turns through a real browser: what was said, when, and everything that came back, recorded on one clock. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConversationEvent, TurnLatency } from '../agents/events.js';
import type { Wav } from '../media/wav.js';
import { BenchBrowser, type Clock, type FrameSeen, type WatchBox } from './browser.js';

export const RATE_HZ = 48_000;
const REPLY_LIMIT_MS = 30_000;
const PAUSE_MS = 900;
/** How far into the reply the visitor breaks in. */
const BREAK_IN_MS = 1_300;
/** Where stock portraits have their mouth, in shares of the picture, and how dark the inside of an open mouth is. */
export const MOUTH_BOX: WatchBox = { x: 0.38, y: 0.52, width: 0.24, height: 0.18, darkBelow: 60 };

export type TurnKind = 'question' | 'interruption' | 'backchannel';

export interface SpokenTurn {
  kind: TurnKind;
  text: string;
  /** Frames of the recording between which the clip was played into the microphone. */
  first: number;
  last: number;
  answered: boolean;
  /** Frame of the recording at the end of the turn. */
  end: number;
}

export interface PageEvent {
  /** Wall clock in ms. */
  atMs: number;
  event: ConversationEvent;
}

export interface Dialogue {
  turns: SpokenTurn[];
  events: PageEvent[];
  latencies: TurnLatency[];
  frames: FrameSeen[];
  /** Left: the visitor's microphone, right: the avatar's voice as received. */
  recording: Wav;
  clock: Clock;
  firstFrameMs: number | undefined;
  framesPerSecond: number;
  stats: Record<string, unknown>[];
}

export interface Script {
  url: string;
  query: string;
  watch: WatchBox;
  turns: {
    kind: TurnKind;
    text: string;
    pcm: Int16Array /** Asked first, so that there is a voice to break into. */;
    lead?: Int16Array;
  }[];
}

export class Recorder {
  readonly #parts: Buffer[] = [];
  #first: number | undefined;

  /** `channels`: 3 where the page was told to record the microphone, too. */
  constructor(
    readonly browser: BenchBrowser,
    readonly channels: 2 | 3 = 2,
  ) {}

  async collect(): Promise<void> {
    const { first, base64 } = await this.browser.evaluate<{ first: number; base64: string }>('bench.take()');
    if (base64 === '') return;
    this.#first ??= first;
    this.#parts.push(Buffer.from(base64, 'base64'));
  }

  /** Frame number, on the audio context's clock, of the first sample recorded. */
  get first(): number {
    return this.#first ?? 0;
  }

  wav(): Wav {
    const bytes = Buffer.concat(this.#parts);
    const width = 2 * this.channels;
    const frames = Math.floor(bytes.length / width);
    const channels = Array.from({ length: this.channels }, () => new Float32Array(frames));
    for (const [c, channel] of channels.entries())
      for (let i = 0; i < frames; i++) channel[i] = bytes.readInt16LE(i * width + 2 * c) / 32_768;
    return { sampleRateHz: RATE_HZ, channels };
  }
}

/** Opens the page, starts as a visitor does, and plays the script turn by turn. */
export async function hold(
  script: Script,
  onTurn: (turn: SpokenTurn, index: number) => void = () => {},
): Promise<Dialogue> {
  const browser = await BenchBrowser.create();
  try {
    await browser.page.goto(`${script.url}?${script.query}`);
    await browser.page.getByRole('button', { name: /start/i }).first().click();
    await browser.until("window.visavis?.firstFrameMs !== undefined && visavis.microphone === 'on'", 15_000);
    await browser.evaluate(`bench.watch(${JSON.stringify(script.watch)})`);
    await browser.evaluate('bench.record()');
    await sleep(1_500);
    const recorder = new Recorder(browser);
    const before = await receivedFrames(browser);
    const startedAt = performance.now();
    const turns: SpokenTurn[] = [];
    const frames: FrameSeen[] = [];
    for (const [index, line] of script.turns.entries()) {
      if (line.lead !== undefined) await leadIn(browser, line.lead);
      const ends = await endedUtterances(browser);
      const { first, last } = await browser.speak(line.pcm);
      const answered = await replyEnds(browser, ends, line.kind);
      await sleep(PAUSE_MS);
      await recorder.collect();
      frames.push(...(await browser.evaluate<FrameSeen[]>('bench.frames()')));
      const { nowFrame } = await browser.evaluate<Clock>('bench.clock()');
      const turn = {
        kind: line.kind,
        text: line.text,
        first: first - recorder.first,
        last: last - recorder.first,
        answered,
        end: nowFrame - recorder.first,
      };
      turns.push(turn);
      onTurn(turn, index);
    }
    const after = await receivedFrames(browser);
    const events = await browser.evaluate<PageEvent[]>(
      'visavis.events.map(({ atMs, event }) => ({ atMs: performance.timeOrigin + atMs, event }))',
    );
    const clock = await browser.evaluate<Clock>('bench.clock()');
    return {
      turns,
      events,
      latencies: events.flatMap(({ event }) => (event.type === 'latency' ? [event.latency] : [])),
      frames,
      recording: recorder.wav(),
      clock: { ...clock, frame: clock.frame - recorder.first, nowFrame: clock.nowFrame - recorder.first },
      firstFrameMs: await browser.evaluate<number | undefined>('visavis.firstFrameMs'),
      framesPerSecond: ((after - before) * 1000) / (performance.now() - startedAt),
      stats: await inboundStats(browser),
    };
  } finally {
    await browser.close();
  }
}

/** Asks a question and waits until the avatar is well into its answer. */
async function leadIn(browser: BenchBrowser, pcm: Int16Array): Promise<void> {
  await browser.speak(pcm);
  await browser.until("visavis.agentState === 'speaking'", REPLY_LIMIT_MS);
  await sleep(BREAK_IN_MS);
}

function endedUtterances(browser: BenchBrowser): Promise<number> {
  return browser.evaluate<number>("visavis.events.filter((e) => e.event.type === 'utterance-end').length");
}

/** Waits for the end of the reply to what was just said; false when none came. */
async function replyEnds(browser: BenchBrowser, endsBefore: number, kind: TurnKind): Promise<boolean> {
  // An interruption first ends the utterance that it breaks into, and then gets its own answer.
  const wanted = endsBefore + (kind === 'interruption' ? 2 : 1);
  try {
    await browser.until(
      `visavis.events.filter((e) => e.event.type === 'utterance-end').length >= ${wanted}`,
      REPLY_LIMIT_MS,
    );
    return true;
  } catch {
    return false;
  }
}

/** The media server's bandwidth probes show as a second video stream without frames. */
async function receivedFrames(browser: BenchBrowser): Promise<number> {
  const stats = await inboundStats(browser);
  return Math.max(0, ...stats.filter((s) => s['kind'] === 'video').map((s) => Number(s['framesDecoded'] ?? 0)));
}

function inboundStats(browser: BenchBrowser): Promise<Record<string, unknown>[]> {
  return browser.evaluate(
    "visavis.getStats().then((report) => [...(report?.values() ?? [])].filter((s) => s.type === 'inbound-rtp').map((s) => ({ ...s })))",
  );
}
