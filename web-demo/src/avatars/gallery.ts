import type { AvatarInfo } from '../client/api.js';
import type { AvatarStrings } from '../i18n/avatars/index.js';
import { h, setText } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { createFace, type Face } from './face.js';

export interface GalleryActions {
  /** Where one talks with this avatar; undefined: not without a key. */
  talkUrl: (id: string) => string | undefined;
  onDelete: (avatar: AvatarInfo, opener: HTMLElement) => void;
}

export interface Gallery {
  element: HTMLElement;
  /** Shows these; faces that are there already move on undisturbed. */
  show(avatars: readonly AvatarInfo[], o: { mayDelete: boolean }): void;
  setMoving(moving: boolean): void;
}

interface Card {
  element: HTMLElement;
  face: Face;
  update(avatar: AvatarInfo, o: { mayDelete: boolean }): void;
}

/** All avatars, alive where they can be. Only those in sight are decoded. */
export function createGallery({ talkUrl, onDelete }: GalleryActions, strings: AvatarStrings): Gallery {
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
    const talk = h('a', { class: 'button button--small' }, strings.talk);
    const remove = h('button', { class: 'icon-button', type: 'button' }, icon('delete'));
    const foot = h('div', { class: 'face-card__foot' }, name, h('div', { class: 'face-card__tools' }, remove, talk));
    const card = h('li', { class: 'face-card' }, face.element, foot);
    let shown: AvatarInfo | undefined;
    remove.addEventListener('click', () => shown && onDelete(shown, remove));
    return {
      element: card,
      face,
      update(avatar, { mayDelete }) {
        shown = avatar;
        face.show(avatar);
        setText(name, avatar.name);
        const url = talkUrl(avatar.id);
        talk.hidden = url === undefined;
        if (url !== undefined) talk.href = url;
        talk.setAttribute('aria-label', strings.talkWith(avatar.name));
        remove.hidden = !mayDelete || avatar.own !== true;
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
