import { describe, expect, it } from 'vitest';
import { voiceProblem } from '../../src/inference/speech/voices.js';
import { type SessionVoiceOptions, sessionVoice } from '../../src/signaling/session-voice.js';

const problemOf: typeof voiceProblem = (engine, voice) => voiceProblem(engine, voice, () => ['af_heart', 'am_michael']);
const choose = (o: Partial<SessionVoiceOptions>) =>
  sessionVoice(
    {
      engine: 'kokoro',
      requested: undefined,
      config: { speech: 'kokoro', voice: undefined },
      avatar: { id: 'sam', voices: { kokoro: 'am_michael', piper: 'libritts-680' } },
      ...o,
    },
    problemOf,
  );

describe('the voice of a session', () => {
  it("is the avatar's own one for the engine", () => {
    expect(choose({ engine: 'kokoro' })).toBe('am_michael');
    expect(choose({ engine: 'piper' })).toBe('libritts-680');
  });

  it('is left to a remote engine', () => {
    expect(choose({ engine: 'openai' })).toBeUndefined();
  });

  it('is the configured one rather than the avatar’s', () => {
    expect(choose({ config: { speech: 'kokoro', voice: 'af_heart' } })).toBe('af_heart');
    expect(choose({ engine: 'openai', config: { speech: 'openai', voice: 'nova' } })).toBe('nova');
  });

  it('is the requested one before all others', () => {
    const config = { speech: 'kokoro', voice: 'am_michael' } as const;
    expect(choose({ requested: 'af_heart', config })).toBe('af_heart');
    expect(choose({ requested: 'libritts-7', engine: 'piper', config })).toBe('libritts-7');
    expect(choose({ requested: 'nova', engine: 'openai', config })).toBe('nova');
  });

  it('is not the configured one for an engine it was not configured for', () => {
    const config = { speech: 'kokoro', voice: 'af_heart' } as const;
    expect(choose({ engine: 'piper', config })).toBe('libritts-680');
    expect(choose({ engine: 'openai', config })).toBeUndefined();
  });

  it('is the configured one for the engine that has it when the machine decides which it is', () => {
    const config = { speech: 'auto', voice: 'af_heart' } as const;
    expect(choose({ engine: 'kokoro', config })).toBe('af_heart');
    expect(choose({ engine: 'piper', config })).toBe('libritts-680');
    expect(choose({ engine: 'openai', config })).toBeUndefined();
    expect(choose({ engine: 'piper', config: { speech: 'auto', voice: 'libritts-9' } })).toBe('libritts-9');
  });

  it.each([
    ['of the request', { requested: 'libritts-680' }, /^voice: .*kokoro.*"libritts-680".*af_heart/],
    ['of the configuration', { config: { speech: 'kokoro', voice: 'nobody' } }, /^VISAVIS_VOICE: .*"nobody"/],
    [
      'of the avatar',
      { avatar: { id: 'ada', voices: { kokoro: 'af_ada', piper: 'libritts-1' } } },
      /avatar ada: .*"af_ada"/,
    ],
  ] as const)('is refused when it is one %s that the engine does not have', (_source, options, message) => {
    let thrown: unknown;
    try {
      choose(options);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'bad-request', field: 'voice', message: expect.stringMatching(message) });
  });
});
