import { describe, expect, it } from 'vitest';
import { LANGUAGES } from '../../src/languages.js';
import { en as avatarsEnglish } from '../../web-demo/src/i18n/avatars/en.js';
import { loadAvatarStrings } from '../../web-demo/src/i18n/avatars/index.js';
import { en } from '../../web-demo/src/i18n/en.js';
import { LANGUAGE_NAMES, loadStrings, pickLanguage } from '../../web-demo/src/i18n/index.js';

/** Every text with its path; functions are called with a name and with a number. */
function texts(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') {
    const make = value as (argument: unknown) => string;
    const takesName = /title$|live$/.test(path);
    return takesName ? [[path, make('Zoë')]] : [1, 7].map((count) => [`${path}(${count})`, make(count)]);
  }
  return Object.entries(value as object).flatMap(([key, entry]) => texts(entry, `${path}.${key}`));
}

describe('the page in ten languages', () => {
  it('has the languages of the service', () => {
    expect(Object.keys(LANGUAGE_NAMES).sort()).toEqual([...LANGUAGES].sort());
  });

  it.each(LANGUAGES)('has every text in %s, names and numbers included', async (language) => {
    const strings = await loadStrings(language);
    const all = texts(strings);
    expect(all.map(([path]) => path).sort()).toEqual(
      texts(en)
        .map(([path]) => path)
        .sort(),
    );
    for (const [path, text] of all) {
      expect(text.trim(), path).toBe(text);
      expect(text, path).not.toBe('');
      if (/title$|live$/.test(path) && !/^\.(end|busy|settings|transcript)/.test(path)) expect(text).toContain('Zoë');
    }
    expect(strings.busy.countdown(7)).toContain('7');
    expect(strings.ending.duration(7)).toContain('7');
    expect(strings.settings.unnamedDevice(7)).toContain('7');
  });

  it.each(LANGUAGES.filter((language) => language !== 'en'))('is translated in %s', async (language) => {
    const translated = texts(await loadStrings(language));
    const english = new Map(texts(en));
    // Words that languages share, such as "Avatar" or "Microphone", are few.
    const same = translated.filter(([path, text]) => english.get(path) === text);
    expect(same.length).toBeLessThan(8);
  });
});

describe('the page of avatars in ten languages', () => {
  it.each(LANGUAGES)('has every text in %s, names and numbers included', async (language) => {
    const strings = await loadAvatarStrings(language);
    const all = texts(strings);
    expect(all.map(([path]) => path).sort()).toEqual(
      texts(avatarsEnglish)
        .map(([path]) => path)
        .sort(),
    );
    for (const [path, text] of all) {
      expect(text.trim(), path).toBe(text);
      expect(text, path).not.toBe('');
    }
    const { talkWith, delete: remove, make, done, remove: asked } = strings;
    for (const make1 of [talkWith, remove, make.voiceOf, done, asked.title, asked.done]) {
      expect(make1('Zoë')).toContain('Zoë');
    }
    expect(strings.waiting(3)).toContain('3');
    // What is seen on the button must be part of what it is called.
    expect(talkWith('Zoë').toLowerCase()).toContain(strings.talk.toLowerCase());
  });

  it.each(LANGUAGES.filter((language) => language !== 'en'))('is translated in %s', async (language) => {
    const english = new Map(texts(avatarsEnglish));
    const same = texts(await loadAvatarStrings(language)).filter(([path, text]) => english.get(path) === text);
    expect(same.length).toBeLessThan(5);
  });
});

describe('pickLanguage', () => {
  it('takes the first wish that there is', () => {
    expect(pickLanguage([undefined, null, 'sv-SE', 'pt-BR', 'en'])).toBe('pt');
    expect(pickLanguage(['zh-Hans-CN'])).toBe('zh');
    expect(pickLanguage(['DE'])).toBe('de');
  });

  it('is English for everything else', () => {
    expect(pickLanguage([])).toBe('en');
    expect(pickLanguage(['', 'xx', 'constructor', '../de'])).toBe('en');
  });
});
