import { describe, expect, it } from 'vitest';
import { Voice } from '../../src/agents/voice.js';
import type { SpeechChunk, SpeechMotion } from '../../src/inference/engines.js';
import { ScriptedFace, ScriptedOutput } from '../support/scripted-engines.js';

class WatchedFace extends ScriptedFace {
  readonly told: SpeechMotion[] = [];
  override speech(motion: SpeechMotion): void {
    this.told.push(motion);
  }
}

const chunk = (o: Partial<SpeechChunk> = {}): SpeechChunk => ({
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
    voice.speak(first, chunk());
    voice.speak(first, chunk());
    voice.speak(voice.begin(), chunk());
    expect(face.told.map(({ audio }) => audio?.continues)).toEqual([false, true, false]);
    expect(face.told[1]!.audio).toMatchObject({ sampleRateHz: 24_000, samples: chunk().samples });
    expect(face.told[1]!.durationMs).toBe(200);
  });

  it('is not the sound where the phonemes are known', () => {
    const face = new WatchedFace();
    const voice = new Voice(new ScriptedOutput(), face, () => {});
    const phonemes = [{ symbol: 'm', startMs: 10, endMs: 80 }];
    voice.speak(voice.begin(), chunk({ phonemes }));
    expect(face.told[0]).toMatchObject({ phonemes, audio: undefined });
  });
});
