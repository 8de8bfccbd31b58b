import type { Strings } from '../i18n/index.js';
import { h } from './dom.js';
import { type IconName, icon } from './icons.js';

export interface Masthead {
  element: HTMLElement;
  /** The button shows what it leads to. */
  setDark(dark: boolean): void;
  /** A way to the other page; undefined: none. */
  setLink(link: MastheadLink | undefined): void;
}

export interface MastheadLink {
  href: string;
  label: string;
  icon: IconName;
}

/** To the page of avatars, with the API key that this page has: in the fragment, which is sent nowhere. */
export function toAvatars({ intro }: Strings, key: string | undefined): MastheadLink {
  const fragment = key === undefined ? '' : `#${new URLSearchParams({ key })}`;
  return { href: `./avatars${fragment}`, label: intro.avatars, icon: 'faces' };
}

/** `onSettings` undefined: the page has none. */
export function createMasthead(o: { onTheme: () => void; onSettings?: () => void }, { settings }: Strings): Masthead {
  const link = h('a', { class: 'masthead__link', hidden: true });
  const theme = h('button', {
    class: 'icon-button',
    type: 'button',
    'aria-label': settings.switchTheme,
    title: settings.switchTheme,
    onclick: o.onTheme,
  });
  const open = h(
    'button',
    {
      class: 'icon-button',
      type: 'button',
      'aria-label': settings.title,
      title: settings.title,
      'aria-haspopup': 'dialog',
      onclick: () => o.onSettings?.(),
    },
    icon('settings'),
  );
  const brand = h(
    'p',
    { class: 'masthead__brand' },
    h('span', { class: 'masthead__mark', 'aria-hidden': 'true' }),
    h('span', {}, 'Visavis'),
  );
  open.hidden = o.onSettings === undefined;
  return {
    element: h('header', { class: 'masthead' }, brand, h('div', { class: 'masthead__tools' }, link, theme, open)),
    setLink(next) {
      link.hidden = next === undefined;
      if (next === undefined) return;
      link.href = next.href;
      link.replaceChildren(icon(next.icon), h('span', {}, next.label));
    },
    setDark: (dark) => theme.replaceChildren(icon(dark ? 'light' : 'dark')),
  };
}
