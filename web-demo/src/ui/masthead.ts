import type { Strings } from '../i18n/index.js';
import { h } from './dom.js';
import { icon } from './icons.js';

export interface Masthead {
  element: HTMLElement;
  /** The button shows what it leads to. */
  setDark(dark: boolean): void;
}

export function createMasthead(o: { onTheme: () => void; onSettings: () => void }, { settings }: Strings): Masthead {
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
      onclick: o.onSettings,
    },
    icon('settings'),
  );
  const brand = h(
    'p',
    { class: 'masthead__brand' },
    h('span', { class: 'masthead__mark', 'aria-hidden': 'true' }),
    h('span', {}, 'Visavis'),
  );
  return {
    element: h('header', { class: 'masthead' }, brand, h('div', { class: 'masthead__tools' }, theme, open)),
    setDark: (dark) => theme.replaceChildren(icon(dark ? 'light' : 'dark')),
  };
}
