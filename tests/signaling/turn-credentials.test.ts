import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { turnServers } from '../../src/signaling/turn-credentials.js';
import { launch } from '../support/launch.js';

const URLS = ['turn:turn.example.org:3478?transport=udp', 'turns:turn.example.org:5349'];

describe('turnServers', () => {
  it('gives nothing without TURN', () => {
    expect(turnServers(null, 'session', 0)).toEqual([]);
  });

  it('gives a username that names its expiry and the session, and its HMAC as password', () => {
    const turn = { urls: URLS, secret: 'secret', ttlMs: 3_600_000 };
    const [server, ...others] = turnServers(turn, 'abc', 1_700_000_000_999);
    expect(others).toEqual([]);
    expect(server?.urls).toEqual(URLS);
    expect(server?.username).toBe('1700003600:abc');
    expect(server?.credential).toBe(createHmac('sha1', 'secret').update('1700003600:abc').digest('base64'));
  });
});

describe('a service with TURN', () => {
  it('hands credentials of the session to everyone who joins, makes a transport or restarts ICE, never the secret', async () => {
    const secret = 'of-the-operator-only';
    const service = await launch({ VISAVIS_TURN_URLS: URLS.join(','), VISAVIS_TURN_SECRET: secret });
    try {
      const [session, client] = await Promise.all([service.createSession(), service.connect()]);
      const join = await client.data('join', { token: session.token });
      const transport = await client.data('create-transport', { direction: 'receive' });
      const restarted = await client.data('restart-ice', { transportId: transport.id });
      for (const { iceServers } of [join, transport, restarted]) {
        expect(iceServers).toHaveLength(1);
        expect(iceServers[0]?.urls).toEqual(URLS);
        const [expiry, id] = iceServers[0]?.username?.split(':') ?? [];
        expect(id).toBe(session.sessionId);
        const inS = Number(expiry) - Date.now() / 1000;
        expect(inS).toBeGreaterThan(3_500);
        expect(inS).toBeLessThanOrEqual(3_600);
      }
      expect(JSON.stringify([join, transport, restarted, client.events])).not.toContain(secret);
    } finally {
      await service.close();
    }
  });
});
