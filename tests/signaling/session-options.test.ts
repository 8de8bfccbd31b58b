import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { MANNERS } from '../../src/inference/avatar/manner.js';
import { AvatarDirectory } from '../../src/signaling/avatars.js';
import { sessionOptions } from '../../src/signaling/session-options.js';
import { stockFolder } from '../inference/avatar/stock.js';

const avatars = new AvatarDirectory([dirname(stockFolder('sam'))]);
const config = loadConfig({ OPENAI_API_KEY: 'sk-test-0123456789' });

describe('the pace of a session', () => {
  it('is that of the avatar’s manner, for voices that run here', async () => {
    for (const standardSpeech of ['kokoro', 'piper'] as const) {
      const voice = standardSpeech === 'kokoro' ? 'af_heart' : 'libritts-840';
      const options = sessionOptions({ avatar: 'sam', voice }, { config, avatars, standardSpeech });
      expect((await options).conversation.speechRate).toBe(MANNERS.calm.pace);
    }
  });

  it('is left to a remote voice', async () => {
    const { conversation } = await sessionOptions({ avatar: 'sam' }, { config, avatars, standardSpeech: 'openai' });
    expect(conversation.speechRate).toBeUndefined();
  });
});
