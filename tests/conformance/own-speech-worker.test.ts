/** Our engines as avatar workers have them: in the speech worker, over its socket. */
import { afterAll, beforeAll } from 'vitest';
import { SpeechWorkerClient } from '../../src/worker/speech/client.js';
import { spokenQuestion } from '../support/speech-audio.js';
import { SpeechWorkerProcess } from '../support/speech-worker.js';
import { describeRecogniser } from './recogniser.js';
import { describeSynthesiser } from './synthesiser.js';

const worker = new SpeechWorkerProcess('piper');
let client: SpeechWorkerClient;
beforeAll(async () => {
  await worker.start();
  client = await SpeechWorkerClient.connect(worker.socketPath, { timeoutMs: 10_000 });
}, 120_000);
afterAll(async () => {
  await client.close();
  await worker.close();
});

describeRecogniser('in the speech worker', {
  create: () => client.recogniser(),
  speech: spokenQuestion,
  understood: /opening hours/i,
  unknownLanguage: 'xx',
});

describeSynthesiser('in the speech worker', {
  create: () => client.synthesiser('piper'),
  unknownVoice: 'libritts-9999',
});
