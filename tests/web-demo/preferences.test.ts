import { describe, expect, it } from 'vitest';
import {
  PREFERENCES_KEY,
  PreferenceStore,
  parsePreferences,
  STANDARD_PREFERENCES,
} from '../../web-demo/src/model/preferences.js';

function memory(entries: Record<string, string> = {}): {
  getItem(k: string): string | null;
  setItem(k: string, v: string): void;
} {
  return {
    getItem: (key) => entries[key] ?? null,
    setItem: (key, value) => {
      entries[key] = value;
    },
  };
}

describe('parsePreferences', () => {
  it.each([null, '', 'not json', '[]', 'null', '"dark"', '{"theme":7,"microphoneId":{},"language":""}'])(
    'takes %j as nothing chosen',
    (stored) => {
      expect(parsePreferences(stored)).toEqual(STANDARD_PREFERENCES);
    },
  );

  it('keeps what is known and drops what no choice can be', () => {
    const stored = JSON.stringify({
      theme: 'dark',
      speakerId: 'abc',
      microphoneId: 'x'.repeat(2_000),
      shortcuts: false,
      more: 1,
    });
    expect(parsePreferences(stored)).toEqual({
      ...STANDARD_PREFERENCES,
      theme: 'dark',
      speakerId: 'abc',
      shortcuts: false,
    });
  });
});

describe('PreferenceStore', () => {
  it('remembers across visits', () => {
    const storage = memory();
    new PreferenceStore(() => storage).set({ theme: 'dark', microphoneId: 'm1' });
    expect(new PreferenceStore(() => storage).value).toMatchObject({ theme: 'dark', microphoneId: 'm1' });
    expect(storage.getItem(PREFERENCES_KEY)).toContain('dark');
  });

  it('works for one visit where storage is refused or full', () => {
    const refused = new PreferenceStore(() => {
      throw new DOMException('', 'SecurityError');
    });
    expect(refused.set({ theme: 'light' }).theme).toBe('light');
    const full = new PreferenceStore(() => ({
      getItem: () => null,
      setItem: () => {
        throw new DOMException('', 'QuotaExceededError');
      },
    }));
    expect(full.set({ shortcuts: false }).shortcuts).toBe(false);
    expect(full.value.shortcuts).toBe(false);
  });
});
