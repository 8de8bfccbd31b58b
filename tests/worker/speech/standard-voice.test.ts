import { describe, expect, it } from 'vitest';
import { chooseStandardVoice, FIRST_SEGMENT_LIMIT_MS } from '../../../src/worker/speech/standard-voice.js';

function engine(kokoroMs: readonly number[]) {
  const asked: string[] = [];
  const speak = async (name: string) => {
    asked.push(name);
    return kokoroMs[asked.length - 1] ?? 50;
  };
  return { asked, speak };
}

describe('the standard voice', () => {
  it('is Kokoro where a first segment is made in time, whatever the first run took', async () => {
    const { asked, speak } = engine([2_000, FIRST_SEGMENT_LIMIT_MS]);
    expect(await chooseStandardVoice(speak, () => true)).toEqual({
      standard: 'kokoro',
      kokoroMs: FIRST_SEGMENT_LIMIT_MS,
    });
    expect(asked).not.toContain('piper');
  });

  it('is known after one run on a fast machine', async () => {
    const { asked, speak } = engine([200]);
    expect(await chooseStandardVoice(speak, () => true)).toEqual({ standard: 'kokoro', kokoroMs: 200 });
    expect(asked).toHaveLength(1);
  });

  it('is Piper, loaded, on a slower machine', async () => {
    const { asked, speak } = engine([2_000, 650]);
    expect(await chooseStandardVoice(speak, () => true)).toEqual({ standard: 'piper', kokoroMs: 650 });
    expect(asked.at(-1)).toBe('piper');
  });

  it('stays Kokoro on a slow machine without Piper', async () => {
    const { speak } = engine([2_000, 650]);
    expect(await chooseStandardVoice(speak, () => false)).toEqual({ standard: 'kokoro', kokoroMs: 650 });
  });
});
