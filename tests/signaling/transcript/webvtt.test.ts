import { describe, expect, it } from 'vitest';
import type { AvatarTurn, Transcript, TranscriptTurn } from '../../../src/signaling/transcript/transcript.js';
import { toWebVtt } from '../../../src/signaling/transcript/webvtt.js';

function vtt(...turns: TranscriptTurn[]): string {
  const transcript: Transcript = {
    ...{ sessionId: 'the-session', avatar: { id: 'mara', name: 'Mara' }, startedAt: '2026-01-01T00:00:00.000Z' },
    ...{ endedAt: null, reason: null, truncated: false, turns },
  };
  return toWebVtt(transcript);
}

function avatar(words: [string, number][], more: Partial<AvatarTurn> = {}): AvatarTurn {
  return {
    ...{ role: 'avatar', utteranceId: 1, text: words.map(([text]) => text).join(' '), startMs: words[0]?.[1] ?? 0 },
    ...{ endMs: (words.at(-1)?.[1] ?? 0) + 400, interrupted: false, aside: false },
    words: words.map(([text, atMs]) => ({ text, atMs })),
    ...more,
  };
}

const visitor = (text: string, startMs: number, endMs: number, participantId = 'ann', turnId = 1): TranscriptTurn => ({
  ...{ role: 'visitor', turnId, participantId, text, startMs, endMs },
});

/** Start and end of each cue, in ms, in the order of the file. */
function times(text: string): [number, number][] {
  const ms = (stamp: string) => {
    const [hours = 0, minutes = 0, seconds = 0] = stamp.split(':').map(Number);
    return Math.round((hours * 3600 + minutes * 60 + seconds) * 1000);
  };
  return [...text.matchAll(/^(\S+) --> (\S+)$/gm)].map(([, from = '', to = '']) => [ms(from), ms(to)]);
}

describe('a transcript as WebVTT', () => {
  it('has each turn with its speaker, and each word of the avatar with its time', () => {
    const text = vtt(
      visitor('What does it cost?', 500, 1_400),
      avatar([
        ['It', 2_000],
        ['costs', 2_200],
        ['nothing.', 3_661],
      ]),
    );
    expect(text).toBe(`WEBVTT

NOTE session the-session, begun at 2026-01-01T00:00:00.000Z

visitor-1
00:00:00.500 --> 00:00:01.400
<v Visitor>What does it cost?

avatar-1-1
00:00:02.000 --> 00:00:04.061
<v Mara>It <00:00:02.200>costs <00:00:03.661>nothing.
`);
  });

  it('marks what was cut off after its last word', () => {
    expect(
      vtt(
        avatar(
          [
            ['It', 0],
            ['costs', 200],
          ],
          { interrupted: true },
        ),
      ),
    ).toContain('<00:00:00.200>costs —\n');
  });

  it('cuts long replies at sentences, and sentences at 84 characters', () => {
    const words = Array.from({ length: 40 }, (_, i): [string, number] => [i === 3 ? 'four.' : `word${i}`, i * 300]);
    const cues = vtt(avatar(words)).split('\n\n').slice(2);
    expect(cues[0]).toMatch(/^avatar-1-1\n.*\n<v Mara>word0 .*four\.$/);
    const plain = cues.map((cue) => (cue.split('\n')[2] ?? '').replace(/<[^>]*>/g, ''));
    expect(Math.max(...plain.map((cue) => cue.length))).toBeLessThanOrEqual(84);
    expect(plain.join(' ').trim()).toBe(words.map(([text]) => text).join(' '));
  });

  it('cuts a long sentence into parts of about the same length', () => {
    const sentence = 'You speak to an avatar in your browser, and it answers with a natural voice and matching lips.';
    const cues = vtt(avatar(sentence.split(' ').map((word, i) => [word, i * 300])))
      .split('\n\n')
      .slice(2);
    const plain = cues.map((cue) => (cue.split('\n')[2] ?? '').replace(/<[^>]*>/g, '').trim());
    expect(plain).toEqual([
      'You speak to an avatar in your browser, and it',
      'answers with a natural voice and matching lips.',
    ]);
  });

  it('takes old words away in a long pause', () => {
    expect(
      times(
        vtt(
          avatar([
            ['One.', 0],
            ['Two.', 9_000],
          ]),
        ),
      ),
    ).toEqual([
      [0, 2_000],
      [9_000, 9_400],
    ]);
  });

  it('has its cues in the order of their starts, each longer than nothing, with rising times inside', () => {
    const text = vtt(
      avatar(
        [
          ['Well,', 5_000],
          ['a', 5_000],
          ['b', 5_100],
        ],
        { endMs: 5_100 },
      ),
      visitor('mm-hm', 4_000, 4_000),
      avatar([['So', 6_000]], { utteranceId: 2, endMs: null }),
    );
    expect(times(text)).toEqual([
      [4_000, 4_500],
      [5_000, 5_100],
      [6_000, 6_500],
    ]);
    expect(text).toContain('<v Mara>Well, a b\n');
  });

  it('tells visitors apart', () => {
    const text = vtt(visitor('Hi.', 0, 900), visitor('Hello.', 1_000, 1_900, 'bob', 2));
    expect(text).toContain('<v Visitor 1>Hi.');
    expect(text).toContain('<v Visitor 2>Hello.');
  });

  it('cannot be broken out of by what was said', () => {
    const text = vtt(visitor('</v> <b>&amp;\n\n00:00:00.000 --> 00:00:09.000\nfake', 0, 1_000));
    expect(times(text)).toHaveLength(1);
    expect(text).toContain('<v Visitor>&lt;/v&gt; &lt;b&gt;&amp;amp; 00:00:00.000 --&gt; 00:00:09.000 fake\n');
  });

  it('counts beyond an hour', () => {
    expect(vtt(visitor('Still here.', 36_061_007, 36_062_007))).toContain('10:01:01.007 --> 10:01:02.007');
  });
});
