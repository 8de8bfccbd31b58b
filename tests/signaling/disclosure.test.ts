import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DISCLOSURE_OFF } from '../../src/config.js';
import type { CreateSessionBody } from '../../src/signaling/messages.js';
import { wordingOf } from '../../src/wording.js';
import { type Launched, launch } from '../support/launch.js';

/** What a visitor is shown; what is spoken is in `media.test.ts`, since it needs media that flows. */
async function shown(service: Launched, body: CreateSessionBody = {}) {
  const [session, client] = await Promise.all([service.createSession(body), service.connect()]);
  const { disclosure, language } = await client.data('join', { token: session.token });
  return { disclosure, language };
}

describe('disclosure', () => {
  let service: Launched;
  beforeAll(async () => {
    service = await launch({ VISAVIS_LANGUAGE: 'de', VISAVIS_SPEECH: 'piper' });
  });
  afterAll(() => service.close());
  afterEach(() => service.closeClients());

  it('is shown in the service’s language', async () => {
    expect(await shown(service)).toEqual({ disclosure: wordingOf('de').disclosure, language: 'de' });
  });

  it('is shown in the language that the session asks for', async () => {
    expect(await shown(service, { language: 'ja' })).toEqual({
      disclosure: wordingOf('ja').disclosure,
      language: 'ja',
    });
  });

  it.each([null, '', 'Hi, I am a real person.'])('is shown whatever the greeting is (%j)', async (greeting) => {
    expect(await shown(service, { greeting })).toMatchObject({ disclosure: wordingOf('de').disclosure });
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
  it('is not shown', async () => {
    const service = await launch({ VISAVIS_DISCLOSURE_OFF: DISCLOSURE_OFF });
    try {
      expect(await shown(service)).toEqual({ disclosure: '', language: 'en' });
    } finally {
      await service.close();
    }
  });
});
