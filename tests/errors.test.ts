import { describe, expect, it } from 'vitest';
import { VisavisError } from '../src/errors.js';

describe('VisavisError', () => {
  it('tells clients nothing of what went wrong inside, and everything else', () => {
    const inside = VisavisError.from(new Error('ENOENT: /home/somebody/secret'));
    expect(inside.toBody().message).toContain('secret');
    expect(inside.toPublicBody()).toEqual({ code: 'internal', message: 'internal error', retryable: false });
    const mistake = new VisavisError('bad-request', 'text: expected some text', { field: 'text' });
    expect(mistake.toPublicBody()).toEqual(mistake.toBody());
  });
});
