import { describe, expect, it } from 'vitest';
import {
  type SegmentEvent,
  type SegmenterOptions,
  SpeechSegmenter,
} from '../../../src/inference/speech/speech-segmenter.js';

const OPTIONS: Partial<SegmenterOptions> = { redemptionMs: 96, minSpeechMs: 64, maxSegmentMs: 960 };

/** `'#'` speech, `'+'` between the thresholds, `'.'` silence; one window of 32 ms each. */
async function events(windows: string, segmenter = new SpeechSegmenter(OPTIONS)): Promise<SegmentEvent[]> {
  const out: SegmentEvent[] = [];
  for (const window of windows) {
    const event = await segmenter.accept(window === '#' ? 0.9 : window === '+' ? 0.4 : 0.05);
    if (event) out.push(event);
  }
  return out;
}

describe('SpeechSegmenter', () => {
  it('says when speech starts and, after the silence that ends it, where it ended', async () => {
    expect(await events('..####...')).toEqual([
      { type: 'speech-start', startMs: 64 },
      { type: 'speech-end', startMs: 64, endMs: 192 },
    ]);
  });

  it('bridges pauses shorter than the redemption time', async () => {
    expect(await events('####..####...')).toEqual([
      { type: 'speech-start', startMs: 0 },
      { type: 'speech-end', startMs: 0, endMs: 320 },
    ]);
  });

  it('lets windows between the thresholds neither start nor end anything', async () => {
    expect(await events('++++')).toEqual([]);
    expect(await events('####++++++')).toEqual([{ type: 'speech-start', startMs: 0 }]);
  });

  it('calls a sound too short to be speech a misfire', async () => {
    expect(await events('.#...')).toEqual([
      { type: 'speech-start', startMs: 32 },
      { type: 'misfire', startMs: 32 },
    ]);
  });

  it('ends a segment that does not end by itself, so that nothing grows without bound', async () => {
    const long = await events('#'.repeat(65));
    expect(long.map((event) => [event.type, event.startMs])).toEqual([
      ['speech-start', 0],
      ['speech-end', 0],
      ['speech-start', 960],
      ['speech-end', 960],
      ['speech-start', 1_920],
    ]);
  });

  it('ends the segment under way when the audio ends', async () => {
    const segmenter = new SpeechSegmenter(OPTIONS);
    await events('####', segmenter);
    expect(segmenter.finish()).toEqual({ type: 'speech-end', startMs: 0, endMs: 128 });
    expect(segmenter.finish()).toBeNull();
  });

  it('counts from zero again after reset', async () => {
    const segmenter = new SpeechSegmenter(OPTIONS);
    await events('..####', segmenter);
    segmenter.reset();
    expect(await events('.##', segmenter)).toEqual([{ type: 'speech-start', startMs: 32 }]);
  });

  it('refuses thresholds that cross', () => {
    expect(() => new SpeechSegmenter({ positiveThreshold: 0.3, negativeThreshold: 0.5 })).toThrow('negativeThreshold');
    expect(() => new SpeechSegmenter({ maxSegmentMs: 10, redemptionMs: 96 })).toThrow('maxSegmentMs');
  });
});
