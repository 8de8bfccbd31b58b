import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadAvatarPackage } from '../../src/inference/avatar/package.js';
import { main } from '../../src/preview/main.js';
import { framesOf, liveliest } from '../../src/preview/spoken.js';
import { drawStrip, STRIP_FRAMES } from '../../src/preview/strip.js';
import { speechOf, stockFolder } from '../inference/avatar/stock.js';

const avatars = [join(stockFolder('mara'), '..')];

/** 600 ms of silence, then four syllables. */
function recital() {
  const { segmentId: _, ...speech } = speechOf(1, '_:600 m:60 ɑ:140 m:60 i:140 p:60 u:140 f:60 ɑ:140');
  const words = [{ text: 'syllables', startMs: 630, endMs: 1_430 }];
  const { durationMs } = speech;
  return { text: 'syllables', parts: [{ startMs: 0, speech, words }], durationMs, samples: new Float32Array(1) };
}

describe('visavis avatar preview --strip', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'visavis-strip-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('moves the face through every frame of the speech and knows which word is heard', () => {
    const frames = framesOf(recital());
    expect(frames.length).toBe(Math.ceil(recital().durationMs / 40));
    expect(frames[3]!.word).toBe('');
    expect(frames[20]).toMatchObject({ atMs: 800, word: 'syllables' });
    expect(frames[18]!.motion).not.toEqual(frames[20]!.motion);
  });

  it('chooses the liveliest stretch', () => {
    const frames = framesOf(recital());
    expect(liveliest(frames, STRIP_FRAMES)).toBeGreaterThanOrEqual(13);
    expect(liveliest(frames.slice(0, 5), STRIP_FRAMES)).toBe(0);
  });

  it('draws mouths and faces four in a row, no two of a moving mouth alike', async () => {
    const avatar = await loadAvatarPackage(stockFolder('mara'));
    const frames = framesOf(recital()).slice(16, 22);
    const [mouth, face] = [await drawStrip(avatar, frames, 'mouth'), await drawStrip(avatar, frames, 'face')];
    expect(mouth.width).toBe(face.width);
    expect(face.height).toBeGreaterThan(mouth.height);
    const cell = (i: number) => {
      const sums: number[] = [];
      for (let y = 4; y < 220; y += 3)
        for (let x = 4; x < 276; x += 3) sums.push(mouth.data[(y * mouth.width + 2 + i * 282 + x) * 3]!);
      return sums;
    };
    expect(cell(0)).not.toEqual(cell(1));
  });

  it('says which option is wrong', async () => {
    const out = join(folder, 'strip.png');
    const run = (...more: string[]) => main(['preview', 'mara', '--strip', out, ...more], avatars);
    await expect(run('--part', 'ear')).rejects.toMatchObject({ code: 'bad-request', field: 'part' });
    await expect(run('--from', 'now')).rejects.toMatchObject({ code: 'bad-request', field: 'from' });
    await expect(run('--sheet', out)).rejects.toMatchObject({ code: 'bad-request', field: 'sheet' });
    await expect(run('--say', '')).rejects.toMatchObject({ code: 'bad-request' });
    await expect(main(['preview', 'mara', '--sheet', out, '--part', 'mouth'], avatars)).rejects.toMatchObject({
      code: 'bad-request',
      field: 'part',
    });
  });
});
