import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FrameSeen } from '../../src/bench/browser.js';
import { speakAll } from '../../src/bench/recordings.js';
import type { BenchServer } from '../../src/bench/server.js';
import { envelope, firstVoiced, lastVoiced } from '../../src/bench/waveform.js';
import { MoonshineRecogniser } from '../../src/inference/speech/moonshine-recogniser.js';
import { resample } from '../../src/media/resample.js';
import { words } from '../support/speech-audio.js';
import { type Recording, startService, TalkPage } from '../support/talk-page.js';
import { wordErrorRate } from '../support/word-errors.js';

const WINDOW_MS = 30_000;
const MAX_WORD_ERROR_RATE = 0.25;
/** A codec's ring and the room of a jitter buffer; what is further from any voice is silence. */
const NEAR_VOICE_MS = 120;
const FAR_FROM_VOICE_MS = 600;
/** The envelope's step and what counts as voice in it, see `src/bench/waveform.ts`. */
const STEP_MS = 5;
const VOICED = 0.008;

/** Mean change of the mouth region's brightness from one frame to the next, over the frames that `wanted` picks. */
function mouthMovement(
  frames: readonly FrameSeen[],
  wanted: (frame: FrameSeen) => boolean,
): { mean: number; count: number } {
  const changes: number[] = [];
  for (const [i, frame] of frames.entries()) {
    const previous = frames[i - 1];
    if (previous !== undefined && wanted(frame) && wanted(previous)) changes.push(Math.abs(frame.luma - previous.luma));
  }
  return {
    mean: changes.reduce((sum, change) => sum + change, 0) / Math.max(1, changes.length),
    count: changes.length,
  };
}

/** Is the avatar's voice heard within `marginMs` of a wall-clock time? */
function voiceNear(recording: Recording, marginMs: number): (wallMs: number) => boolean {
  const levels = envelope(recording.avatar, recording.rateHz);
  return (wallMs) => {
    const at = (wallMs - recording.beganAtMs) / STEP_MS;
    const margin = marginMs / STEP_MS;
    return levels.subarray(Math.max(0, at - margin), Math.max(0, at + margin)).some((level) => level >= VOICED);
  };
}

function voicedSteps(recording: Recording, fromFrame: number, toFrame: number): number {
  const levels = envelope(recording.avatar.subarray(fromFrame, toFrame), recording.rateHz);
  return levels.filter((level) => level >= VOICED).length;
}

describe('a spoken question in a real browser', () => {
  let service: BenchServer;
  let page: TalkPage;
  let recording: Recording;
  let frames: FrameSeen[];
  let decodedInWindow: number;
  let askedAtMs: number;
  const facts = { transcript: '', reply: '', interrupted: true, utteranceId: 0, endedAtMs: 0 };
  let captions: { word: string; index: number; utteranceId: number; atMs: number }[];

  beforeAll(async () => {
    const [question] = await speakAll(['Does it need a graphics card to work well?']);
    service = await startService({ VISAVIS_SPEECH: 'kokoro' });
    page = await TalkPage.open(service.url);
    await page.settle(2_000);
    const decodedBefore = await page.decodedFrames();
    const windowEndsMs = performance.now() + WINDOW_MS;
    askedAtMs = performance.timeOrigin + performance.now();
    await page.turn(question!);
    await page.settle(2_000);
    await page.settle(Math.max(0, windowEndsMs - performance.now()));
    decodedInWindow = (await page.decodedFrames()) - decodedBefore;
    recording = await page.recording();
    frames = await page.frames();
    captions = await page.eventsOf('caption');
    const [end] = await page.eventsOf('utterance-end');
    const said = (await page.eventsOf('transcript')).filter(({ final }) => final);
    Object.assign(facts, {
      transcript: said.map(({ text }) => text).join(' '),
      reply: end?.text,
      interrupted: end?.interrupted,
      utteranceId: end?.utteranceId,
      endedAtMs: end?.atMs,
    });
  }, 240_000);

  afterAll(async () => {
    await page?.close();
    await service?.close();
  });

  it('is understood, and answered to the end', () => {
    expect(wordErrorRate('Does it need a graphics card to work well?', facts.transcript)).toBeLessThanOrEqual(
      MAX_WORD_ERROR_RATE,
    );
    expect(words(facts.reply).length).toBeGreaterThan(3);
    expect(facts.interrupted).toBe(false);
  });

  it('is answered by pictures without a break: at least 720 decoded frames in 30 s', () => {
    expect(decodedInWindow).toBeGreaterThanOrEqual(720);
  });

  it('is answered in words that a recogniser reads back from the sound the browser received', async () => {
    const recogniser = await MoonshineRecogniser.create({ threads: 1 });
    const heard = recording.heard(askedAtMs, facts.endedAtMs + 1_500);
    const text = await recogniser.decode(resample(heard, recording.rateHz, 16_000), 'final');
    await recogniser.close();
    expect(wordErrorRate(facts.reply, text), `said "${facts.reply}", heard "${text}"`).toBeLessThanOrEqual(
      MAX_WORD_ERROR_RATE,
    );
  });

  it('moves the mouth while the voice is heard, and rests it while it is not', () => {
    const isNear = voiceNear(recording, NEAR_VOICE_MS);
    const isAnywhereNear = voiceNear(recording, FAR_FROM_VOICE_MS);
    const recorded = frames.filter(({ displayAt }) => recording.frameAt(displayAt) > 0);
    const speaking = mouthMovement(recorded, ({ displayAt }) => isNear(displayAt));
    const resting = mouthMovement(recorded, ({ displayAt }) => !isAnywhereNear(displayAt));
    expect(speaking.count).toBeGreaterThan(25);
    expect(resting.count).toBeGreaterThan(25);
    // Breathing and the drift of the head move the region a little; lips move it an order of magnitude more.
    expect(speaking.mean).toBeGreaterThan(4 * resting.mean);
    expect(resting.mean).toBeLessThan(0.3);
  });

  it('is captioned word by word, in the order of the words and within the sound', () => {
    expect(captions.map(({ word }) => word).join(' ')).toBe(facts.reply);
    expect(captions.map(({ index }) => index)).toEqual(captions.map((_, i) => i));
    expect(new Set(captions.map(({ utteranceId }) => utteranceId))).toEqual(new Set([facts.utteranceId]));
    for (const [i, { atMs }] of captions.entries()) {
      expect(atMs).toBeGreaterThanOrEqual(captions[i - 1]?.atMs ?? askedAtMs);
      expect(atMs).toBeLessThanOrEqual(facts.endedAtMs);
    }
    const from = recording.frameAt(askedAtMs);
    const first = firstVoiced(recording.avatar, recording.rateHz, from, recording.avatar.length);
    const last = lastVoiced(recording.avatar, recording.rateHz, from, recording.avatar.length);
    expect(captions[0]!.atMs).toBeGreaterThan(recording.wallMsOf(first!) - 300);
    expect(captions.at(-1)!.atMs).toBeLessThan(recording.wallMsOf(last!) + 300);
    // Spoken, not dumped: with half of the words, about half of the voice has been heard (pauses not counted).
    const middle = recording.frameAt(captions[Math.floor(captions.length / 2)]!.atMs);
    const share = voicedSteps(recording, from, middle) / voicedSteps(recording, from, recording.avatar.length);
    expect(share).toBeGreaterThan(0.25);
    expect(share).toBeLessThan(0.75);
  });
});
