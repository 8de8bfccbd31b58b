import { describe, expect, it } from 'vitest';
import { usableCores } from '../../src/metrics/cores.js';

describe('usable cores', () => {
  it('are those of the machine where no control group limits them', () => {
    expect(usableCores(() => 'max 100000\n', 8)).toBe(8);
    expect(
      usableCores(() => {
        throw new Error('ENOENT');
      }, 8),
    ).toBe(8);
    expect(usableCores(() => 'nonsense', 8)).toBe(8);
  });

  it('are what a control group leaves, never more than there are', () => {
    expect(usableCores(() => '150000 100000\n', 8)).toBe(1.5);
    expect(usableCores(() => '1600000 100000\n', 8)).toBe(8);
  });
});
