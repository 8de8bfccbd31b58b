import { describe, expect, it } from 'vitest';
import { flatten, historyBreaks, summarise, timeToPicture, timeToSound } from '../../src/bench/fault-measures.js';
import type { ChatTurn } from '../../src/bench/scripted-model.js';

const every40 = (from: number, to: number) => Array.from({ length: (to - from) / 40 }, (_, i) => from + 40 * i);
const user = (content: string): ChatTurn => ({ role: 'user', content });
const assistant = (content: string): ChatTurn => ({ role: 'assistant', content });

describe('the time to the picture', () => {
  it('is that of the first picture after the freeze', () => {
    expect(timeToPicture([...every40(0, 1_000), ...every40(2_200, 10_000)], 1_000, 9_000)).toBe(1_200);
  });

  it('counts to the end of the last freeze that began soon after the failure', () => {
    const frames = [
      ...every40(0, 1_000),
      ...every40(2_000, 2_400),
      ...every40(4_000, 6_000),
      ...every40(7_000, 10_000),
    ];
    expect(timeToPicture(frames, 1_000, 9_000)).toBe(3_000);
  });

  it('is nothing when no freeze was to be seen, and unknown when it never came back', () => {
    expect(timeToPicture(every40(0, 10_000), 1_000, 9_000)).toBe(0);
    expect(timeToPicture(every40(0, 1_000), 1_000, 9_000)).toBeUndefined();
  });
});

describe('the time to the sound', () => {
  it('leaves out what was on its way already', () => {
    const voiced = [1_020, 1_250, 2_100];
    expect(timeToSound((since) => voiced.find((at) => at >= since), 1_000)).toBe(1_100);
    expect(timeToSound(() => undefined, 1_000)).toBeUndefined();
  });
});

describe('histories', () => {
  it('are the same whatever the cut and the punctuation', () => {
    expect(flatten([user('Hello.'), user('Are you there?'), assistant(''), assistant('Yes —')])).toBe(
      flatten([user('hello are you there'), assistant('Yes')]),
    );
  });

  it('break where a request does not begin with what the one before knew', () => {
    const first = [user('One.')];
    const second = [...first, assistant('Two.'), user('Three.')];
    expect(historyBreaks([first, second, [...second, assistant('Four')]])).toBe(0);
    expect(historyBreaks([first, second, [user('Three.')]])).toBe(1);
    expect(historyBreaks([first, [user('One, or rather another.')], [user('One.'), assistant('Two.')]])).toBe(0);
  });
});

describe('a summary', () => {
  it('counts what never happened apart', () => {
    expect(summarise([100, undefined, 300])).toEqual({ p50: 200, p95: 290, max: 300, n: 3, never: 1 });
  });
});
