import { expect, it } from 'vitest';
import { shownPicture } from '../../web-demo/src/model/picture-size.js';

const film = { still: '/still.webp', idle: '/idle.webm' };
const avatar = {
  id: 'mara',
  name: 'Mara',
  width: 512,
  height: 512,
  sizes: ['512x512', '768x768', '1024x576'],
  ...film,
};

it('shows an avatar as the service does when nothing else is asked for', () => {
  expect(shownPicture(avatar, undefined)).toEqual({ size: undefined, shape: 1, avatar });
  expect(shownPicture({ id: 'old', name: 'Old' }, '1024x576')).toMatchObject({ size: undefined, shape: 1 });
});

it('asks for another size of the same shape, with the same film until then', () => {
  expect(shownPicture(avatar, '768x768')).toEqual({ size: '768x768', shape: 1, avatar });
});

it('shows the portrait until a wide picture comes: the film would be cut at the head', () => {
  const { size, shape, avatar: shown } = shownPicture(avatar, '1024x576');
  expect([size, shape.toFixed(3)]).toEqual(['1024x576', '1.778']);
  expect(shown).not.toHaveProperty('idle');
  expect(shown).not.toHaveProperty('still');
});

it('ignores a size that this avatar does not have', () => {
  expect(shownPicture(avatar, '1024x1024').size).toBeUndefined();
});
