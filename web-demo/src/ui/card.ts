import { h, setText } from './dom.js';

export interface CardContent {
  title: string;
  hint: string;
  /** A line that changes by itself, as a countdown; screen readers are spared it. */
  progress?: string;
  primary: { label: string; onClick: () => void };
  secondary?: { label: string; onClick: () => void };
}

export interface Card {
  element: HTMLElement;
  /** Covers the picture with what happened and the way on; undefined: uncovers it. */
  show(content: CardContent | undefined): void;
}

/** What stands in place of the conversation when there is none: one message, one or two ways on. */
export function createCard(): Card {
  const title = h('h2', { id: 'card-title' });
  const hint = h('p', { class: 'card__hint', id: 'card-hint' });
  const progress = h('p', { class: 'card__progress', 'aria-hidden': 'true' });
  const primary = h('button', { class: 'button button--light', type: 'button', 'aria-describedby': 'card-hint' });
  const secondary = h('button', { class: 'button button--ghost', type: 'button' });
  const element = h(
    'section',
    { class: 'card', 'aria-labelledby': 'card-title' },
    ...[title, hint, progress],
    h('div', { class: 'card__actions' }, primary, secondary),
  );
  let content: CardContent | undefined;
  primary.addEventListener('click', () => content?.primary.onClick());
  secondary.addEventListener('click', () => content?.secondary?.onClick());

  const card: Card = {
    element,
    show(next) {
      const isNew = next !== undefined && content?.title !== next.title;
      content = next;
      element.classList.toggle('is-shown', next !== undefined);
      element.inert = next === undefined;
      if (!next) return;
      setText(title, next.title);
      setText(hint, next.hint);
      setText(progress, next.progress ?? '');
      setText(primary, next.primary.label);
      setText(secondary, next.secondary?.label ?? '');
      secondary.hidden = next.secondary === undefined;
      if (isNew) primary.focus({ preventScroll: true });
    },
  };
  card.show(undefined);
  return card;
}
