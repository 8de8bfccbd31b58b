import type { Source } from '../../../src/inference/engines.js';
import type { Strings } from '../i18n/index.js';
import { formatTranscript, type Turn } from '../model/transcript.js';
import { h, setText } from './dom.js';
import { icon } from './icons.js';

export interface TranscriptView {
  element: HTMLElement;
  update(turns: readonly Turn[]): void;
  setAvatarName(name: string): void;
}

const COPIED_MS = 1_600;
/** Closer to the end than this, the list follows what is new. */
const FOLLOW_WITHIN_PX = 48;

/** Both sides in writing, as a list that grows at its end. */
export function createTranscript({ transcript: words }: Strings): TranscriptView {
  let turns: readonly Turn[] = [];
  let avatarName = 'Avatar';
  let follows = true;
  const items = new Map<
    string,
    { item: HTMLLIElement; text: HTMLElement; who: HTMLElement; mark: HTMLElement; sources: HTMLElement }
  >();
  const list = h('ol', { class: 'transcript__list', tabindex: '0', 'aria-label': words.title });
  const empty = h('p', { class: 'transcript__empty' }, words.empty);
  const copyLabel = h('span', { 'aria-live': 'polite' }, words.copy);
  const copy = h('button', { class: 'chip', type: 'button', disabled: true }, icon('copy'), copyLabel);
  copy.addEventListener('click', async () => {
    const names = { visitor: words.you, avatar: avatarName, interrupted: words.interrupted };
    const copied = await copyText(formatTranscript(turns, names));
    setText(copyLabel, copied ? words.copied : words.copyFailed);
    setTimeout(() => setText(copyLabel, words.copy), COPIED_MS);
  });
  const element = h(
    'section',
    { class: 'transcript', 'aria-label': words.title },
    h('header', { class: 'transcript__header' }, h('h2', {}, words.title), copy),
    h('div', { class: 'transcript__body' }, empty, list),
  );

  // The list also keeps its end in view when it becomes shorter, as with a phone's keyboard.
  new ResizeObserver(() => {
    if (follows) list.scrollTop = list.scrollHeight;
  }).observe(list);
  list.addEventListener('scroll', () => {
    follows = list.scrollHeight - list.scrollTop - list.clientHeight < FOLLOW_WITHIN_PX;
  });

  const render = (turn: Turn): HTMLLIElement => {
    let known = items.get(turn.key);
    if (!known) {
      const who = h('span', { class: 'turn__who' });
      const text = h('p', { class: 'turn__text' });
      const mark = h('span', { class: 'turn__mark' });
      const sources = h('p', { class: 'turn__sources', hidden: true });
      known = { item: h('li', { class: 'turn' }, who, text, mark, sources), text, who, mark, sources };
      items.set(turn.key, known);
    }
    known.item.dataset.speaker = turn.speaker;
    known.item.dataset.status = turn.status;
    setText(known.who, turn.speaker === 'visitor' ? words.you : avatarName);
    setText(known.text, turn.text);
    setText(known.mark, turn.status === 'interrupted' ? words.interrupted : '');
    // They come once, and never change.
    if (turn.sources && known.sources.hidden) {
      known.sources.append(`${words.sources}: `, ...sourceNodes(turn.sources, words.page));
      known.sources.hidden = false;
    }
    return known.item;
  };

  return {
    element,
    update(next) {
      if (next === turns) return;
      turns = next;
      const keys = new Set(next.map(({ key }) => key));
      for (const [key, { item }] of items) {
        if (keys.has(key)) continue;
        item.remove();
        items.delete(key);
      }
      next.forEach((turn, index) => {
        const item = render(turn);
        if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
      });
      empty.hidden = next.length > 0;
      copy.disabled = next.length === 0;
      if (follows) list.scrollTop = list.scrollHeight;
    },
    setAvatarName(name) {
      avatarName = name;
    },
  };
}

/** Titles behind each other; those of web pages are links. Nothing of them is taken for HTML. */
function sourceNodes(sources: readonly Source[], page: (number: number) => string): Node[] {
  return sources.flatMap((source, index) => {
    const title = source.page === undefined ? source.title : `${source.title} (${page(source.page)})`;
    const isWeb = source.url !== undefined && /^https?:\/\//i.test(source.url);
    const node = isWeb
      ? h('a', { href: source.url, target: '_blank', rel: 'noopener noreferrer' }, title)
      : document.createTextNode(title);
    return index === 0 ? [node] : [document.createTextNode(' · '), node];
  });
}

/** The clipboard needs a secure context and permission; false without. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
