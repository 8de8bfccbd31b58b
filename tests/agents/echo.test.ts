import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Listener, type ListenerEvent } from '../../src/agents/listener.js';
import { VAD_WINDOW } from '../../src/inference/engines.js';
import { PiperSynthesiser } from '../../src/inference/speech/piper.js';
import { SileroVad } from '../../src/inference/speech/silero.js';
import { EchoCanceller } from '../../src/media/echo/echo-canceller.js';
import { PlayedSpeech } from '../../src/media/echo/played-speech.js';
import { floatToInt16, resample } from '../../src/media/resample.js';
import { activeLevel, generator, Loudspeaker } from '../support/echo-room.js';
import { ScriptedRecognition } from '../support/scripted-engines.js';
import { concat, noise, RATE_HZ, silence } from '../support/speech-audio.js';

const REPLIES = [
  'Hello, I am Mara. I can tell you about this project, and you can interrupt me at any time.',
  'It costs nothing at all, and it runs on your own machine, with no key and no account.',
];
const INTERRUPTION = 'Wait, what about the weekend?';
const BEGIN_MS = 1.8e12;
const REPLY_AT_MS = 1_000;
const VISITOR_LEVEL = 0.05;

let vad: SileroVad;
let synthesiser: PiperSynthesiser;
let replies: Float32Array[];
let visitor: Float32Array;
/** Of both replies, one right after the other, from the loudspeaker's first sample on. */
let echo: Float32Array;

async function speech(text: string, voice: string): Promise<Float32Array> {
  const chunks: Float32Array[] = [];
  const signal = new AbortController().signal;
  for await (const chunk of synthesiser.speak(text, { voice, priority: 'first', signal })) {
    chunks.push(resample(chunk.samples, chunk.sampleRateHz, 48_000));
  }
  return concat(...chunks);
}

beforeAll(async () => {
  vad = await SileroVad.create();
  synthesiser = await PiperSynthesiser.create({ threads: 1 });
  replies = await Promise.all(REPLIES.map((text) => speech(text, 'libritts-680')));
  const spoken = resample(await speech(INTERRUPTION, 'libritts-100'), 48_000, RATE_HZ);
  const level = activeLevel(spoken);
  visitor = spoken.map((sample) => (sample * VISITOR_LEVEL) / level);
  const played = concat(...replies.map((reply) => resample(reply, 48_000, RATE_HZ)), silence(800));
  echo = new Loudspeaker({ delayMs: 0, rt60Ms: 250, seed: 5 }).play(played);
  const loud = activeLevel(echo);
  echo = echo.map((sample) => sample / loud);
}, 180_000);

afterAll(async () => {
  await synthesiser?.close();
  await vad?.close();
});

interface Heard {
  events: (ListenerEvent & { atMs: number })[];
  canceller: EchoCanceller;
}

/**
 * The avatar speaks on a loudspeaker that is not ducked by anything; the visitor speaks at `interruptsAtMs`. The recogniser is one that
 * understands every word, the avatar's too.
 */
async function converse(o: { levelDb: number; delayMs: number; interruptsAtMs?: number; cancels?: boolean }) {
  const played = new PlayedSpeech();
  const canceller = new EchoCanceller(played);
  const recognition = new ScriptedRecognition();
  const events: Heard['events'] = [];
  let atMs = 0;
  const listener = new Listener({
    vad: vad.open(),
    recognition,
    avatarAudible: () => atMs >= REPLY_AT_MS && atMs < REPLY_AT_MS + (echo.length * 1000) / RATE_HZ - 800,
    mayBegin: () => true,
    echoed: () => (o.cancels === false || canceller.delayMs === undefined ? undefined : REPLIES.join(' ')),
    onEvent: (event) => events.push({ ...event, atMs }),
    now: () => BEGIN_MS + atMs,
  });
  const gain = VISITOR_LEVEL * 10 ** (o.levelDb / 20);
  const total = echo.length + ((REPLY_AT_MS + o.delayMs) * RATE_HZ) / 1000 + RATE_HZ;
  const microphone = noise((total * 1000) / RATE_HZ, 0.0005, 9);
  const echoAt = Math.round(((REPLY_AT_MS + o.delayMs) * RATE_HZ) / 1000);
  for (let i = 0; i < echo.length; i++) microphone[echoAt + i] = (microphone[echoAt + i] ?? 0) + (echo[i] ?? 0) * gain;
  const from = Math.round(((o.interruptsAtMs ?? 0) * RATE_HZ) / 1000);
  if (o.interruptsAtMs !== undefined)
    for (let i = 0; i < visitor.length; i++) microphone[from + i] = (microphone[from + i] ?? 0) + (visitor[i] ?? 0);
  const random = generator(7);
  let nextReply = 0;
  let replyAtMs = REPLY_AT_MS;
  for (let at = 0; at + VAD_WINDOW <= microphone.length; at += VAD_WINDOW) {
    atMs = ((at + VAD_WINDOW) * 1000) / RATE_HZ;
    for (; nextReply < replies.length && replyAtMs <= atMs; nextReply++) {
      const reply = replies[nextReply] as Float32Array;
      played.speech({ segmentId: nextReply, samples: floatToInt16(reply) });
      // Packets leave up to some milliseconds late.
      played.started(nextReply, BEGIN_MS + replyAtMs + 2 + 2 * random());
      replyAtMs += reply.length / 48;
    }
    const isVisitor = o.interruptsAtMs !== undefined && atMs > o.interruptsAtMs + 200;
    recognition.text = isVisitor ? INTERRUPTION : REPLIES.join(' ');
    const window = microphone.slice(at, at + VAD_WINDOW);
    const heard = o.cancels === false ? undefined : canceller.process(window, atMs - 32, BEGIN_MS + atMs);
    listener.push(heard?.samples ?? window, heard?.isEcho);
    const before = events.length;
    await listener.settled();
    for (let turn = 0; turn < 5 && before <= events.length; turn++) await Promise.resolve();
  }
  listener.close();
  return { events, canceller };
}

const interrupts = ({ type }: ListenerEvent) => type === 'stop' || type === 'turn-end';

describe('the avatar on a loudspeaker', () => {
  it('interrupts itself where nothing is done about its echo', async () => {
    const { events } = await converse({ levelDb: -12, delayMs: 250, cancels: false });
    expect(events.some(interrupts)).toBe(true);
  });

  for (const levelDb of [-6, -12, -24]) {
    for (const delayMs of [120, 250, 500]) {
      it(`does not hear itself: ${levelDb} dB of the visitor, ${delayMs} ms late`, async () => {
        const { events, canceller } = await converse({ levelDb, delayMs });
        expect(events.filter(interrupts)).toEqual([]);
        expect(canceller.delayMs).toBeGreaterThan(delayMs - 100);
        expect(canceller.delayMs).toBeLessThan(delayMs + 10);
      });

      it(`hears who speaks over its echo: ${levelDb} dB of the visitor, ${delayMs} ms late`, async () => {
        const interruptsAtMs = 6_500;
        const { events } = await converse({ levelDb, delayMs, interruptsAtMs });
        const first = events.find(interrupts);
        expect(first?.type).toBe('stop');
        expect(first?.atMs).toBeGreaterThan(interruptsAtMs);
        expect(first?.atMs).toBeLessThan(interruptsAtMs + 1_000);
      });
    }
  }

  it('lets a visitor through unchanged who is heard without any echo', async () => {
    const { events, canceller } = await converse({ levelDb: -120, delayMs: 250, interruptsAtMs: 3_000 });
    expect(events.find(interrupts)?.type).toBe('stop');
    expect(events.find(interrupts)?.atMs).toBeLessThan(4_000);
    expect(canceller.delayMs).toBeUndefined();
  });
});
