import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IceServer, turnServers } from '../../src/signaling/turn-credentials.js';
import { coturnMissing, startCoturn, TURN_PORT, TURN_SECRET, TURN_URLS } from './support/coturn.js';
import { FarConversation, RTC_PORT } from './support/far-conversation.js';
import { networkMissing, SERVER_IP } from './support/test-network.js';

const missing = networkMissing() ?? coturnMissing();
if (missing !== undefined) throw new Error(missing);
const QUESTION = 'What do I need to run it?';
const TTL_MS = 600_000;

describe('a visitor who reaches nothing but the web server and the TURN server', () => {
  let far: FarConversation;
  beforeAll(async () => {
    far = await FarConversation.create({ VISAVIS_TURN_URLS: TURN_URLS, VISAVIS_TURN_SECRET: TURN_SECRET });
    await startCoturn(far.network);
  });
  afterAll(() => far?.close());

  async function converse(): Promise<void> {
    const exchange = await far.exchange(QUESTION);
    console.log('over TURN', await far.path(), exchange);
    expect(exchange.questionErrors).toBeLessThanOrEqual(0.35);
    expect(exchange.answerErrors).toBeLessThanOrEqual(0.35);
    expect(exchange.framesPerSecond).toBeGreaterThan(5);
    await far.page.close();
  }

  it('talks through it over UDP', async () => {
    await far.network.impair(`block ${RTC_PORT}`);
    await far.open();
    expect(await far.path()).toMatchObject({ type: 'relay', relayProtocol: 'udp' });
    await converse();
  });

  it('talks through it over TCP where all of UDP is blocked', async () => {
    await far.network.impair(`block ${RTC_PORT}`, 'block udp');
    await far.open();
    expect(await far.path()).toMatchObject({ type: 'relay', relayProtocol: 'tcp' });
    await converse();
  });

  /** Whether coturn gives an allocation for these credentials and relays a packet through it. */
  async function isAccepted([server]: IceServer[]): Promise<boolean> {
    const credentials = ['-u', server?.username ?? '', '-w', server?.credential ?? ''];
    const client = ['turnutils_uclient', '-y', '-c', '-n', '1', '-m', '1', '-p', String(TURN_PORT), ...credentials];
    const answer = far.network.run(far.network.server, 'timeout', '20', ...client, SERVER_IP);
    return answer.then(
      () => true,
      () => false,
    );
  }

  it('gets credentials that coturn accepts until they expire, and cannot make them', async () => {
    const turn = { urls: TURN_URLS.split(','), secret: TURN_SECRET, ttlMs: TTL_MS };
    expect(await isAccepted(turnServers(turn, 'session', Date.now()))).toBe(true);
    expect(await isAccepted(turnServers(turn, 'session', Date.now() - TTL_MS - 2_000))).toBe(false);
    expect(await isAccepted(turnServers({ ...turn, secret: 'a guess' }, 'session', Date.now()))).toBe(false);
    // The expiry of others cannot be extended: it is part of what is signed.
    const [server] = turnServers(turn, 'session', Date.now());
    const later = `${Math.floor(Date.now() / 1000) + 86_400}:session`;
    expect(await isAccepted([{ urls: [], username: later, credential: server?.credential ?? '' }])).toBe(false);
  });
});
