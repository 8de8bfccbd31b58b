import { describe, expect, it } from 'vitest';
import { shownPicture } from '../../web-demo/src/model/picture-size.js';

const film = { still: '/still.webp', idle: '/idle.webm' };
const mara = { id: 'mara', name: 'Mara', width: 512, height: 512, sizes: ['512x512', '768x768', '1024x576'], ...film };
const wide = { ...mara, width: 1024, height: 576, sizes: ['1024x576', '512x512'] };

describe('the shown picture', () => {
  it('is as the service has it when nothing else is asked for', () => {
    expect(shownPicture(mara, undefined, false)).toEqual({ size: undefined, shape: 1, avatar: mara });
    expect(shownPicture(wide, undefined, false)).toMatchObject({ size: undefined, avatar: wide });
    expect(shownPicture({ id: 'old', name: 'Old' }, '1024x576', true)).toMatchObject({ size: undefined, shape: 1 });
  });

  it('may be of another size and the same shape, with the same film until then', () => {
    expect(shownPicture(mara, '768x768', false)).toEqual({ size: '768x768', shape: 1, avatar: mara });
  });

  it('is the portrait until a wide one comes: a square film would be cut at the head', () => {
    const { size, shape, avatar } = shownPicture(mara, '1024x576', false);
    expect([size, shape.toFixed(3)]).toEqual(['1024x576', '1.778']);
    expect(avatar).not.toHaveProperty('idle');
    expect(avatar).not.toHaveProperty('still');
  });

  it('ignores a size that this avatar does not have', () => {
    expect(shownPicture(mara, '1024x1024', false).size).toBeUndefined();
  });

  it('is square on a narrow screen where it can be and nothing else is asked for', () => {
    expect(shownPicture(wide, undefined, true)).toEqual({ size: '512x512', shape: 1, avatar: wide });
    expect(shownPicture(mara, undefined, true).size).toBeUndefined();
    expect(shownPicture(wide, '1024x576', true)).toMatchObject({ size: '1024x576' });
    const only = { ...wide, sizes: ['1024x576'] };
    expect(shownPicture(only, undefined, true)).toMatchObject({ size: undefined, shape: 1024 / 576 });
  });
});
