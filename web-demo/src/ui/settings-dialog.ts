import { LANGUAGE_NAMES, type Strings } from '../i18n/index.js';
import type { Preferences } from '../model/preferences.js';
import { h } from './dom.js';
import { icon } from './icons.js';

export interface SettingsActions {
  onChange: (change: Partial<Preferences>) => void;
}

export interface SettingsDialog {
  element: HTMLDialogElement;
  /**
   * `language`: the page's; `canChangeLanguage`: false while a new page would end a conversation; `holdToTalk`: the microphone's key is one to
   * be held.
   */
  open(preferences: Preferences, o: { language: string; canChangeLanguage: boolean; holdToTalk: boolean }): void;
}

type DeviceKind = 'audioinput' | 'audiooutput';

/** Devices, appearance, language and shortcuts; `figures` stands at its end. What is chosen takes effect at once. */
export function createSettingsDialog(
  { onChange }: SettingsActions,
  figures: HTMLElement,
  { settings: words, dock }: Strings,
): SettingsDialog {
  const microphone = h('select', { id: 'settings-microphone' });
  const speaker = h('select', { id: 'settings-speaker' });
  const language = h('select', { id: 'settings-language' });
  for (const [tag, name] of Object.entries(LANGUAGE_NAMES))
    language.append(h('option', { value: tag, lang: tag }, name));
  const themes = (['system', 'light', 'dark'] as const).map((theme) => {
    const input = h('input', { type: 'radio', name: 'theme', value: theme });
    input.addEventListener('change', () => onChange({ theme }));
    return { input, label: h('label', {}, input, h('span', {}, words.themes[theme])) };
  });
  const shortcuts = h('input', { type: 'checkbox', role: 'switch' });
  const close = h(
    'button',
    { class: 'icon-button', type: 'button', 'aria-label': words.close, onclick: () => element.close() },
    icon('end'),
  );
  const speakerRow = row(words.speaker, speaker);
  // Browsers without it sound through whatever the system says.
  speakerRow.hidden = !('setSinkId' in HTMLMediaElement.prototype);
  const microphoneKey = h('dd', {});
  const keys = [
    ['M', microphoneKey],
    ['/', h('dd', {}, words.shortcut.type)],
    ['Esc', h('dd', {}, words.shortcut.interrupt)],
  ] as const;
  const element = h(
    'dialog',
    { class: 'settings', 'aria-labelledby': 'settings-title' },
    h('header', { class: 'settings__header' }, h('h2', { id: 'settings-title' }, words.title), close),
    h(
      'div',
      { class: 'settings__body' },
      row(words.microphone, microphone),
      speakerRow,
      h(
        'fieldset',
        { class: 'settings__row' },
        h('legend', {}, words.theme),
        h('div', { class: 'segments' }, ...themes.map(({ label }) => label)),
      ),
      row(words.language, language),
      h(
        'div',
        { class: 'settings__keys' },
        h('label', { class: 'switch' }, h('span', {}, words.shortcutsOn), shortcuts),
        h('dl', {}, ...keys.map(([key, does]) => h('div', {}, h('dt', {}, h('kbd', {}, key)), does))),
      ),
      figures,
    ),
  );

  microphone.addEventListener('change', () => onChange({ microphoneId: microphone.value || undefined }));
  speaker.addEventListener('change', () => onChange({ speakerId: speaker.value || undefined }));
  language.addEventListener('change', () => onChange({ language: language.value }));
  shortcuts.addEventListener('change', () => onChange({ shortcuts: shortcuts.checked }));
  // A press beside the dialog closes it.
  element.addEventListener('click', (event) => {
    if (event.target === element) element.close();
  });

  const fill = async (preferences: Preferences): Promise<void> => {
    const devices = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
    const lists: [HTMLSelectElement, DeviceKind, string | undefined][] = [
      [microphone, 'audioinput', preferences.microphoneId],
      [speaker, 'audiooutput', preferences.speakerId],
    ];
    for (const [select, kind, chosen] of lists) {
      // Without permission browsers tell neither names nor ids; their own aliases repeat what stands first anyway.
      const known = devices.filter((device) => device.kind === kind && device.deviceId !== '');
      const own = known.filter(({ deviceId }) => deviceId !== 'default' && deviceId !== 'communications');
      const options = own.map(({ deviceId, label }, index) =>
        h('option', { value: deviceId }, label || words.unnamedDevice(index + 1)),
      );
      select.replaceChildren(h('option', { value: '' }, words.standardDevice), ...options);
      select.value = own.some(({ deviceId }) => deviceId === chosen) ? (chosen ?? '') : '';
    }
  };

  return {
    element,
    open(preferences, o) {
      void fill(preferences);
      for (const { input } of themes) input.checked = input.value === preferences.theme;
      language.value = o.language;
      language.disabled = !o.canChangeLanguage;
      shortcuts.checked = preferences.shortcuts;
      microphoneKey.textContent = o.holdToTalk ? dock.microphone.hold : words.shortcut.mute;
      element.showModal();
    },
  };
}

function row(text: string, control: HTMLSelectElement): HTMLElement {
  return h('div', { class: 'settings__row' }, h('label', { for: control.id }, text), control);
}
