import type { AvatarInfo } from '../client/api.js';
import type { AvatarStrings } from '../i18n/avatars/index.js';
import type { Strings } from '../i18n/index.js';
import { h, setText } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { createFace, type Face } from './face.js';

export interface GalleryActions {
  /** Where one talks with this avatar; undefined: not without a key. */
  talkUrl: (id: string) => string | undefined;
  onSave: (avatar: AvatarInfo, opener: HTMLElement) => void;
  onDelete: (avatar: AvatarInfo, opener: HTMLElement) => void;
}

export interface Gallery {
  element: HTMLElement;
  /** Shows these; faces that are there already move on undisturbed. */
  show(avatars: readonly AvatarInfo[], o: { mayChange: boolean }): void;
  setMoving(moving: boolean): void;
}

interface Card {
  element: HTMLElement;
  face: Face;
  update(avatar: AvatarInfo, o: { mayChange: boolean }): void;
}

/** All avatars, alive where they can be. Only those in sight are decoded. */
export function createGallery(
  { talkUrl, onSave, onDelete }: GalleryActions,
  strings: AvatarStrings,
  manners: Strings['intro']['manners'],
): Gallery {
  const element = h('ul', { class: 'gallery' });
  const cards = new Map<string, Card>();
  const inSight = new Set<Element>();
  let moving = true;

  const refresh = (): void => {
    for (const card of cards.values()) card.face.setMoving(moving && inSight.has(card.element));
  };
  const watch = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) inSight.add(target);
      else inSight.delete(target);
    }
    refresh();
  });

  const createCard = (): Card => {
    const face = createFace();
    const name = h('h2');
    const manner = h('p', { class: 'face-card__manner' });
    const talk = h('a', { class: 'button button--small' }, strings.talk);
    const save = h('button', { class: 'icon-button', type: 'button' }, icon('save'));
    const remove = h('button', { class: 'icon-button', type: 'button' }, icon('delete'));
    const foot = h(
      'div',
      { class: 'face-card__foot' },
      h('div', { class: 'face-card__who' }, name, manner),
      h('div', { class: 'face-card__tools' }, remove, save, talk),
    );
    const card = h('li', { class: 'face-card' }, face.element, foot);
    let shown: AvatarInfo | undefined;
    save.addEventListener('click', () => shown && onSave(shown, save));
    remove.addEventListener('click', () => shown && onDelete(shown, remove));
    return {
      element: card,
      face,
      update(avatar, { mayChange }) {
        shown = avatar;
        face.show(avatar);
        setText(name, avatar.name);
        setText(manner, avatar.manner === undefined ? '' : manners[avatar.manner.word]);
        const url = talkUrl(avatar.id);
        talk.hidden = url === undefined;
        if (url !== undefined) talk.href = url;
        talk.setAttribute('aria-label', strings.talkWith(avatar.name));
        for (const tool of [save, remove]) tool.hidden = !mayChange || avatar.own !== true;
        save.setAttribute('aria-label', strings.save(avatar.name));
        save.title = strings.save(avatar.name);
        remove.setAttribute('aria-label', strings.delete(avatar.name));
        remove.title = strings.delete(avatar.name);
      },
    };
  };

  return {
    element,
    show(avatars, o) {
      const ids = new Set(avatars.map(({ id }) => id));
      for (const [id, card] of cards) {
        if (ids.has(id)) continue;
        watch.unobserve(card.element);
        inSight.delete(card.element);
        card.element.remove();
        cards.delete(id);
      }
      for (const [index, avatar] of avatars.entries()) {
        let card = cards.get(avatar.id);
        if (card === undefined) {
          card = createCard();
          cards.set(avatar.id, card);
          watch.observe(card.element);
        }
        card.update(avatar, o);
        if (element.children[index] !== card.element)
          element.insertBefore(card.element, element.children[index] ?? null);
      }
      refresh();
    },
    setMoving(next) {
      moving = next;
      refresh();
    },
  };
}
