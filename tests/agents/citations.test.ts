import { describe, expect, test } from 'vitest';
import { CitationFilter } from '../../src/agents/citations.js';

function filtered(text: string, size: number): { text: string; cited: number[] } {
  const filter = new CitationFilter();
  let out = '';
  for (let at = 0; at < text.length; at += size) out += filter.push(text.slice(at, at + size));
  return { text: out + filter.flush(), cited: filter.take() };
}

describe('numbers of passages', () => {
  test.each([1, 2, 3, 7, 100])(
    'are taken out of the text, however it is streamed (%i characters at a time)',
    (size) => {
      const { text, cited } = filtered(
        'Breakfast is at seven [2]. It costs ten euros [1, 3].【1】 Enjoy it [4][2]!',
        size,
      );
      expect(text).toBe('Breakfast is at seven. It costs ten euros. Enjoy it!');
      expect(cited).toEqual([2, 1, 3, 4]);
    },
  );

  test.each(['Press [enter] now.', 'The list [ is open', 'a[i] = b', 'It ends with [1', '  spaces  stay  '])(
    'are not seen where there are none: %s',
    (text) => {
      expect(filtered(text, 1)).toEqual({ text, cited: [] });
    },
  );

  test('are told once', () => {
    const filter = new CitationFilter();
    filter.push('One [1].');
    expect(filter.take()).toEqual([1]);
    filter.push(' Again [1].');
    expect(filter.take()).toEqual([]);
  });
});
