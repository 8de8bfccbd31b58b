import { describe, expect, it } from 'vitest';
import { History } from '../../src/agents/history.js';
import { SynthesisPace } from '../../src/agents/pace.js';
import { instructionsOf } from '../../src/agents/persona.js';
import { Pipeline } from '../../src/agents/pipeline.js';
import { Voice } from '../../src/agents/voice.js';
import type { SpeakOptions } from '../../src/inference/engines.js';
import { ScriptedAgent, ScriptedFace, ScriptedOutput, ScriptedSynthesiser } from '../support/scripted-engines.js';

class VoiceNoting extends ScriptedSynthesiser {
  readonly chosen: (string | undefined)[] = [];
  override speak(segment: string, o: SpeakOptions) {
    this.chosen.push(o.voice);
    return super.speak(segment, o);
  }
}

function bench() {
  const synthesiser = new VoiceNoting();
  const voice: Voice = new Voice(new ScriptedOutput(), new ScriptedFace(), (event) => pipeline.handleVoice(event));
  const pipeline: Pipeline = new Pipeline({
    agent: new ScriptedAgent(),
    synthesiser,
    pace: new SynthesisPace(),
    history: new History(),
    voice,
    speechVoice: 'af_heart',
    apology: 'Sorry, go on.',
    spokenIn: { en: { voice: 'af_heart', apology: 'Sorry.' }, es: { voice: 'ef_dora', apology: 'Perdón.' } },
    onState: () => undefined,
    onVisitorPause: () => undefined,
    emit: () => undefined,
  });
  const hear = async (text: string, language?: string) => {
    pipeline.handleListener('ann', { type: 'onset', overVoice: false });
    pipeline.handleListener('ann', {
      type: 'turn-end',
      transcript: { text, audioMs: 1_000, computeMs: 1, ...(language !== undefined && { language }) },
      ...{ lastVoicedAtMs: 0, marks: {}, overVoice: false },
    });
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  return { pipeline, synthesiser, hear };
}

describe('a conversation whose language is found out', () => {
  it('is answered in the voice of what was heard, and goes on so', async () => {
    const { pipeline, synthesiser, hear } = bench();
    await hear('¿Dónde está el museo?', 'es');
    expect(synthesiser.chosen.length).toBeGreaterThan(0);
    expect(new Set(synthesiser.chosen)).toEqual(new Set(['ef_dora']));
    synthesiser.chosen.length = 0;
    await hear('¿Y cuándo abre?');
    expect(new Set(synthesiser.chosen)).toEqual(new Set(['ef_dora']));
    pipeline.close();
  });

  it('keeps its voice for a language that it has none for', async () => {
    const { pipeline, synthesiser, hear } = bench();
    await hear('Wo ist das Museum?', 'de');
    expect(new Set(synthesiser.chosen)).toEqual(new Set(['af_heart']));
    pipeline.close();
  });
});

describe('instructions', () => {
  it('name the language that the voice speaks', () => {
    expect(instructionsOf({ profile: null, language: 'pt' })).toContain('speak Portuguese');
    expect(instructionsOf({ profile: null })).toBeUndefined();
  });
});
