import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setUpMedia } from '../support/client.js';
import { type Launched, launch } from '../support/launch.js';

let service: Launched;
beforeAll(async () => {
  service = await launch();
});
afterAll(() => service.close());

describe('a viewer', () => {
  it('joins, creates transports, produces and consumes against the real SFU', async () => {
    const [session, client] = await Promise.all([service.createSession(), service.connect()]);
    const join = await client.data('join', { token: session.token });
    expect(join).toMatchObject({ sessionId: session.sessionId, avatar: { id: 'test-face', name: 'Tess', width: 512 } });
    expect(join.disclosure).not.toBe('');
    const { receive, producerId, consumers } = await setUpMedia(client, join);
    expect(receive.iceCandidates.map((c) => c['protocol'])).toEqual(['udp', 'tcp']);
    expect(producerId).toMatch(/^[0-9a-f-]{36}$/);
    expect(consumers.map((c) => c.kind)).toEqual(['audio', 'video']);
    expect(JSON.stringify(consumers[1]?.rtpParameters)).toContain('video/VP8');
    await client.data('resume', {});
    await client.data('set-microphone', { enabled: false });
    await client.data('set-microphone', { enabled: true });
    await client.data('leave', {});
    expect(await client.event('closed')).toEqual({ reason: 'left' });
    await client.disconnected;
  });
});
