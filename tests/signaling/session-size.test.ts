import { describe, expect, it } from 'vitest';
import { loadConfig, STOCK_AVATARS } from '../../src/config.js';
import { AvatarDirectory } from '../../src/signaling/avatars.js';
import type { CreateSessionBody } from '../../src/signaling/messages.js';
import { sessionOptions } from '../../src/signaling/session-options.js';

const WIDE = { width: 1024, height: 576 };

function optionsFor(body: CreateSessionBody, env: Record<string, string> = {}) {
  const config = loadConfig({ ...env, VISAVIS_AVATARS: '/nowhere' });
  const avatars = new AvatarDirectory([STOCK_AVATARS], undefined, undefined, config.pictureSize);
  return sessionOptions({ avatar: 'sam', ...body }, { config, avatars, standardSpeech: 'kokoro' });
}

describe('the size of a session’s picture', () => {
  it('is the avatar’s own where nothing else is asked for', async () => {
    const { avatar, conversation } = await optionsFor({});
    expect(avatar).toMatchObject({ width: 512, height: 512 });
    expect(conversation).toMatchObject({ width: 512, height: 512, videoBitrateKbps: 1200 });
  });

  it('is what the session asks for, with a rate that follows the pixels', async () => {
    const { avatar, conversation } = await optionsFor({ size: '1024x576' });
    expect(avatar).toMatchObject(WIDE);
    expect(conversation).toMatchObject({ ...WIDE, videoBitrateKbps: Math.round(1200 * 2.25 ** 0.75) });
    expect((await optionsFor({ size: '768x768' })).avatar).toMatchObject({ width: 768, height: 768 });
  });

  it('is the service’s for every avatar that can be shown so, and the session may still ask for the square', async () => {
    const env = { VISAVIS_PICTURE_SIZE: '1024x576' };
    expect((await optionsFor({}, env)).avatar).toMatchObject(WIDE);
    expect((await optionsFor({ size: '768x768' }, env)).avatar).toMatchObject({ width: 768, height: 768 });
  });

  it.each(['640x480', '2048x2048', '576x1024', 'large', ''])(
    'is refused as %j, with what is possible',
    async (size) => {
      await expect(optionsFor({ size })).rejects.toMatchObject({ code: 'bad-request', field: 'size' });
      await expect(optionsFor({ size })).rejects.toThrow(/sam can be shown: 512x512, 768x768, 1024x1024, 1024x576/);
    },
  );

  it('is listed with the avatar', async () => {
    const list = await new AvatarDirectory([STOCK_AVATARS], undefined, undefined, WIDE).list();
    const sam = list.find(({ id }) => id === 'sam');
    expect(sam).toMatchObject({ ...WIDE, sizes: expect.arrayContaining(['1024x576', '512x512']) });
    expect(sam?.sizes[0]).toBe('1024x576');
  });
});
