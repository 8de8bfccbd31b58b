/** Our engines that run here, with their real models. */
import { afterAll } from 'vitest';
import { createKnowledgeAgent, openRetriever } from '../../src/agents/knowledge/index.js';
import { MoonshineRecogniser } from '../../src/inference/speech/moonshine-recogniser.js';
import { PiperSynthesiser } from '../../src/inference/speech/piper.js';
import { SileroVad } from '../../src/inference/speech/silero.js';
import { MiniLmEmbedder } from '../../src/inference/text/minilm.js';
import { spokenQuestion } from '../support/speech-audio.js';
import { describeAgent } from './agent.js';
import { describeRecogniser } from './recogniser.js';
import { describeSynthesiser } from './synthesiser.js';
import { describeVoiceActivity } from './voice-activity.js';

const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing) await close();
});

describeVoiceActivity('Silero', { create: () => SileroVad.create(), speech: spokenQuestion });

describeRecogniser('Moonshine', {
  create: () => MoonshineRecogniser.create({ threads: 1 }),
  speech: spokenQuestion,
  language: 'en-GB',
  understood: /opening hours/i,
  unknownLanguage: 'de',
});

describeSynthesiser('Piper', {
  create: () => PiperSynthesiser.create({ threads: 1 }),
  unknownVoice: 'libritts-9999',
});

describeAgent('of the knowledge folder', {
  create: async () => {
    const embedder = await MiniLmEmbedder.create({ threads: 1 });
    closing.push(() => embedder.close());
    const retriever = await openRetriever({ folder: 'assets/knowledge', embedder, vectorFolder: null });
    return createKnowledgeAgent({ retriever, name: 'Mara' });
  },
  question: 'What is Visavis?',
});
