import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MANNER_WORDS, MANNERS, type Manner, mannerWord } from '../../../src/inference/avatar/manner.js';
import { loadAvatarManifest, parseManifest } from '../../../src/inference/avatar/package.js';
import { SPEED_RANGE } from '../../../src/inference/speech/phonemes-speak.js';
import { STOCK, stockFolder } from './stock.js';

const manifest = JSON.parse(await readFile(join(stockFolder('mara'), 'avatar.json'), 'utf8')) as { manner: Manner };

describe('the word for a manner', () => {
  it('is its own for each of the words, and for what lies near', () => {
    for (const word of MANNER_WORDS) {
      expect(mannerWord(MANNERS[word])).toBe(word);
      expect(mannerWord({ ...MANNERS[word], warmth: MANNERS[word].warmth - 0.05 })).toBe(word);
    }
    expect(mannerWord({ warmth: 1, liveliness: 1, directness: 0.6, pace: 1.1 })).toBe('lively');
    expect(mannerWord({ warmth: 0, liveliness: 0, directness: 1, pace: 0.9 })).toBe('calm');
  });

  it('is another one for each stock avatar', async () => {
    const manners = await Promise.all(STOCK.map(async (id) => (await loadAvatarManifest(stockFolder(id))).manner!));
    expect(manners.map(mannerWord)).toEqual(['warm', 'calm', 'lively', 'thoughtful']);
  });
});

describe('the manner in a manifest', () => {
  it('may be absent', () => {
    const { manner: _, ...without } = manifest;
    expect(parseManifest(without)).toEqual(without);
  });

  it('is taken in every number that a word stands for, each of which a voice can speak at', () => {
    for (const manner of Object.values(MANNERS)) {
      expect(parseManifest({ ...manifest, manner }).manner).toEqual(manner);
      expect(manner.pace).toBeGreaterThan(SPEED_RANGE[0]);
      expect(manner.pace).toBeLessThan(SPEED_RANGE[1]);
    }
  });

  it.each([
    ['warmth', 1.01, 'must be 1 or less'],
    ['warmth', -0.1, 'must be 0 or more'],
    ['liveliness', '0.5', 'must be a number from 0 to 1'],
    ['directness', null, 'must be a number from 0 to 1'],
    ['directness', undefined, 'must be a number from 0 to 1'],
    ['pace', 1.2, 'must be 1.1 or less'],
    ['pace', 0.5, 'must be 0.9 or more'],
    ['pace', 'quick', 'must be a number from 0.9 to 1.1'],
  ])('is refused with %s of %j', (field, value, message) => {
    const wrong = { ...manifest, manner: { ...manifest.manner, [field]: value } };
    expect(() => parseManifest(wrong)).toThrow(
      expect.objectContaining({
        ...{ code: 'bad-request', field: `avatar.json.manner.${field}` },
        message: expect.stringContaining(message),
      }),
    );
  });

  it('is refused with a number that nobody knows', () => {
    const wrong = { ...manifest, manner: { ...manifest.manner, cunning: 1 } };
    expect(() => parseManifest(wrong)).toThrow(expect.objectContaining({ field: 'avatar.json.manner' }));
  });
});
