import { describe, expect, it } from 'vitest';
import { STEPS } from '../../src/inference/avatar/maker/create-avatar.js';
import { en } from '../../web-demo/src/i18n/avatars/en.js';
import {
  describeMaking,
  describeRefusal,
  fileProblem,
  MAX_PHOTO_BYTES,
  missingField,
} from '../../web-demo/src/model/making.js';

describe('describeMaking', () => {
  it('has words for every step of the maker', () => {
    for (const step of STEPS) {
      expect(describeMaking({ step, fraction: 0 }, en).text, step).not.toBe(en.steps.other);
    }
    expect(describeMaking({ step: 'a later version’s', fraction: 0.5 }, en).text).toBe(en.steps.other);
  });

  it('goes forward only, from the upload over the wait to the end', () => {
    const way = [
      { step: 'upload', fraction: 0 },
      { step: 'upload', fraction: 1 },
      { step: 'waiting', fraction: 0, ahead: 2 },
      { step: 'read', fraction: 0.02 },
      { step: 'write', fraction: 0.88 },
      { step: 'write', fraction: 7 },
    ].map((progress) => describeMaking(progress, en).done);
    expect(way).toEqual([...way].sort((a, b) => a - b));
    expect(way[0]).toBe(0);
    expect(way.at(-1)).toBe(1);
  });

  it('says how many are before', () => {
    expect(describeMaking({ step: 'waiting', fraction: 0, ahead: 3 }, en).text).toContain('3');
  });
});

describe('missingField', () => {
  const photo = new Blob(['x']);
  it('names what is still to be said, in the order of the form', () => {
    const whole = { photo, name: 'Anna', ground: 'consent', statement: 'She did.' };
    expect(missingField(whole)).toBeUndefined();
    expect(missingField({ ...whole, photo: undefined, name: '' })).toBe('photo');
    expect(missingField({ ...whole, name: '  ' })).toBe('name');
    expect(missingField({ ...whole, ground: undefined })).toBe('ground');
    expect(missingField({ ...whole, statement: ' ' })).toBe('statement');
    expect(missingField({ ...whole, ground: 'synthetic', statement: '' })).toBeUndefined();
  });
});

describe('fileProblem', () => {
  it('tells a file that cannot be sent', () => {
    expect(fileProblem({ size: 1_000, type: 'image/webp' })).toBeUndefined();
    expect(fileProblem({ size: MAX_PHOTO_BYTES + 1, type: 'image/png' })).toBe('too-large');
    expect(fileProblem({ size: 1_000, type: 'image/heic' })).toBe('unreadable');
    expect(fileProblem({ size: 1_000, type: '' })).toBe('unreadable');
  });
});

describe('describeRefusal', () => {
  const say = (code: string, more: object = {}) => describeRefusal({ code, message: 'Details.', ...more }, en);

  it('says what is wrong with the picture, at the photo', () => {
    expect(say('bad-request', { field: 'photo', reason: 'no-face' })).toEqual({
      text: en.refused['no-face'],
      field: 'photo',
      detail: undefined,
    });
    expect(say('bad-request', { field: 'photo', reason: 'unreadable' }).detail).toBe('Details.');
    expect(say('too-large', { field: 'photo' }).text).toBe(en.refused['too-large']);
  });

  it('says what to do about everything else, and passes on what it has no words for', () => {
    expect(say('unavailable').text).toBe(en.refused.busy);
    expect(say('too-many-requests').text).toBe(en.refused.tooOften);
    expect(say('unauthorized').text).toBe(en.refused.notAllowed);
    expect(say('unreachable')).toEqual({ text: en.refused.unreachable, field: undefined, detail: undefined });
    expect(say('bad-request', { field: 'name' })).toEqual({
      text: en.refused.other,
      field: 'name',
      detail: 'Details.',
    });
    expect(say('bad-request', { field: 'colour', reason: 'toString' })).toEqual({
      text: en.refused.other,
      field: undefined,
      detail: 'Details.',
    });
    expect(say('internal').detail).toBeUndefined();
  });
});
