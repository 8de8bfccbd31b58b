import { describe, expect, it } from 'vitest';
import { Voice, type VoiceEvent } from '../../src/agents/voice.js';
import type { SpeechChunk, SpeechMotion } from '../../src/inference/engines.js';
import { ScriptedFace, ScriptedOutput } from '../support/scripted-engines.js';

class WatchedFace extends ScriptedFace {
  readonly told: SpeechMotion[] = [];
  override speech(motion: SpeechMotion): void {
    this.told.push(motion);
  }
}

const sound = (o: Partial<SpeechChunk> = {}): SpeechChunk => ({
  samples: new Float32Array(4_800).fill(0.1),
  sampleRateHz: 24_000,
  words: [],
  computeMs: 1,
  ...o,
});

describe('what the voice tells the face', () => {
  it('is the sound itself where the phonemes are not known, and whether it goes on without a gap', () => {
    const face = new WatchedFace();
    const voice = new Voice(new ScriptedOutput(), face, () => {});
    const first = voice.begin();
    voice.speak(first, sound(), 0);
    voice.speak(first, sound(), 0);
    voice.speak(voice.begin(), sound(), 0);
    expect(face.told.map(({ audio }) => audio?.continues)).toEqual([false, true, false]);
    expect(face.told[1]!.audio).toMatchObject({ sampleRateHz: 24_000, samples: sound().samples });
    expect(face.told[1]!.durationMs).toBe(200);
  });

  it('does not go on where the voice has been silent meanwhile', () => {
    const face = new WatchedFace();
    const voice = new Voice(new ScriptedOutput(), face, () => {});
    const id = voice.begin();
    voice.speak(id, sound(), 0);
    voice.handlePacer({ type: 'segment-started', conversationId: 'c', utteranceId: id, segmentId: 1, atMs: 100 });
    voice.speak(id, sound(), 299);
    voice.handlePacer({ type: 'segment-started', conversationId: 'c', utteranceId: id, segmentId: 2, atMs: 300 });
    voice.speak(id, sound(), 501);
    expect(face.told.map(({ audio }) => audio?.continues)).toEqual([false, true, false]);
  });

  it('is not the sound where the phonemes are known', () => {
    const face = new WatchedFace();
    const voice = new Voice(new ScriptedOutput(), face, () => {});
    const phonemes = [{ symbol: 'm', startMs: 10, endMs: 80 }];
    voice.speak(voice.begin(), sound({ phonemes }), 0);
    expect(face.told[0]).toMatchObject({ phonemes, audio: undefined });
  });
});

const chunk = (ms: number): SpeechChunk => ({
  samples: new Float32Array(ms * 48),
  sampleRateHz: 48_000,
  words: [],
  computeMs: 1,
});

function bench() {
  const events: VoiceEvent[] = [];
  const voice = new Voice(new ScriptedOutput(), new ScriptedFace(), (event) => events.push(event));
  const id = voice.begin();
  const begin = (segmentId: number, atMs: number) =>
    voice.handlePacer({ type: 'segment-started', conversationId: 'c', segmentId, utteranceId: id, atMs });
  return { voice, id, begin, events };
}

describe('what a voice still has to send', () => {
  it('is all that was queued before it begins', () => {
    const { voice, id } = bench();
    voice.speak(id, chunk(300), 0);
    voice.speak(id, chunk(200), 0);
    expect(voice.backlogMs(id, 5_000)).toBe(500);
  });

  it('becomes less while it speaks, segment by segment', () => {
    const { voice, id, begin } = bench();
    voice.speak(id, chunk(300), 0);
    voice.speak(id, chunk(200), 0);
    begin(1, 1_000);
    expect(voice.backlogMs(id, 1_100)).toBe(400);
    begin(2, 1_300);
    expect(voice.backlogMs(id, 1_400)).toBe(100);
    expect(voice.backlogMs(id, 9_000)).toBe(0);
  });

  it('is not less for the silence between two segments', () => {
    const { voice, id, begin, events } = bench();
    voice.speak(id, chunk(300), 0);
    begin(1, 1_000);
    voice.speak(id, chunk(200), 0);
    expect(voice.backlogMs(id, 9_000)).toBe(200);
    begin(2, 9_000);
    expect(voice.backlogMs(id, 9_050)).toBe(150);
    expect(events.map(({ type }) => type)).toEqual(['started', 'went-on']);
  });

  it('is nothing of an utterance that is over', () => {
    const { voice, id } = bench();
    voice.speak(id, chunk(300), 0);
    voice.stop();
    expect(voice.backlogMs(id, 0)).toBe(0);
  });
});
