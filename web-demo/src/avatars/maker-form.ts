import type { AvatarInfo } from '../client/api.js';
import type { AvatarWish } from '../client/avatars.js';
import type { AvatarStrings } from '../i18n/avatars/index.js';
import type { Ground } from '../i18n/avatars/strings.js';
import { describeMaking, type FormField, fileProblem, type MakingProgress, missingField } from '../model/making.js';
import { h, setText } from '../ui/dom.js';
import { createPhotoField } from './photo-field.js';

export interface MakerForm {
  element: HTMLElement;
  setVoices(avatars: readonly AvatarInfo[]): void;
  /** Undefined: it is not being made. */
  setProgress(progress: MakingProgress | undefined): void;
  /** Says what is wrong, at the field that is meant or below the form, and leads there. */
  setProblem(problem: { text: string; field: FormField | undefined; detail?: string | undefined } | undefined): void;
  clear(): void;
  focus(): void;
}

const MAX_STATEMENT = 2_000;
const GROUNDS: readonly Ground[] = ['synthetic', 'licence', 'consent'];

/** Asks for a photo, a name, a voice and the ground on which the likeness may be used. */
export function createMakerForm(
  { onSubmit, onCancel }: { onSubmit: (wish: AvatarWish) => void; onCancel: () => void },
  strings: AvatarStrings,
): MakerForm {
  const { make: words, missing } = strings;
  const problems = Object.fromEntries(
    ['photo', 'name', 'ground', 'statement', 'form'].map((name) => [
      name,
      h('p', { class: 'field__problem', id: `${name}-problem`, role: 'alert' }),
    ]),
  ) as Record<FormField | 'form', HTMLParagraphElement>;
  const photo = createPhotoField((file) => {
    const refusal = file === undefined ? undefined : fileProblem(file);
    form.setProblem(refusal === undefined ? undefined : { text: strings.refused[refusal], field: 'photo' });
  }, strings);
  const name = h('input', {
    type: 'text',
    id: 'name',
    maxlength: '80',
    autocomplete: 'off',
    'aria-describedby': 'name-problem',
  });
  const voice = h('select', { id: 'voice' });
  const radios = GROUNDS.map((ground) =>
    h('input', { type: 'radio', name: 'ground', value: ground, id: `ground-${ground}` }),
  );
  const statement = h('textarea', {
    id: 'statement',
    rows: '3',
    maxlength: String(MAX_STATEMENT),
    'aria-describedby': 'statement-problem',
  });
  const question = h('label', { for: 'statement' });
  const statementRow = h('div', { class: 'field', hidden: true }, question, statement, problems.statement);
  const ground = h(
    'fieldset',
    { class: 'field', 'aria-describedby': 'ground-why ground-problem' },
    h('legend', {}, words.ground),
    h('p', { class: 'field__hint', id: 'ground-why' }, words.why),
    ...radios.map((input, index) => {
      const text = h('span', {}, words.grounds[GROUNDS[index] as Ground]);
      return h('label', { class: 'option' }, input, text);
    }),
    problems.ground,
  );
  const start = h('button', { class: 'button button--primary', type: 'submit' }, words.start);
  const cancel = h(
    'button',
    { class: 'button button--quiet', type: 'button', onclick: onCancel, hidden: true },
    words.cancel,
  );
  const doing = h('p', { class: 'maker__doing', role: 'status' });
  const fields = h(
    'div',
    { class: 'maker__fields' },
    h('div', { class: 'field' }, h('label', { for: 'name' }, words.name), name, problems.name),
    h('div', { class: 'field' }, h('label', { for: 'voice' }, words.voice), voice),
    ...[ground, statementRow],
    h('div', { class: 'maker__actions' }, start, cancel, doing),
    problems.form,
  );
  const element = h(
    'form',
    { class: 'maker', novalidate: true },
    h(
      'div',
      { class: 'maker__photo' },
      ...[photo.element, h('p', { class: 'field__hint', id: 'photo-hint' }, words.hint), problems.photo],
    ),
    fields,
  );

  const chosen = (): Ground | undefined => GROUNDS[radios.findIndex(({ checked }) => checked)];
  const controls: Record<FormField, HTMLElement> = {
    photo: photo.control,
    name,
    ground: radios[0] as HTMLElement,
    statement,
  };
  for (const radio of radios) {
    radio.addEventListener('change', () => {
      const now = chosen();
      statementRow.hidden = now === undefined || now === 'synthetic';
      if (now !== undefined && now !== 'synthetic') setText(question, words.statement[now]);
      form.setProblem(undefined);
    });
  }
  for (const control of [name, statement]) control.addEventListener('input', () => form.setProblem(undefined));
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    const filled = { photo: photo.file, name: name.value, ground: chosen(), statement: statement.value };
    const field = missingField(filled);
    if (field !== undefined) return form.setProblem({ text: missing[field], field });
    const refusal = fileProblem(filled.photo as File);
    if (refusal !== undefined) return form.setProblem({ text: strings.refused[refusal], field: 'photo' });
    form.setProblem(undefined);
    onSubmit({
      photo: filled.photo as File,
      name: filled.name.trim(),
      ground: filled.ground as Ground,
      statement: filled.ground === 'synthetic' ? '' : filled.statement.trim(),
      voice: voice.value || undefined,
    });
  });

  const form: MakerForm = {
    element,
    setVoices(avatars) {
      const before = voice.value;
      const options = avatars.map(({ id, name: lender }) => h('option', { value: id }, words.voiceOf(lender)));
      voice.replaceChildren(h('option', { value: '' }, words.standardVoice), ...options);
      voice.value = avatars.some(({ id }) => id === before) ? before : '';
    },
    setProgress(progress) {
      const busy = progress !== undefined;
      const { text, done } = busy ? describeMaking(progress, strings) : { text: '', done: 0 };
      setText(doing, text);
      photo.setBusy(busy);
      photo.setProgress(done);
      for (const control of [name, voice, statement, ...radios]) control.disabled = busy;
      const hadFocus = document.activeElement === start || document.activeElement === cancel;
      start.hidden = busy;
      cancel.hidden = !busy;
      if (hadFocus) (busy ? cancel : start).focus({ preventScroll: true });
    },
    setProblem(problem) {
      for (const [field, line] of Object.entries(problems)) {
        const isMeant = problem !== undefined && field === (problem.field ?? 'form');
        line.replaceChildren(...(isMeant ? [problem.text] : []));
        if (isMeant && problem.detail !== undefined) line.append(' ', h('span', { lang: 'en' }, `(${problem.detail})`));
        if (field !== 'name' && field !== 'statement') continue;
        if (isMeant) controls[field].setAttribute('aria-invalid', 'true');
        else controls[field].removeAttribute('aria-invalid');
      }
      if (problem === undefined) return;
      if (problem.field !== undefined) controls[problem.field].focus();
      problems[problem.field ?? 'form'].scrollIntoView({ block: 'nearest' });
    },
    clear() {
      photo.clear();
      name.value = '';
      statement.value = '';
      for (const radio of radios) radio.checked = false;
      statementRow.hidden = true;
      form.setProblem(undefined);
    },
    focus: () => photo.control.focus({ preventScroll: false }),
  };
  return form;
}
