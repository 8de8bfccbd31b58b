import { describe, expect, it } from 'vitest';
import { toneOf } from '../../../src/inference/text/tone.js';

describe('tone of a sentence', () => {
  it('is glad for welcomes and good news, concerned for apologies and losses, neither for facts', () => {
    for (const text of ['Hello, welcome!', 'That’s wonderful, congratulations!']) expect(toneOf(text)).toBe(1);
    for (const text of ['I am so sorry for your loss.', 'Unfortunately that went wrong.'])
      expect(toneOf(text)).toBe(-1);
    for (const text of ['The library opens at nine.', '', '三時に始まります。']) expect(toneOf(text)).toBe(0);
  });

  it('turns round what is negated, weaker', () => {
    expect(toneOf('No problem.')).toBeGreaterThan(0);
    expect(toneOf("That isn't good.")).toBeLessThan(0);
    expect(Math.abs(toneOf("That isn't good."))).toBeLessThan(Math.abs(toneOf('That is bad.')));
  });
});
