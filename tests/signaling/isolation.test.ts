import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CreatedSession, JoinAnswer } from '../../src/signaling/messages.js';
import { DTLS_PARAMETERS, microphoneParameters, setUpMedia, TestClient } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { type Launched, launch } from '../support/launch.js';
import { seededRandom } from '../support/media.js';
import { send } from '../support/raw-http.js';

const SESSIONS = 8;
const STEPS = 1_500;
const SEED = 20_240_607;
/** Strangers come from another address: the limits on wrong tokens are not what is tested here. */
const STRANGER = '127.0.0.99';

interface Participant {
  /** Index of the session. */
  session: number;
  created: CreatedSession;
  join: JoinAnswer;
  client: TestClient;
  transports: string[];
  /** Ids of what is not a transport of theirs. */
  others: string[];
  /** Every event that any of their connections received. */
  events: TestClient['events'];
}

let service: Launched;
const participants: Participant[] = [];
const sessionIds: string[] = [];

async function take(created: CreatedSession, session: number): Promise<Participant> {
  const client = await service.connect();
  const join = await client.data('join', { token: created.token });
  const { receive, send: sending, producerId, consumers } = await setUpMedia(client, join);
  const others = [producerId, ...consumers.map(({ id }) => id), ...consumers.map((c) => c.producerId), join.sessionId];
  const transports = [receive.id, sending.id];
  return { session, created, join, client, transports, others, events: client.events };
}

/** The participant's own seat from a new connection, as after a network change. */
async function takeAgain(participant: Participant): Promise<void> {
  const before = participant.client;
  const again = await take(participant.created, participant.session);
  expect(again.join).toMatchObject({
    sessionId: participant.join.sessionId,
    participantId: participant.join.participantId,
  });
  expect(await before.event('closed')).toEqual({ reason: 'replaced' });
  const events = [...participant.events, ...again.client.events];
  Object.assign(participant, again, { events });
  again.client.socket.onAny((name: string, payload: unknown) => events.push({ name, payload }));
}

beforeAll(async () => {
  service = await launch({ VISAVIS_MAX_SESSIONS: String(SESSIONS + 2), VISAVIS_TOKEN_TTL_S: '600' });
  for (let session = 0; session < SESSIONS; session++) {
    const created = await service.createSession();
    sessionIds.push(created.sessionId);
    participants.push(await take(created, session), await take(await service.seat(created.sessionId), session));
  }
});
afterAll(() => service.close());

describe('sessions side by side', () => {
  it('never reach each other, whatever ids and tokens are sent in whatever order', async () => {
    const random = seededRandom(SEED);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const counts = { said: 0, refused: 0, forged: 0, replaced: 0, strangers: 0 };
    let stranger = await TestClient.connect(service.origin, { localAddress: STRANGER } as object);
    let strangerMessages = 0;

    const foreignId = (mine: Participant): string => {
      const other = pick(participants.filter((p) => p !== mine));
      return pick([...other.transports, ...other.others, ...mine.others, other.join.participantId]);
    };
    const actions: (() => Promise<void>)[] = [
      async () => {
        const who = pick(participants);
        const name = pick(['say', 'ask'] as const);
        const answer = await who.client.raw(name, { text: `tag-${who.session}-end` });
        if (answer.ok) counts.said++;
        else {
          expect(answer.error.code).toBe('too-many-requests');
          counts.refused++;
        }
      },
      async () => {
        const who = pick(participants);
        const transportId = foreignId(who);
        const rtpCapabilities = who.join.routerRtpCapabilities;
        const [name, payload] = pick<[string, object]>([
          ['connect-transport', { transportId, dtlsParameters: DTLS_PARAMETERS }],
          ['produce', { transportId, kind: 'audio', rtpParameters: microphoneParameters(7) }],
          ['consume', { transportId, rtpCapabilities }],
          ['restart-ice', { transportId }],
        ]);
        const error = await who.client.error(name, payload);
        if (error.code !== 'too-many-requests') {
          expect(error).toMatchObject({ code: 'not-found', field: 'transportId' });
          counts.forged++;
        }
      },
      async () => {
        const [who, other] = [pick(participants), pick(participants)];
        const payload = pick<object>([
          { token: other.created.token },
          { token: who.created.token, sessionId: other.join.sessionId },
          { token: who.created.token, participantId: other.join.participantId },
        ]);
        expect((await who.client.error('join', payload)).code).toMatch(/^(conflict|bad-request|too-many-requests)$/);
      },
      async () => {
        const who = pick(participants);
        const { token } = who.created;
        const at = Math.floor(random() * token.length);
        const wrong = pick([
          token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1),
          token.slice(0, -1),
          `${token}=`,
          token.toLowerCase(),
          who.join.sessionId,
          who.join.participantId,
          pick(who.transports),
        ]);
        if (strangerMessages++ % 35 === 34) {
          stranger.close();
          stranger = await TestClient.connect(service.origin, { localAddress: STRANGER } as object);
        }
        expect((await stranger.error('join', { token: wrong })).code).toMatch(/^(unauthorized|too-many-requests)$/);
        counts.strangers++;
      },
      async () => {
        if (random() > 0.05) return;
        await takeAgain(pick(participants));
        counts.replaced++;
      },
      async () => {
        const id = pick([
          pick(participants).join.participantId,
          pick(pick(participants).transports),
          'none',
          '__proto__',
        ]);
        const method = pick(['GET', 'DELETE', 'POST']);
        const path = `/v1/sessions/${id}${method === 'POST' ? '/tokens' : ''}`;
        const { status } = await send(service.origin, { method, path, localAddress: STRANGER });
        expect([404, 429]).toContain(status);
      },
    ];
    for (let step = 0; step < STEPS; step++) {
      await pick(actions)();
      // Within the rates that messages have.
      if (step % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    stranger.close();

    expect(counts.said).toBeGreaterThan(80);
    expect(counts.forged).toBeGreaterThan(100);
    expect(counts.strangers).toBeGreaterThan(100);
    expect(counts.replaced).toBeGreaterThan(2);
    expect(service.gateway.registry.size).toBe(SESSIONS);
    const seats = (session: number) =>
      new Set(participants.filter((p) => p.session === session).map((p) => p.join.participantId));
    for (const { session, events, join } of participants) {
      const tags = new Set(JSON.stringify(events).match(/tag-\d+-end/g));
      expect([...tags].filter((tag) => tag !== `tag-${session}-end`)).toEqual([]);
      for (const { payload } of events) {
        const { participantId, sessionId } = payload as { participantId?: string; sessionId?: string };
        if (participantId !== undefined) expect(seats(session)).toContain(participantId);
        if (sessionId !== undefined) expect(sessionId).toBe(join.sessionId);
      }
    }
    // And what was said was heard by both of its own session.
    for (const participant of participants) {
      const text = `tag-${participant.session}-end`;
      expect(JSON.stringify(participant.events).includes(text), text).toBe(true);
    }
  });

  it('offer each viewer the producers of their own session alone', () => {
    const producers = new Map<string, Set<number>>();
    for (const { session, others } of participants) {
      for (const id of others) producers.set(id, (producers.get(id) ?? new Set()).add(session));
    }
    for (const [id, sessions] of producers) expect(sessions.size, id).toBe(1);
  });
});

describe('a microphone', () => {
  let child: ChildProcess | undefined;
  // wrtc crashes when it ends by itself.
  afterAll(() => void child?.kill('SIGKILL'));

  it('is heard in its own session and in no other', async () => {
    const session = await service.createSession();
    const watcher = await service.connect();
    const { participantId } = await watcher.data('join', { token: (await service.seat(session.sessionId)).token });
    const visitor = fileURLToPath(new URL('../support/wrtc-visitor.mjs', import.meta.url));
    child = fork(visitor, [service.origin, session.token], { execArgv: [] });
    const heard = await watcher.event('transcript');
    expect(heard).toMatchObject({ text: 'heard', final: true });
    expect(heard.participantId).not.toBe(participantId);
    await eventually(() => expect(watcher.events.filter(({ name }) => name === 'transcript')).toHaveLength(1));
    for (const { events } of participants) {
      const foreign = events.filter(({ payload }) => (payload as { text?: string } | undefined)?.text === 'heard');
      expect(foreign).toEqual([]);
    }
  });
});
