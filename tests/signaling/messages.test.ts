import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DTLS_PARAMETERS, microphoneParameters, type TestClient } from '../support/client.js';
import { type Launched, launch } from '../support/launch.js';

let service: Launched;
beforeAll(async () => {
  service = await launch();
});
afterAll(() => service.close());

async function withClient(body: (client: TestClient) => Promise<void>): Promise<void> {
  const client = await service.connect();
  await body(client);
  client.close();
}

const MALFORMED: [string, unknown, string | undefined, RegExp][] = [
  ['join', { token: 7 }, 'token', /token: .*expected string, got a number/],
  ['join', { token: '' }, 'token', /got an empty string/],
  ['join', { token: 'x'.repeat(513) }, 'token', /got a string of 513 characters/],
  ['join', { token: 'x', admin: true }, 'admin', /no field of this name/],
  ['join', null, undefined, /payload: .*got null/],
  ['join', [], undefined, /payload: .*got an array of 0/],
  ['join', 'token', undefined, /payload: .*got a string of 5 characters/],
  ['create-transport', { direction: 'sideways' }, 'direction', /"send".*"receive".*got a string of 8 characters/],
  ['create-transport', {}, 'direction', /got nothing/],
  ['connect-transport', { transportId: 'a', dtlsParameters: 'x' }, 'dtlsParameters', /got a string/],
  ['connect-transport', { transportId: 'a'.repeat(65), dtlsParameters: {} }, 'transportId', /got a string of 65/],
  ['produce', { transportId: 'a', kind: 'video', rtpParameters: {} }, 'kind', /"audio"/],
  ['produce', { transportId: 'a', kind: 'audio', rtpParameters: [] }, 'rtpParameters', /got an array of 0/],
  ['consume', { transportId: 'a' }, 'rtpCapabilities', /got nothing/],
  ['resume', { now: 1 }, 'now', /no field of this name/],
  ['set-microphone', { enabled: 'yes' }, 'enabled', /boolean.*got a string of 3 characters/],
  ['say', { text: ' \n ' }, 'text', /expected some text/],
  ['say', { text: 'x'.repeat(4_001) }, 'text', /got a string of 4001 characters/],
  ['ask', { text: { toString: 1 } }, 'text', /got an object/],
  ['interrupt', 1, undefined, /payload: .*got a number/],
  ['push-to-talk', { pressed: 'yes' }, 'pressed', /boolean.*got a string of 3 characters/],
  ['push-to-talk', {}, 'pressed', /got nothing/],
  ['leave', true, undefined, /payload: .*got a boolean/],
];

describe('a malformed message', () => {
  it.each(MALFORMED)(
    '%s %j is answered with the field, what came and what was expected',
    async (name, payload, field, message) => {
      await withClient(async (client) => {
        const error = await client.error(name, payload);
        expect(error).toMatchObject({ code: 'bad-request', retryable: false });
        expect(error.field).toBe(field);
        expect(error.message).toMatch(message);
      });
    },
  );

  it('without a payload is answered too', async () => {
    await withClient(async (client) => {
      expect(await client.error('join')).toMatchObject({
        code: 'bad-request',
        message: expect.stringMatching(/nothing/),
      });
    });
  });

  it('never has its content repeated', async () => {
    await withClient(async (client) => {
      const error = await client.error('set-microphone', { enabled: 'my-secret-word' });
      expect(JSON.stringify(error)).not.toContain('my-secret-word');
    });
  });
});

describe('a message of an unknown name', () => {
  it.each(['subscribe', 'constructor', '__proto__', 'toString', ''])('"%s" is refused', async (name) => {
    await withClient(async (client) => {
      const error = await client.error(name, {});
      expect(error).toMatchObject({ code: 'bad-request', message: expect.stringMatching(/unknown message/) });
    });
  });

  it('without an acknowledgement is told by session-error', async () => {
    await withClient(async (client) => {
      client.socket.emit('subscribe', {});
      expect(await client.event('session-error')).toMatchObject({ code: 'bad-request' });
    });
  });
});

describe('a message out of order', () => {
  it.each([
    ['create-transport', { direction: 'send' }],
    ['connect-transport', { transportId: 'a', dtlsParameters: {} }],
    ['produce', { transportId: 'a', kind: 'audio', rtpParameters: {} }],
    ['consume', { transportId: 'a', rtpCapabilities: {} }],
    ['resume', {}],
    ['set-microphone', { enabled: true }],
    ['say', { text: 'hello' }],
    ['ask', { text: 'hello' }],
    ['interrupt', {}],
    ['push-to-talk', { pressed: true }],
    ['leave', {}],
  ])('%s before join is a conflict', async (name, payload) => {
    await withClient(async (client) => {
      expect(await client.error(name, payload)).toMatchObject({ code: 'conflict', message: 'join a session first' });
    });
  });

  it('is refused at every step after join', async () => {
    const { client, session } = await service.joined();
    const again = await client.error('join', { token: session.token });
    expect(again).toMatchObject({ code: 'conflict' });
    const unknown = { code: 'not-found', field: 'transportId' };
    expect(await client.error('connect-transport', { transportId: 'no', dtlsParameters: {} })).toMatchObject(unknown);
    const produce = { kind: 'audio', rtpParameters: microphoneParameters() };
    expect(await client.error('produce', { transportId: 'no', ...produce })).toMatchObject(unknown);
    expect(await client.error('consume', { transportId: 'no', rtpCapabilities: {} })).toMatchObject(unknown);
    expect(await client.error('resume', {})).toMatchObject({ code: 'conflict' });
    expect(await client.error('set-microphone', { enabled: true })).toMatchObject({ code: 'conflict' });
    const receive = await client.data('create-transport', { direction: 'receive' });
    expect(await client.error('produce', { transportId: receive.id, ...produce })).toMatchObject({ code: 'conflict' });
    await client.data('connect-transport', { transportId: receive.id, dtlsParameters: DTLS_PARAMETERS });
    const twice = await client.error('connect-transport', { transportId: receive.id, dtlsParameters: DTLS_PARAMETERS });
    expect(twice).toMatchObject({ code: 'conflict' });
    const send = await client.data('create-transport', { direction: 'send' });
    await client.data('produce', { transportId: send.id, kind: 'audio', rtpParameters: microphoneParameters() });
    const second = { transportId: send.id, kind: 'audio', rtpParameters: microphoneParameters(99) };
    expect(await client.error('produce', second)).toMatchObject({ code: 'conflict' });
    await client.data('leave', {});
  });

  it('with insides that the media server refuses is a bad request, and the session lives on', async () => {
    const { client } = await service.joined();
    const send = await client.data('create-transport', { direction: 'send' });
    const receive = await client.data('create-transport', { direction: 'receive' });
    const dtls = [
      {},
      { fingerprints: 'x' },
      { role: 'boss', fingerprints: [] },
      { role: 'client', fingerprints: [{ algorithm: 'rot13', value: 'x' }] },
    ];
    for (const dtlsParameters of dtls) {
      const error = await client.error('connect-transport', { transportId: send.id, dtlsParameters });
      expect(error).toMatchObject({ code: 'bad-request', field: 'dtlsParameters' });
    }
    const rtp = [
      {},
      { codecs: [] },
      { ...microphoneParameters(), encodings: [{ ssrc: 'x' }] },
      { ...microphoneParameters(), codecs: [{ mimeType: 'audio/PCMU', payloadType: 0, clockRate: 8000 }] },
    ];
    for (const rtpParameters of rtp) {
      const error = await client.error('produce', { transportId: send.id, kind: 'audio', rtpParameters });
      expect(error).toMatchObject({ code: 'bad-request', field: 'rtpParameters' });
    }
    for (const rtpCapabilities of [{}, { codecs: 'x' }, { codecs: [] }]) {
      const error = await client.error('consume', { transportId: receive.id, rtpCapabilities });
      expect(error).toMatchObject({ code: 'bad-request', field: 'rtpCapabilities' });
    }
    await client.data('say', { text: 'still here' });
    await client.data('leave', {});
  });
});

describe('too much', () => {
  it('an oversized message ends the connection and nothing else', async () => {
    const { client } = await service.joined();
    const other = await service.connect();
    client.socket.emit('say', { text: 'x'.repeat(300_000) });
    await client.disconnected;
    expect(other.socket.connected).toBe(true);
  });

  it('too many questions are refused with a typed error that may be tried again', async () => {
    const { client } = await service.joined();
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => client.raw('say', { text: `line ${i}` })));
    const refused = answers.filter((answer) => !answer.ok);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(12);
    for (const answer of refused) {
      expect(answer).toMatchObject({ error: { code: 'too-many-requests', retryable: true } });
    }
  });

  it('a flood ends the connection', async () => {
    const client = await service.connect();
    for (let i = 0; i < 400; i++) client.socket.emit('interrupt', {}, () => {});
    await client.disconnected;
  });
});
