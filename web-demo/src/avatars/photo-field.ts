import type { AvatarStrings } from '../i18n/avatars/index.js';
import { PHOTO_TYPES } from '../model/making.js';
import { h, setText } from '../ui/dom.js';
import { icon } from '../ui/icons.js';

export interface PhotoField {
  element: HTMLElement;
  /** What receives the focus when there is something to say about the photo. */
  control: HTMLElement;
  readonly file: File | undefined;
  clear(): void;
  /** While it is made, the photo stands under what is going on. */
  setBusy(busy: boolean): void;
  setProgress(done: number): void;
}

/** A photo by drag and drop, by the file dialog or from the clipboard, shown as it is. */
export function createPhotoField(
  onChange: (file: File | undefined) => void,
  { make: words }: AvatarStrings,
): PhotoField {
  const input = h('input', {
    type: 'file',
    id: 'photo',
    accept: PHOTO_TYPES.join(','),
    'aria-describedby': 'photo-hint photo-problem',
  });
  const label = h('label', { for: 'photo', class: 'button button--small photo__choose' }, words.choose);
  const text = h('p', { class: 'photo__drop', 'aria-hidden': 'true' }, words.drop);
  const picture = h('img', { class: 'photo__picture', alt: words.preview, hidden: true });
  const bar = h('div', { class: 'photo__bar' });
  const invitation = h('div', { class: 'photo__invitation' }, icon('photo'), text);
  const zone = h(
    'div',
    { class: 'photo', role: 'group', 'aria-label': words.photo },
    ...[
      picture,
      invitation,
      h('div', { class: 'photo__foot' }, input, label),
      h('div', { class: 'photo__track' }, bar),
    ],
  );
  let file: File | undefined;
  let url: string | undefined;
  let busy = false;
  let depth = 0;

  const take = (next: File | undefined): void => {
    if (busy) return;
    file = next;
    if (url !== undefined) URL.revokeObjectURL(url);
    url = next === undefined ? undefined : URL.createObjectURL(next);
    if (url === undefined) picture.removeAttribute('src');
    else picture.src = url;
    picture.hidden = url === undefined;
    invitation.hidden = url !== undefined;
    setText(label, url === undefined ? words.choose : words.change);
    onChange(next);
  };
  // Browsers do not show every kind of file; the server says what it is.
  picture.addEventListener('error', () => {
    picture.hidden = true;
    invitation.hidden = false;
  });
  input.addEventListener('change', () => {
    const [chosen] = input.files ?? [];
    if (chosen !== undefined) take(chosen);
    // The same file may be chosen again.
    input.value = '';
  });
  const highlight = (change: number): void => {
    depth = Math.max(0, depth + change);
    zone.classList.toggle('is-over', depth > 0 && !busy);
  };
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
  // Anywhere on the page: a photo that misses the zone must not replace the page.
  window.addEventListener('dragenter', (event) => hasFiles(event) && highlight(1));
  window.addEventListener('dragleave', (event) => hasFiles(event) && highlight(-1));
  window.addEventListener('dragover', (event) => hasFiles(event) && event.preventDefault());
  window.addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    highlight(-depth);
    const [dropped] = event.dataTransfer?.files ?? [];
    if (dropped !== undefined) take(dropped);
  });
  window.addEventListener('paste', (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith('image/'));
    if (pasted !== undefined) take(pasted);
  });

  return {
    element: zone,
    control: input,
    get file() {
      return file;
    },
    clear: () => take(undefined),
    setBusy(next) {
      busy = next;
      zone.classList.toggle('is-busy', busy);
      input.disabled = busy;
    },
    setProgress: (done) => bar.style.setProperty('--done', done.toFixed(3)),
  };
}
