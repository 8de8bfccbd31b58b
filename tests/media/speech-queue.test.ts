import { describe, expect, test } from 'vitest';
import type { SpeechSegment } from '../../src/media/output-protocol.js';
import { MAX_QUEUED_SAMPLES, type SpeechEvent, SpeechQueue } from '../../src/media/speech-queue.js';
import { flatSegment, seededRandom } from '../support/media.js';

const BLOCK = 960;

function render(
  queue: SpeechQueue,
  blocks = 1,
): { samples: Int16Array; events: (SpeechEvent & { atSample: number })[] } {
  const samples = new Int16Array(blocks * BLOCK);
  const events: (SpeechEvent & { atSample: number })[] = [];
  for (let block = 0; block < blocks; block++) {
    const found: SpeechEvent[] = [];
    queue.render(samples.subarray(block * BLOCK, (block + 1) * BLOCK), found);
    events.push(...found.map((event) => ({ ...event, atSample: block * BLOCK + event.offsetSamples })));
  }
  return { samples, events };
}

const ramp = (segmentId: number, utteranceId: number, from: number, count: number): SpeechSegment => ({
  segmentId,
  utteranceId,
  samples: Int16Array.from({ length: count }, (_, i) => from + i),
  words: [],
});

const biggestStep = (samples: Int16Array): number =>
  samples.reduce((most, value, i) => (i === 0 ? 0 : Math.max(most, Math.abs(value - samples[i - 1]!))), 0);

test('without speech there is silence, for ever and without events', () => {
  const { samples, events } = render(new SpeechQueue(), 50);
  expect(samples.every((value) => value === 0)).toBe(true);
  expect(events).toEqual([]);
});

test('segments of any length join without a gap, to the sample', () => {
  const queue = new SpeechQueue();
  queue.add(ramp(1, 1, 1, 1000));
  queue.add(ramp(2, 1, 1001, 333));
  queue.add(ramp(3, 1, 1334, 700));
  queue.complete(1);
  const { samples, events } = render(queue, 3);
  expect([...samples.subarray(0, 2033)]).toEqual(Array.from({ length: 2033 }, (_, i) => i + 1));
  expect(samples.subarray(2033).every((value) => value === 0)).toBe(true);
  expect(events.map(({ type, atSample }) => [type, atSample])).toEqual([
    ['segment-started', 0],
    ['segment-started', 1000],
    ['segment-started', 1333],
    ['utterance-sent', 2033],
  ]);
});

test('each word is reported once, at its first sample; one beyond the end with the last samples', () => {
  const queue = new SpeechQueue();
  const words = [
    { index: 1, text: 'b', startSample: 959 },
    { index: 0, text: 'a', startSample: 0 },
    { index: 2, text: 'c', startSample: 960 },
    { index: 3, text: 'd', startSample: 99_999 },
  ];
  queue.add({ ...flatSegment(1, 1, 2000), words });
  const { events } = render(queue, 4);
  const found = events.flatMap((event) => (event.type === 'word' ? [[event.text, event.atSample]] : []));
  expect(found).toEqual([
    ['a', 0],
    ['b', 959],
    ['c', 960],
    ['d', 1999],
  ]);
});

test('an utterance that ends with a block is reported with that block', () => {
  const queue = new SpeechQueue();
  queue.add(flatSegment(1, 1, BLOCK));
  queue.complete(1);
  expect(render(queue).events.map((event) => event.type)).toEqual(['segment-started', 'utterance-sent']);
});

test('an end that is told late, and an empty utterance, are reported with the next block', () => {
  const queue = new SpeechQueue();
  queue.add(flatSegment(1, 1, 10));
  render(queue, 2);
  queue.complete(1);
  queue.complete(2);
  expect(render(queue).events).toMatchObject([
    { type: 'utterance-sent', utteranceId: 1, offsetSamples: 0 },
    { type: 'utterance-sent', utteranceId: 2, offsetSamples: 0 },
  ]);
});

test('a segment without samples still reports its start and words', () => {
  const queue = new SpeechQueue();
  queue.add({ ...flatSegment(1, 1, 0), words: [{ index: 0, text: 'x', startSample: 0 }] });
  queue.add(flatSegment(2, 1, 5));
  expect(render(queue).events.map((event) => event.type)).toEqual([
    'segment-started',
    'word',
    'segment-started',
    'underrun',
  ]);
});

test('running dry inside an utterance is reported once per stall, and never between utterances', () => {
  const queue = new SpeechQueue();
  queue.add(flatSegment(1, 1, 100));
  expect(render(queue, 3).events.filter((event) => event.type === 'underrun')).toEqual([
    expect.objectContaining({ utteranceId: 1, offsetSamples: 100 }),
  ]);
  queue.add(flatSegment(2, 1, 100));
  queue.complete(1);
  expect(render(queue, 3).events.map((event) => event.type)).toEqual(['segment-started', 'utterance-sent']);
});

test('more than 120 s is refused as a whole, and room comes back as it is heard', () => {
  const queue = new SpeechQueue();
  queue.add(flatSegment(1, 1, MAX_QUEUED_SAMPLES - 100));
  expect(() => queue.add(flatSegment(2, 1, 101))).toThrowError(expect.objectContaining({ code: 'too-large' }));
  expect(queue.queuedSamples).toBe(MAX_QUEUED_SAMPLES - 100);
  render(queue);
  queue.add(flatSegment(2, 1, 101));
  expect(queue.queuedSamples).toBe(MAX_QUEUED_SAMPLES - BLOCK + 1);
});

describe('gain', () => {
  test('ramps without a step, holds, and comes back exactly', () => {
    const queue = new SpeechQueue();
    queue.add(flatSegment(1, 1, 10 * BLOCK, 10_000));
    const plain = render(queue).samples;
    queue.setGain(0.2, 60);
    const down = render(queue, 4).samples;
    queue.setGain(1, 60);
    const up = render(queue, 5).samples;
    expect(new Set(plain)).toEqual(new Set([10_000]));
    expect(down.at(-1)).toBe(2000);
    expect(down[0]).toBe(10_000);
    // 8000 over 2880 samples along a cosine: at most π/2 times the mean slope.
    expect(biggestStep(Int16Array.from([...plain, ...down, ...up]))).toBeLessThanOrEqual(5);
    expect(up.at(-1)).toBe(10_000);
  });

  test('a new ramp begins where the last one is', () => {
    const queue = new SpeechQueue();
    queue.add(flatSegment(1, 1, 10 * BLOCK, 20_000));
    queue.setGain(0, 100);
    const first = render(queue, 2).samples;
    queue.setGain(1, 100);
    const second = render(queue, 6).samples;
    expect(Math.abs(second[0]! - first.at(-1)!)).toBeLessThanOrEqual(8);
    expect(second.at(-1)).toBe(20_000);
  });

  test('goes on while nothing is spoken', () => {
    const queue = new SpeechQueue();
    queue.setGain(0.5, 20);
    render(queue, 1);
    queue.add(flatSegment(1, 1, BLOCK, 1000));
    expect(new Set(render(queue).samples)).toEqual(new Set([500]));
  });

  test('a step without a ramp acts at once; loud speech is clipped, not wrapped', () => {
    const queue = new SpeechQueue();
    queue.add(flatSegment(1, 1, BLOCK, 30_000));
    queue.setGain(2, 0);
    expect(new Set(render(queue).samples)).toEqual(new Set([32_767]));
  });
});

describe('clear', () => {
  test('in mid-word gives the last sample heard, fades out, and says nothing of what is not heard', () => {
    const queue = new SpeechQueue();
    const words = [
      { index: 0, text: 'heard', startSample: 100 },
      { index: 1, text: 'fading', startSample: 2 * BLOCK + 10 },
    ];
    queue.add({ ...flatSegment(5, 1, 20 * BLOCK, 12_000), words });
    queue.complete(1);
    const before = render(queue, 2);
    expect(queue.clear(20)).toEqual({ segmentId: 5, positionMs: 40 });
    const after = render(queue, 5);
    expect(before.events.map((event) => event.type)).toEqual(['segment-started', 'word']);
    expect(after.events).toEqual([]);
    const joined = Int16Array.from([...before.samples, ...after.samples]);
    // 12000 over 960 samples along a cosine.
    expect(biggestStep(joined)).toBeLessThanOrEqual(20);
    expect(after.samples.subarray(BLOCK).every((value) => value === 0)).toBe(true);
    expect(after.samples[BLOCK / 2]).toBeCloseTo(6000, -2);
    expect(queue.queuedSamples).toBe(0);
  });

  test('fades from a ducked voice without a step, and the next voice is full', () => {
    const queue = new SpeechQueue();
    queue.add(flatSegment(1, 1, 20 * BLOCK, 10_000));
    queue.setGain(0.2, 20);
    const before = render(queue, 2).samples;
    queue.clear(20);
    queue.add(flatSegment(2, 2, BLOCK, 9000));
    const after = render(queue, 2).samples;
    expect(Math.abs(after[0]! - before.at(-1)!)).toBeLessThanOrEqual(20);
    expect(new Set(after.subarray(BLOCK))).toEqual(new Set([9000]));
  });

  test('new speech begins right after the fade, inside a block', () => {
    const queue = new SpeechQueue();
    queue.add(flatSegment(1, 1, 20 * BLOCK, 10_000));
    render(queue);
    queue.clear(10);
    queue.add(flatSegment(2, 2, 100, 777));
    const { samples, events } = render(queue);
    expect(events[0]).toMatchObject({ type: 'segment-started', segmentId: 2, offsetSamples: 480 });
    expect(samples[480]).toBe(777);
  });

  test('gives null when nothing was heard: idle, not begun, or over', () => {
    const queue = new SpeechQueue();
    expect(queue.clear(20)).toBeNull();
    queue.add(flatSegment(1, 1, 5000, 5000));
    expect(queue.clear(20)).toBeNull();
    expect(render(queue).samples.every((value) => value === 0)).toBe(true);
    queue.add(flatSegment(2, 2, 10));
    queue.complete(2);
    render(queue);
    expect(queue.clear(20)).toBeNull();
  });

  test('while starved gives the end of what was heard', () => {
    const queue = new SpeechQueue();
    queue.add(flatSegment(3, 1, 480));
    render(queue, 5);
    expect(queue.clear(20)).toEqual({ segmentId: 3, positionMs: 10 });
  });

  test('twice in a row lets the first fade finish', () => {
    const queue = new SpeechQueue();
    queue.add(flatSegment(1, 1, 20 * BLOCK, 10_000));
    render(queue);
    queue.clear(40);
    const first = render(queue).samples;
    expect(queue.clear(40)).toBeNull();
    const second = render(queue, 2).samples;
    expect(Math.abs(second[0]! - first.at(-1)!)).toBeLessThanOrEqual(10);
    expect(second.subarray(BLOCK).every((value) => value === 0)).toBe(true);
  });
});

test('the place in the speech is foretold, also across segments', () => {
  const queue = new SpeechQueue();
  queue.add(flatSegment(1, 1, 1440));
  queue.add(flatSegment(2, 1, 960));
  expect(queue.positionAfter(0)).toEqual({ segmentId: 1, positionMs: 0 });
  expect(queue.positionAfter(960)).toEqual({ segmentId: 1, positionMs: 20 });
  expect(queue.positionAfter(1920)).toEqual({ segmentId: 2, positionMs: 10 });
  expect(queue.positionAfter(2400)).toBeNull();
  render(queue);
  expect(queue.positionAfter(0)).toEqual({ segmentId: 1, positionMs: 20 });
  queue.clear(20);
  expect(queue.positionAfter(0)).toBeNull();
});

test.each([1, 2, 3, 4, 5, 6])('every sample queued is heard once or cleared, whatever happens (seed %i)', (seed) => {
  const random = seededRandom(seed);
  const queue = new SpeechQueue();
  let nextValue = 1;
  let segmentId = 0;
  let utteranceId = 1;
  let added = 0;
  let cleared = 0;
  let heardEnd = 0;
  const heard: number[] = [];
  const lengths = new Map<number, number>();
  const started: number[] = [];
  const words: string[] = [];
  const expectedWords: string[] = [];
  for (let step = 0; step < 3000; step++) {
    const dice = random();
    if (dice < 0.25) {
      const length = Math.floor(random() * 3000);
      const samples = Int16Array.from({ length }, () => {
        nextValue = (nextValue % 30_000) + 1;
        return nextValue;
      });
      segmentId++;
      lengths.set(segmentId, length);
      if (length > 0) expectedWords.push(`w${segmentId}`);
      const startSample = Math.floor(random() * length);
      const word = { index: 0, text: `w${segmentId}`, startSample };
      queue.add({ segmentId, utteranceId, samples, words: length > 0 ? [word] : [] });
      added += length;
    } else if (dice < 0.3) queue.complete(utteranceId++);
    else if (dice < 0.32) {
      cleared += queue.queuedSamples;
      const position = queue.clear(0);
      if (position !== null) {
        expect(position.positionMs * 48).toBeLessThanOrEqual(lengths.get(position.segmentId)! + 1e-6);
        heardEnd++;
      }
      // Only words whose sample was played may have been told.
      expectedWords.length = 0;
      expectedWords.push(...words);
      utteranceId++;
    } else {
      const foretold = queue.positionAfter(0);
      const { samples, events } = render(queue);
      heard.push(...samples.filter((value) => value !== 0));
      for (const event of events) {
        if (event.type === 'segment-started') started.push(event.segmentId);
        if (event.type === 'word') words.push(event.text);
      }
      if (foretold !== null) expect(samples[0]).not.toBe(0);
    }
  }
  expect(heard.length + cleared + queue.queuedSamples).toBe(added);
  expect(heardEnd).toBeGreaterThan(0);
  expect([...started].sort((a, b) => a - b)).toEqual(started);
  expect(words).toEqual(expectedWords.slice(0, words.length));
});
