import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DISCLOSURE_OFF } from '../../src/config.js';
import type { CreateSessionBody } from '../../src/signaling/messages.js';
import { wordingOf } from '../../src/wording.js';
import { setUpMedia } from '../support/client.js';
import { type Launched, launch } from '../support/launch.js';

/** What a visitor is shown and what the avatar is told to say first. */
async function told(service: Launched, body: CreateSessionBody = {}) {
  const [session, client] = await Promise.all([service.createSession(body), service.connect()]);
  const join = await client.data('join', { token: session.token });
  await setUpMedia(client, join);
  await client.data('resume', {});
  const { text } = await client.event('utterance-end');
  return { shown: join.disclosure, language: join.language, greeting: /greeting: (.*); history/.exec(text)?.[1] };
}

describe('disclosure', () => {
  let service: Launched;
  beforeAll(async () => {
    service = await launch({ VISAVIS_LANGUAGE: 'de', VISAVIS_SPEECH: 'piper' });
  });
  afterAll(() => service.close());
  afterEach(() => service.closeClients());

  it('is shown in the service’s language and spoken in the voice’s', async () => {
    expect(await told(service)).toEqual({
      shown: wordingOf('de').disclosure,
      language: 'de',
      greeting: wordingOf('en').greeting('Tess'),
    });
  });

  it('is shown in the language that the session asks for', async () => {
    expect(await told(service, { language: 'ja' })).toMatchObject({
      shown: wordingOf('ja').disclosure,
      language: 'ja',
    });
  });

  it('is spoken before a greeting that leaves it away, and shown when there is none', async () => {
    const custom = await told(service, { greeting: 'Hi, I am a real person.' });
    expect(custom.greeting).toBe('You are talking with an AI. Hi, I am a real person.');
    const silent = await told(service, { greeting: null });
    expect(silent).toMatchObject({ greeting: 'null', shown: wordingOf('de').disclosure });
  });

  it('refuses a language that it has no words in', async () => {
    const response = await fetch(`${service.origin}/v1/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"language":"tlh"}',
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { field: 'language' } });
  });
});

describe('disclosure that the operator takes on', () => {
  it('leaves line and greeting to the operator', async () => {
    const service = await launch({ VISAVIS_DISCLOSURE_OFF: DISCLOSURE_OFF, VISAVIS_GREETING: 'Welcome.' });
    try {
      expect(await told(service)).toEqual({ shown: '', language: 'en', greeting: 'Welcome.' });
    } finally {
      await service.close();
    }
  });
});
