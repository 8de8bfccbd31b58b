import { describe, expect, it } from 'vitest';
import { Articulation } from '../../../../src/inference/avatar/motion/articulation.js';
import { ARTICULATOR, ARTICULATOR_COUNT } from '../../../../src/inference/avatar/motion/visemes.js';
import { speechOf } from '../stock.js';

/** Every millisecond of a stretch of speech. */
function courseOf(items: string) {
  const speech = speechOf(1, items);
  const articulation = new Articulation(speech);
  const course = Array.from({ length: Math.floor(speech.durationMs) }, (_, ms) => {
    const out = new Float32Array(ARTICULATOR_COUNT);
    articulation.at(ms, out);
    return out;
  });
  return { course, phonemes: speech.phonemes! };
}

const closed = (a: Float32Array) => a[ARTICULATOR.close]! > 0.999;
const opening = (a: Float32Array) => a[ARTICULATOR.jaw]! * (1 - a[ARTICULATOR.close]!);

describe('articulation', () => {
  it.each(['p:70 ˈ:40 æ:90 m:80', 'm:35 ˈ:40 ɑ:100 m:58', 'p:38 ˈ:40 ɑ:90 p:64', 'b:120 ˈ:40 i:60 b:120'])(
    'closes the lips for longer than a frame at both ends of a hurried vowel, within their sounds or a frame beside: %s',
    (items) => {
      const { course, phonemes } = courseOf(`s:120 ${items} s:120`);
      for (const { startMs, endMs } of phonemes.filter(({ symbol }) => 'pbm'.includes(symbol))) {
        const around = course.slice(startMs - 40, endMs + 40);
        expect(around.filter(closed).length).toBeGreaterThan(40);
        expect(course.slice(startMs, endMs).some(closed)).toBe(true);
      }
    },
  );

  it('gives a vowel between two contacts time that they can spare: lips part before a hurried contact’s sound is over', () => {
    const { course, phonemes } = courseOf('s:120 p:80 ˈ:40 ɑ:90 m:80 s:120');
    const [, p, , m] = phonemes;
    expect(closed(course[Math.round(p!.endMs) - 25]!)).toBe(false);
    expect(closed(course[Math.round(m!.startMs) + 8]!)).toBe(false);
    const apart = courseOf('s:120 p:80 ˈ:40 ɑ:290 m:80 s:120');
    expect(closed(apart.course[Math.round(apart.phonemes[1]!.endMs) - 25]!)).toBe(true);
  });

  it('lets the upper lip make up for what the jaw has no time for', () => {
    const raised = (items: string) => {
      const { course } = courseOf(items);
      const widest = course.reduce((a, b) => (opening(b) > opening(a) ? b : a));
      return { jaw: widest[ARTICULATOR.jaw]!, raise: widest[ARTICULATOR.raise]! };
    };
    const hurried = raised('s:120 p:70 ˈ:40 ɑ:80 p:70 s:120');
    const unhurried = raised('s:120 p:70 ˈ:40 ɑ:400 p:70 s:120');
    expect(hurried.jaw).toBeLessThan(0.7 * unhurried.jaw);
    expect(hurried.raise).toBeGreaterThan(1.3 * unhurried.raise);
    expect(hurried.raise).toBeLessThanOrEqual(1);
  });
});
