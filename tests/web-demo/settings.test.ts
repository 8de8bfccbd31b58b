import { describe, expect, it } from 'vitest';
import { readSettings } from '../../web-demo/src/settings.js';

describe('readSettings', () => {
  it('asks for nothing when the address says nothing', () => {
    expect(readSettings('')).toEqual({
      autostart: false,
      microphone: true,
      session: {},
      token: undefined,
      language: undefined,
      key: undefined,
    });
  });

  it('asks for a size of the picture that there is', () => {
    expect(readSettings('?size=1024x576').session).toEqual({ size: '1024x576' });
    expect(readSettings('?size=640x480').session).toEqual({});
  });

  it('asks for turn-taking that there is, and for no microphone where nobody would listen', () => {
    expect(readSettings('?turn-taking=push-to-talk').session).toEqual({ turnTaking: 'push-to-talk' });
    expect(readSettings('?turn-taking=rude').session).toEqual({});
    expect(readSettings('?turn-taking=off')).toMatchObject({ microphone: false, session: { turnTaking: 'off' } });
  });

  it('takes a join token from the fragment', () => {
    expect(readSettings('', '#token=a.b-c').token).toBe('a.b-c');
    expect(readSettings('?token=leaked', '').token).toBeUndefined();
  });

  it('takes an API key from the fragment alone, which is sent nowhere', () => {
    expect(readSettings('', '#key=abc').key).toBe('abc');
    expect(readSettings('?key=leaked', '').key).toBeUndefined();
  });

  it('passes avatar, speech and greeting on to the session', () => {
    expect(readSettings('?avatar=mara&speech=piper&greeting=Good%20morning').session).toEqual({
      avatar: 'mara',
      speech: 'piper',
      greeting: 'Good morning',
    });
  });

  it('asks for a silent start with greeting=none', () => {
    expect(readSettings('?greeting=none').session).toEqual({ greeting: null });
  });

  it('takes the language of the page from the address', () => {
    expect(readSettings('?lang=de-AT').language).toBe('de-AT');
    expect(readSettings('?lang=').language).toBeUndefined();
  });

  it('starts by itself without a microphone on request', () => {
    expect(readSettings('?autostart=1&mic=0')).toMatchObject({ autostart: true, microphone: false });
  });

  it('ignores an unknown speech engine and keeps within the limits of the server', () => {
    const { session } = readSettings(`?speech=parrot&greeting=${'a'.repeat(900)}&avatar=${'b'.repeat(90)}`);
    expect(session.speech).toBeUndefined();
    expect(session.greeting).toHaveLength(500);
    expect(session.avatar).toHaveLength(64);
  });
});
