import { describe, expect, it } from 'vitest';
import { parseTalkArguments } from '../../src/talk/arguments.js';

describe('the options of visavis talk', () => {
  it('keep what is said in the order in which it was given', () => {
    const options = parseTalkArguments(['--ask', 'One?', '--wav', 'two.wav', '--say', 'Three.', '--wav', 'four.wav']);
    expect(options?.steps).toEqual([
      { kind: 'ask', text: 'One?' },
      { kind: 'wav', path: 'two.wav' },
      { kind: 'say', text: 'Three.' },
      { kind: 'wav', path: 'four.wav' },
    ]);
  });

  it('have defaults: a silent start at the standard address', () => {
    expect(parseTalkArguments(['--ask', 'Hello?'])).toMatchObject({
      url: 'http://127.0.0.1:7860',
      session: { greeting: null },
      every: 25,
      json: false,
      replyLimitMs: 60_000,
    });
  });

  it('describe the session to create', () => {
    const args = ['--greeting', 'Welcome.', '--avatar', 'ines', '--voice', 'af_heart', '--speech', 'piper'];
    expect(parseTalkArguments(args)).toMatchObject({
      steps: [],
      session: { greeting: 'Welcome.', avatar: 'ines', voice: 'af_heart', speech: 'piper' },
    });
  });

  it('ask for help', () => {
    expect(parseTalkArguments(['--help'])).toBeUndefined();
  });

  it.each([
    [[], /nothing to say/],
    [['--greeting', 'none'], /nothing to say/],
    [['--ask', 'x', '--loud'], /--loud/],
    [['--ask'], /--ask/],
    [['--ask', 'x', '--url', 'nowhere'], /--url: expected an address/],
    [['--ask', 'x', '--every', '0'], /--every: expected a whole number/],
    [['--ask', 'x', '--limit', 'soon'], /--limit: expected a whole number/],
    [['--ask', 'x', '--speech', 'flite'], /--speech: expected one of kokoro/],
    [['--ask', 'x', '--token', 't', '--avatar', 'ines'], /--token/],
  ])('%j are refused', (args, reason) => {
    expect(() => parseTalkArguments(args)).toThrow(reason);
  });
});
