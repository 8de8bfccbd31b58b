import { describe, expect, it } from 'vitest';
import type { Sfu } from '../../src/media/sfu.js';
import { SessionMedia } from '../../src/signaling/session-media.js';

const LINK = { localPort: 47_000, remotePort: 47_001 };
const EVENTS = { onLost: () => {}, onBack: () => {}, onFailed: () => {} };

/** Media servers, each of which dies when its link is made again or resumed, as `fates` says; the last one lives. */
function dyingServers(fates: readonly ('restored' | 'resumed')[]): { sfu: Sfu; resumed: number[] } {
  const resumed: number[] = [];
  let servers = 0;
  const createRoom = async (onLost: () => void) => {
    const server = servers++;
    const die = (at: 'restored' | 'resumed') => {
      if (fates[server] !== at) return;
      onLost();
      throw new Error(`server ${server} died`);
    };
    const endpoint = {
      link: LINK,
      pause: async () => {},
      resume: async () => {
        die('resumed');
        resumed.push(server);
      },
      close: () => {},
      abandon: () => {},
    };
    const restoreLink = async () => {
      die('restored');
      return endpoint;
    };
    return { createLink: async () => endpoint, restoreLink, close: () => {} };
  };
  return { sfu: { createRoom } as unknown as Sfu, resumed };
}

describe('the link of a session', () => {
  it.each([
    [['resumed']],
    [['resumed', 'resumed']],
    [['resumed', 'restored']],
    [['resumed', 'restored', 'restored', 'resumed']],
  ] as const)('is resumed by the first media server that lives, after %j', async (fates) => {
    const { sfu, resumed } = dyingServers(fates);
    const media = await SessionMedia.create(sfu, EVENTS);
    await media.openLink();
    await media.resumeLink();
    expect(resumed).toEqual([fates.length]);
    media.close();
  });

  it('is not resumed for ever once the session is over', async () => {
    const { sfu, resumed } = dyingServers(Array.from({ length: 9 }, () => 'resumed' as const));
    const media = await SessionMedia.create(sfu, EVENTS);
    await media.openLink();
    const resuming = media.resumeLink();
    media.close();
    await resuming.catch(() => {});
    expect(resumed).toEqual([]);
  });
});
