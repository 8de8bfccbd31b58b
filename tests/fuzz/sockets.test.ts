import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ack } from '../../src/signaling/messages.js';
import { setUpMedia, TestClient } from '../support/client.js';
import { type Launched, launch } from '../support/launch.js';
import { seededRandom } from '../support/media.js';
import { Bystanders, liveBytes } from './bystanders.js';
import { anything, type KnownIds, MESSAGE_NAMES, mutated, pick, type Random, validPayload } from './messages.js';

const SEED = 1_618_033;
const MESSAGES = 50_000;
const FRAMES = 5_000;
/** Messages of one socket: what its rate lets through, and some more that are refused. */
const PER_SOCKET = 60;
const GROWTH_BYTES = 40e6;
const CODES = /^(bad-request|unauthorized|not-found|conflict|too-many-requests|unavailable|engine-failed)$/;

let service: Launched;
beforeAll(async () => {
  service = await launch({ VISAVIS_MAX_SESSIONS: '8', VISAVIS_TOKEN_TTL_S: '600' });
});
afterAll(() => service.close());

/** A new address for every hundred sockets: one alone is held back by its limits. */
let sockets = 0;
const nextAddress = () => `127.0.2.${1 + Math.floor(sockets++ / 100)}`;

/** A message as a hostile client might send it: near a valid one, or nothing like it. */
function nextMessage(random: Random, ids: KnownIds): [string, ...unknown[]] {
  const valid = pick(random, MESSAGE_NAMES);
  const name = random() < 0.05 ? JSON.stringify(mutated(random, valid) ?? '').slice(0, 200) : valid;
  if (name === 'leave') return nextMessage(random, ids);
  const payload = validPayload(random, name, ids);
  const choice = random();
  if (choice < 0.15) return [name, payload];
  if (choice < 0.75) return [name, mutated(random, payload)];
  if (choice < 0.85) return [name, mutated(random, mutated(random, payload)), anything(random)];
  return [name, ...Array.from({ length: Math.floor(random() * 4) }, () => anything(random))];
}

describe('sockets', () => {
  it(`${MESSAGES} mutated messages are answered with typed errors, and others notice nothing`, async () => {
    const random = seededRandom(SEED);
    const bystanders = await Bystanders.create(service, 2);
    const attacked = await service.createSession();
    const before = await liveBytes();
    const answers = new Map<string, number>();
    const count = (what: string) => {
      answers.set(what, (answers.get(what) ?? 0) + 1);
    };
    let sent = 0;
    while (sent < MESSAGES) {
      const client = await TestClient.connect(service.origin, { localAddress: nextAddress() } as object);
      const ids: KnownIds = { token: attacked.token, send: 'none', receive: 'none', rtpCapabilities: {} };
      // One in four gets as far as having media.
      if (random() < 0.25) {
        const join = await client.data('join', { token: attacked.token });
        const media = await setUpMedia(client, join);
        Object.assign(ids, {
          send: media.send.id,
          receive: media.receive.id,
          rtpCapabilities: join.routerRtpCapabilities,
        });
      }
      const pending: Promise<void>[] = [];
      for (let i = 0; i < PER_SOCKET && client.socket.connected; i++, sent++) {
        const [name, ...values] = nextMessage(random, ids);
        const answer = client.raw(name, ...values).then(
          (ack: Ack<unknown>) => {
            if (ack.ok) return count('ok');
            expect(ack.error.code).toMatch(CODES);
            expect(ack.error.message.length).toBeLessThan(500);
            count(ack.error.code);
          },
          // Replaced by the next one that takes the seat, or cut off for what it sent.
          () => count('closed'),
        );
        pending.push(answer);
      }
      const closed = client.disconnected.then(() => pending.length);
      await Promise.race([Promise.all(pending), closed]);
      client.close();
    }
    await bystanders.expectUntouched();
    for (const code of ['ok', 'bad-request', 'unauthorized', 'not-found', 'conflict', 'too-many-requests']) {
      expect(answers.get(code), `${code} of ${JSON.stringify([...answers])}`).toBeGreaterThan(50);
    }
    expect(answers.get('internal')).toBeUndefined();
    await expect
      .poll(() => service.gateway.metrics.registry.getSingleMetricAsString('visavis_errors_total'))
      .not.toMatch(/internal"\} [1-9]/);
    expect((await liveBytes()) - before).toBeLessThan(GROWTH_BYTES);
    const { client } = await service.joined();
    await client.data('say', { text: 'a new visitor' });
    await client.event('utterance-end', ({ text }) => text === 'a new visitor');
  }, 300_000);

  it(`${FRAMES} broken frames of the protocol beneath cost their sender the connection at most`, async () => {
    const random = seededRandom(SEED + 1);
    const bystanders = await Bystanders.create(service, 1);
    const before = await liveBytes();
    let cutOff = 0;
    for (let sent = 0; sent < FRAMES; ) {
      const socket = await connected();
      for (let i = 0; i < 40 && socket.connected; i++, sent++) rawSend(socket, brokenFrame(random));
      await new Promise((resolve) => setTimeout(resolve, 15));
      if (!socket.connected) cutOff++;
      socket.disconnect();
    }
    expect(cutOff).toBeGreaterThan(10);
    await bystanders.expectUntouched();
    expect((await liveBytes()) - before).toBeLessThan(GROWTH_BYTES);
  }, 180_000);
});

async function connected(): Promise<Socket> {
  const options = { transports: ['websocket'], reconnection: false, forceNew: true, localAddress: nextAddress() };
  const socket = io(service.origin, options as object);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}

/** Beneath socket.io: a WebSocket message as it is. */
function rawSend(socket: Socket, data: string | Buffer): void {
  const { transport } = socket.io.engine as unknown as { transport: { ws?: { send(data: unknown): void } } };
  try {
    transport.ws?.send(data);
  } catch {
    // Closed meanwhile.
  }
}

/** Engine.IO (first digit) and socket.io (second) packets, near valid ones. */
function brokenFrame(random: Random): string | Buffer {
  const valid = pick(random, [
    '42["join",{"token":"x"}]',
    '421["say",{"text":"x"}]',
    '40',
    '40/admin,',
    '41',
    '430[{}]',
    '44{"message":"x"}',
    '451-["join",{"_placeholder":true,"num":0}]',
    '4599999-["join",{"_placeholder":true,"num":0}]',
    '451-["join",{"_placeholder":true,"num":7}]',
    '42["disconnect"]',
    '42["__proto__",{}]',
    '42{"length":1}',
    '42[null,{}]',
    '42[{"toString":1}]',
    `42["join",${'['.repeat(5_000)}`,
    `42["join",${'['.repeat(2_000)}${']'.repeat(2_000)}]`,
    '2',
    '3',
    '5',
    '6',
    '',
    '0{"sid":"x"}',
    '4',
    '49',
  ]);
  const choice = random();
  if (choice < 0.3) return valid;
  if (choice < 0.5)
    return Buffer.from(Array.from({ length: Math.floor(random() * 200) }, () => Math.floor(random() * 256)));
  const at = Math.floor(random() * (valid.length + 1));
  const piece = String.fromCharCode(
    ...Array.from({ length: 1 + Math.floor(random() * 3) }, () => 32 + Math.floor(random() * 95)),
  );
  return valid.slice(0, at) + piece + valid.slice(at + Math.floor(random() * 4));
}
