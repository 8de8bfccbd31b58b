/** Our engines that speak with servers, against stand-ins of them. */
import { afterAll, beforeAll } from 'vitest';
import { createOpenAiAgent } from '../../src/agents/openai-agent.js';
import { RealtimeDialogue } from '../../src/agents/realtime/dialogue.js';
import { OpenAiRecogniser } from '../../src/inference/speech/openai-recogniser.js';
import { OpenAiSynthesiser } from '../../src/inference/speech/openai-speech.js';
import { OpenAiServer } from '../support/openai-server.js';
import { RealtimeServer } from '../support/realtime-server.js';
import { spokenQuestion } from '../support/speech-audio.js';
import { describeAgent } from './agent.js';
import { describeDialogue } from './dialogue.js';
import { describeRecogniser } from './recogniser.js';
import { describeSynthesiser } from './synthesiser.js';

let api: OpenAiServer;
let realtime: RealtimeServer;
beforeAll(async () => {
  api = await OpenAiServer.start();
  realtime = await RealtimeServer.start();
});
afterAll(async () => {
  await api.close();
  await realtime.close();
});

const common = () => ({ apiKey: '', baseUrl: api.url, timeoutMs: 5_000 });

describeRecogniser('by the OpenAI audio API', {
  create: () => new OpenAiRecogniser({ ...common(), transcriptionModel: 'ear' }),
  speech: spokenQuestion,
  unknownLanguage: 'no language',
});

describeSynthesiser('by the OpenAI audio API', {
  create: () => new OpenAiSynthesiser({ ...common(), speechModel: 'mouth', speechVoice: 'alloy' }),
});

describeAgent('by chat completions', {
  create: () => createOpenAiAgent({ ...common(), model: 'stand-in', instructions: 'Be kind.' }),
  question: 'What is this place?',
  answer: /I heard you say: What is this place/,
});

describeDialogue('by the OpenAI Realtime protocol', {
  create: () => {
    // A server hears nothing in silence.
    realtime.transcribe = (_, loudest) => (loudest > 0.01 ? 'What are your opening hours?' : '');
    return new RealtimeDialogue({
      ...{ apiKey: '', baseUrl: realtime.url, timeoutMs: 5_000 },
      ...{ realtimeModel: 'talker', speechVoice: 'marin', transcriptionModel: 'ear' },
    });
  },
  speech: spokenQuestion,
});
