import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { speakAll } from '../../src/bench/recordings.js';
import { FarConversation } from './support/far-conversation.js';
import { networkMissing } from './support/test-network.js';

const missing = networkMissing();
if (missing !== undefined) throw new Error(missing);
const QUESTIONS = [
  'Does it need a graphics card to work well?',
  'What do I need to run it?',
  'Which browsers does it work with?',
];
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('10 % loss and up to 300 ms of jitter, both ways', () => {
  let far: FarConversation;
  beforeAll(async () => {
    far = await FarConversation.create();
  });
  afterAll(() => far?.close());

  it('leave the question understood, the answer intelligible and the face moving', async () => {
    const recordings = await speakAll(QUESTIONS);
    await far.open();
    await far.network.impair('loss 10', 'delay 0 300');
    await far.page.settle(3_000);
    const exchanges = [];
    for (const [i, question] of QUESTIONS.entries()) {
      const exchange = await far.exchange(question, recordings[i]);
      console.log('loss and jitter', exchange);
      exchanges.push(exchange);
    }
    const question = mean(exchanges.map(({ questionErrors }) => questionErrors));
    const answer = mean(exchanges.map(({ answerErrors }) => answerErrors));
    const frames = mean(exchanges.map(({ framesPerSecond }) => framesPerSecond));
    console.log(
      `word errors: questions ${question.toFixed(2)}, answers ${answer.toFixed(2)}; ${frames.toFixed(1)} frames/s`,
    );
    expect(question).toBeLessThanOrEqual(0.35);
    expect(answer).toBeLessThanOrEqual(0.35);
    expect(frames).toBeGreaterThan(2);
    expect(await far.page.browser.evaluate('visavis.phase')).toBe('live');
  });
});
