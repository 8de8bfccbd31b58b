import { type AvatarInfo, listAvatars } from '../client/api.js';
import { type AvatarWish, createAvatar, deleteAvatar, fetchPackage, type MadeAvatar } from '../client/avatars.js';
import { ClientError } from '../client/request.js';
import type { AvatarStrings } from '../i18n/avatars/index.js';
import type { Strings } from '../i18n/index.js';
import { describeRefusal } from '../model/making.js';
import type { PreferenceStore } from '../model/preferences.js';
import { applyTheme, isDark, onSystemTheme } from '../theme.js';
import { h, setText } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { createMasthead } from '../ui/masthead.js';
import { createNotice } from '../ui/notice.js';
import { createGallery } from './gallery.js';
import { createKeyForm } from './key-form.js';
import { createMakerForm } from './maker-form.js';
import { createNewcomer } from './newcomer.js';
import { createRemoveDialog } from './remove-dialog.js';

export interface AvatarsPageOptions {
  /** API key of the page's address. */
  key: string | undefined;
  /** Language that the page's address asks for, to be kept on the way to the conversation. */
  wanted: string | undefined;
  preferences: PreferenceStore;
  common: Strings;
  strings: AvatarStrings;
}

/** How often the server is asked whether an avatar's film has been drawn, and how many times. */
const POLL_MS = 2_500;
const MAX_POLLS = 80;
const SHOWN_MS = 6_000;

/** The avatars there are, and the way to make one. */
export class AvatarsPage {
  readonly element: HTMLElement;
  readonly #preferences: PreferenceStore;
  readonly #wanted: string | undefined;
  readonly #strings: AvatarStrings;
  readonly #masthead: ReturnType<typeof createMasthead>;
  readonly #gallery: ReturnType<typeof createGallery>;
  readonly #form: ReturnType<typeof createMakerForm>;
  readonly #newcomer: ReturnType<typeof createNewcomer>;
  readonly #keyForm: ReturnType<typeof createKeyForm>;
  readonly #notice: ReturnType<typeof createNotice>;
  readonly #dialog: ReturnType<typeof createRemoveDialog>;
  readonly #title: HTMLElement;
  readonly #problem: HTMLElement;
  readonly #problemText = h('p', { role: 'alert' });
  readonly #unavailable: HTMLElement;
  readonly #maker: HTMLElement;
  readonly #motion: HTMLButtonElement;
  #key: string | undefined;
  #needsKey = false;
  #allowed = false;
  #avatars: readonly AvatarInfo[] = [];
  #made: MadeAvatar | undefined;
  #making: AbortController | undefined;
  #moving = true;
  #polls = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ key, wanted, preferences, common, strings }: AvatarsPageOptions) {
    this.#key = key;
    this.#wanted = wanted;
    this.#preferences = preferences;
    this.#strings = strings;
    const { make } = strings;
    this.#masthead = createMasthead({ onTheme: () => this.#switchTheme() }, common);
    this.#gallery = createGallery(
      {
        talkUrl: (id) => this.#talkUrl(id),
        onSave: (avatar) => void this.#save(avatar),
        onDelete: (avatar, opener) => void this.#delete(avatar, opener),
      },
      strings,
      common.intro.manners,
    );
    this.#form = createMakerForm(
      { onSubmit: (wish) => void this.#make(wish), onCancel: () => this.#making?.abort() },
      strings,
    );
    this.#newcomer = createNewcomer(() => this.#again(), strings);
    this.#keyForm = createKeyForm((entered) => void this.#tryKey(entered), strings);
    this.#notice = createNotice(common);
    this.#dialog = createRemoveDialog(strings);
    const onRetry = (): void => void this.load();
    const retry = h('button', { class: 'button button--small', type: 'button', onclick: onRetry }, common.tryAgain);
    this.#problem = h('div', { class: 'avatars__problem', hidden: true }, this.#problemText, retry);
    this.#motion = h('button', { class: 'chip', type: 'button', onclick: () => this.#switchMotion() });
    this.#unavailable = h('p', { class: 'field__hint', hidden: true }, make.unavailable);
    this.#maker = h(
      'section',
      { class: 'making', 'aria-labelledby': 'making-title', hidden: true },
      h('h2', { id: 'making-title' }, make.title),
      h('p', { class: 'avatars__lead' }, make.lead),
      ...[this.#form.element, this.#keyForm.element, this.#unavailable],
    );
    this.#title = h('h1', { tabindex: '-1' }, strings.title);
    const head = h('div', { class: 'avatars__head' }, this.#title, this.#motion);
    const lead = h('p', { class: 'avatars__lead' }, strings.lead);
    this.element = h(
      'div',
      { class: 'avatars' },
      this.#masthead.element,
      h('main', {}, ...[head, lead, this.#problem, this.#gallery.element, this.#newcomer.element, this.#maker]),
      ...[this.#notice.element, this.#dialog.element],
    );
    this.#showLink();
    this.#showMotion();
    onSystemTheme(() => this.#applyTheme());
    this.#applyTheme();
    window.addEventListener('pagehide', () => this.#making?.abort());
  }

  /** Asks the server for the avatars, and what may be done with them here. */
  async load(): Promise<void> {
    try {
      const { avatars, creation } = await listAvatars('', this.#key);
      this.#avatars = avatars;
      this.#needsKey = creation.needsKey;
      this.#allowed = creation.allowed;
      this.#problem.hidden = true;
      this.#show();
    } catch (thrown) {
      if (this.#avatars.length === 0) {
        setText(this.#problemText, describeRefusal(ClientError.from(thrown), this.#strings).text);
        this.#problem.hidden = false;
      }
    }
    this.#followDrawing();
  }

  #show(): void {
    this.#gallery.show(this.#avatars, { mayChange: this.#allowed });
    this.#form.setVoices(this.#avatars.filter(({ own }) => own !== true));
    const { id } = this.#made ?? {};
    const now = this.#avatars.find((avatar) => avatar.id === id);
    this.#made = this.#made === undefined || now === undefined ? undefined : { ...this.#made, ...now };
    this.#newcomer.show(this.#made, this.#made === undefined ? undefined : this.#talkUrl(this.#made.id));
    this.#newcomer.setMoving(this.#moving);
    this.#maker.hidden = this.#made !== undefined;
    this.#form.element.hidden = !this.#allowed;
    this.#keyForm.element.hidden = this.#allowed || !this.#needsKey;
    this.#unavailable.hidden = this.#allowed || this.#needsKey;
    this.#showMotion();
    this.#showLink();
  }

  /** Films are drawn after their avatars are there. */
  #followDrawing(): void {
    clearTimeout(this.#timer);
    const isComplete = this.#avatars.length > 0 && this.#avatars.every(({ idle }) => idle !== undefined);
    if (isComplete || this.#polls >= MAX_POLLS) return;
    this.#polls++;
    this.#timer = setTimeout(() => void this.load(), POLL_MS);
  }

  async #make(wish: AvatarWish): Promise<void> {
    const making = new AbortController();
    this.#making = making;
    this.#form.setProgress({ step: 'upload', fraction: 0 });
    try {
      const made = await createAvatar(wish, {
        key: this.#key,
        signal: making.signal,
        onProgress: (progress) => this.#form.setProgress(progress),
      });
      this.#made = made;
      this.#form.setProgress(undefined);
      this.#form.clear();
      this.#polls = 0;
      this.#avatars = [...this.#avatars.filter(({ id }) => id !== made.id), made];
      this.#show();
      this.#newcomer.focus();
      void this.load();
    } catch (thrown) {
      this.#form.setProgress(undefined);
      if (!making.signal.aborted) {
        this.#form.setProblem(describeRefusal(ClientError.from(thrown), this.#strings));
      }
    } finally {
      this.#making = undefined;
    }
  }

  #again(): void {
    this.#made = undefined;
    this.#show();
    this.#form.focus();
  }

  async #tryKey(entered: string): Promise<void> {
    this.#key = entered;
    await this.load();
    this.#keyForm.setWrong(!this.#allowed);
    if (this.#allowed) this.#form.focus();
    else this.#key = undefined;
  }

  async #save({ id }: AvatarInfo): Promise<void> {
    try {
      const url = URL.createObjectURL(await fetchPackage(id, this.#key));
      h('a', { href: url, download: `${id}.zip` }).click();
      setTimeout(() => URL.revokeObjectURL(url), SHOWN_MS);
    } catch (thrown) {
      this.#notice.show(describeRefusal(ClientError.from(thrown), this.#strings).text);
    }
  }

  async #delete(avatar: AvatarInfo, opener: HTMLElement): Promise<void> {
    if (!(await this.#dialog.ask(avatar))) return opener.focus();
    const { remove, refused } = this.#strings;
    try {
      await deleteAvatar(avatar.id, this.#key);
      this.#avatars = this.#avatars.filter(({ id }) => id !== avatar.id);
      this.#show();
      this.#title.focus();
      this.#notice.show(remove.done(avatar.name), { forMs: SHOWN_MS });
    } catch (thrown) {
      const error = ClientError.from(thrown);
      this.#notice.show(error.code === 'conflict' ? refused.standard : describeRefusal(error, this.#strings).text);
      opener.focus();
    }
    void this.load();
  }

  /** Where sessions take a key, the page of the conversation needs it too; a fragment is sent nowhere. */
  #talkUrl(id: string): string | undefined {
    return this.#needsKey && !this.#allowed ? undefined : `./${this.#query({ avatar: id })}`;
  }

  #query(more: Record<string, string> = {}): string {
    const query = new URLSearchParams({ ...more, ...(this.#wanted === undefined ? {} : { lang: this.#wanted }) });
    const text = query.toString();
    const fragment = this.#needsKey && this.#key !== undefined ? `#${new URLSearchParams({ key: this.#key })}` : '';
    return `${text === '' ? '' : `?${text}`}${fragment}`;
  }

  #showLink(): void {
    this.#masthead.setLink({ href: `./${this.#query()}`, label: this.#strings.toTalk, icon: 'microphone' });
  }

  #switchMotion(): void {
    this.#moving = !this.#moving;
    this.#gallery.setMoving(this.#moving);
    this.#newcomer.setMoving(this.#moving);
    this.#showMotion();
  }

  #showMotion(): void {
    const { pause, play } = this.#strings;
    this.#motion.replaceChildren(icon(this.#moving ? 'pause' : 'play'), h('span', {}, this.#moving ? pause : play));
    // Whoever asked their system for less movement sees none.
    const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.#motion.hidden = isStill || this.#avatars.length === 0;
  }

  #switchTheme(): void {
    const { theme } = this.#preferences.value;
    this.#preferences.set({ theme: isDark(theme) ? 'light' : 'dark' });
    this.#applyTheme();
  }

  #applyTheme(): void {
    const { theme } = this.#preferences.value;
    applyTheme(theme);
    this.#masthead.setDark(isDark(theme));
  }
}
