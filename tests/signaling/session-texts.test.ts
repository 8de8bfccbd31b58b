import { describe, expect, it } from 'vitest';
import { DISCLOSURE_OFF, loadConfig } from '../../src/config.js';
import { LANGUAGES } from '../../src/languages.js';
import { createSessionBody } from '../../src/signaling/messages.js';
import { badgeText, disclosureWarnings, sessionTexts } from '../../src/signaling/session-texts.js';
import { admitsToBeAi, wordingOf } from '../../src/wording.js';

type Speech = Parameters<typeof sessionTexts>[0]['speech'];

function texts(env: Record<string, string>, request: Record<string, unknown> = {}, speech: Speech = 'kokoro') {
  return sessionTexts({ config: loadConfig(env), request: createSessionBody.parse(request), name: 'Mara', speech });
}

describe('texts of a session', () => {
  it('are English and say that the avatar is an AI when nothing is set', () => {
    const en = wordingOf('en');
    expect(texts({})).toEqual({
      disclosure: { text: en.disclosure, language: 'en' },
      badge: 'AI',
      spokenLanguage: 'en',
      greeting: en.greeting('Mara'),
      apology: en.apology,
    });
  });

  it('are written in the service’s language and spoken in one that the voice has', () => {
    const german = texts({ VISAVIS_LANGUAGE: 'de' });
    expect(german).toMatchObject({ badge: 'KI', spokenLanguage: 'en', apology: wordingOf('en').apology });
    expect(german.disclosure).toEqual({ text: wordingOf('de').disclosure, language: 'de' });
    expect(texts({ VISAVIS_LANGUAGE: 'de' }, {}, 'openai').greeting).toBe(wordingOf('de').greeting('Mara'));
  });

  it('follow the language that the session asks for', () => {
    expect(texts({ VISAVIS_LANGUAGE: 'de' }, { language: 'fr' })).toMatchObject({
      badge: 'IA',
      disclosure: { language: 'fr' },
    });
  });

  it.each(LANGUAGES)('disclose in %s beside the picture, in it, and aloud', (language) => {
    const { disclosure, badge, greeting } = texts({}, { language }, 'openai');
    expect(admitsToBeAi(disclosure.text)).toBe(true);
    expect(badge).not.toBeNull();
    expect(admitsToBeAi(greeting ?? '')).toBe(true);
  });

  it('keep an operator’s words, in the operator’s language', () => {
    const env = {
      VISAVIS_LANGUAGE: 'de',
      VISAVIS_DISCLOSURE: 'Hier antwortet die KI von Beispiel.',
      VISAVIS_DISCLOSURE_BADGE: 'KI-Avatar',
    };
    expect(texts(env, { language: 'fr' })).toMatchObject({
      disclosure: { text: env.VISAVIS_DISCLOSURE, language: 'de' },
      badge: 'KI-Avatar',
    });
  });

  it.each([
    ['VISAVIS_GREETING', { VISAVIS_GREETING: 'Hi, I am Jane!' }, {}],
    ['a request', {}, { greeting: 'Hi, I am Jane!' }],
    ['a request that says it is human', {}, { greeting: 'Hi, I am Jane and I am not an AI.' }],
  ])('say that it is an AI before a greeting from %s', (_from, env, request) => {
    expect(texts(env as Record<string, string>, request).greeting).toMatch(
      /^You are talking with an AI\. Hi, I am Jane/,
    );
  });

  it.each([{ greeting: null }, { greeting: '' }])('keep badge and line when nothing is to be said (%j)', (request) => {
    expect(texts({}, request)).toMatchObject({
      greeting: null,
      badge: 'AI',
      disclosure: { text: wordingOf('en').disclosure },
    });
  });

  it.each(['', ' ', 'on', 'off', 'true', '1', 'yes'])('are not silenced by VISAVIS_DISCLOSURE_OFF=%j', (value) => {
    const env = { VISAVIS_DISCLOSURE_OFF: value };
    if (value.trim() === '') expect(texts(env).badge).toBe('AI');
    else expect(() => texts(env)).toThrow(/VISAVIS_DISCLOSURE_OFF: expected one of visitors-are-told-by-other-means/);
  });

  it.each(['VISAVIS_DISCLOSURE', 'VISAVIS_DISCLOSURE_BADGE'])('are not silenced by an empty %s', (name) => {
    expect(texts({ [name]: ' ' })).toEqual(texts({}));
  });

  it('leave disclosure away when the operator takes it on', () => {
    const env = { VISAVIS_DISCLOSURE_OFF: DISCLOSURE_OFF, VISAVIS_GREETING: 'Welcome!' };
    expect(texts(env)).toMatchObject({ disclosure: { text: '' }, badge: null, greeting: 'Welcome!' });
  });
});

describe('badge text', () => {
  it('is the language’s, the operator’s, or none', () => {
    expect(badgeText(loadConfig({}), 'de')).toBe('KI');
    expect(badgeText(loadConfig({ VISAVIS_DISCLOSURE_BADGE: 'Robot' }), 'de')).toBe('Robot');
    expect(badgeText(loadConfig({ VISAVIS_DISCLOSURE_OFF: DISCLOSURE_OFF }), 'de')).toBeNull();
  });
});

describe('disclosure warnings', () => {
  it('are none for the standing texts and for a text that names the machine', () => {
    expect(disclosureWarnings(loadConfig({}))).toEqual([]);
    expect(disclosureWarnings(loadConfig({ VISAVIS_DISCLOSURE: 'Tu parles avec un robot.' }))).toEqual([]);
  });

  it('tell of a disclosure that is off, and of one that discloses nothing', () => {
    expect(disclosureWarnings(loadConfig({ VISAVIS_DISCLOSURE_OFF: DISCLOSURE_OFF }))).toEqual([
      expect.stringMatching(/^VISAVIS_DISCLOSURE_OFF is set/),
    ]);
    expect(disclosureWarnings(loadConfig({ VISAVIS_DISCLOSURE: 'Nice to see you!' }))).toEqual([
      expect.stringMatching(/^VISAVIS_DISCLOSURE names neither/),
    ]);
  });
});
