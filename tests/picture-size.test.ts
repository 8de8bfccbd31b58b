import { describe, expect, it } from 'vitest';
import { parsePictureSize, shownIn, sizeName, sizesOf } from '../src/picture-size.js';

describe('picture sizes', () => {
  it.each([
    ['512', { width: 512, height: 512 }],
    ['768x768', { width: 768, height: 768 }],
    ['1024', { width: 1024, height: 1024 }],
    ['1024x576', { width: 1024, height: 576 }],
  ])('reads %s', (text, size) => expect(parsePictureSize(text)).toEqual(size));

  it.each(['', '640', '576x1024', '1024X576', '512x', '512x512x512', '-512', '１０２４x576', ' 512'])(
    'knows no size %j',
    (text) => expect(parsePictureSize(text)).toBeUndefined(),
  );

  it('offers an avatar in its own size, in others of its shape, and in those it names', () => {
    const names = (avatar: Parameters<typeof sizesOf>[0]) => sizesOf(avatar).map(sizeName);
    expect(names({ width: 512, height: 512 })).toEqual(['512x512', '768x768', '1024x1024']);
    expect(names({ width: 640, height: 640, sizes: ['1024x576'] })[0]).toBe('640x640');
    expect(names({ width: 512, height: 512, sizes: ['1024x576', '512x512'] })).toEqual([
      ...['512x512', '768x768', '1024x1024', '1024x576'],
    ]);
    expect(names({ width: 1024, height: 576 })).toEqual(['1024x576']);
    expect(names({ width: 1280 / 2, height: 360 })).toEqual(['640x360', '1024x576']);
  });

  it('shows an avatar in the size that is wanted where it can, else in its own', () => {
    const wide = { width: 1024, height: 576 };
    expect(shownIn({ width: 512, height: 512, sizes: ['1024x576'] }, wide)).toMatchObject(wide);
    expect(shownIn({ width: 512, height: 512 }, wide)).toEqual({ width: 512, height: 512 });
    expect(shownIn({ width: 512, height: 512 }, undefined)).toEqual({ width: 512, height: 512 });
  });
});
