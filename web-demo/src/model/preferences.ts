/** What a visitor has chosen once and for all, in this browser. */
export interface Preferences {
  theme: 'system' | 'light' | 'dark';
  /** Undefined: as the browser says. */
  language: string | undefined;
  /** Device ids; undefined: the browser's own choice. */
  microphoneId: string | undefined;
  speakerId: string | undefined;
  /** Single keys as shortcuts (WCAG 2.1.4 wants them to be turned off at will). */
  shortcuts: boolean;
}

export const STANDARD_PREFERENCES: Preferences = {
  theme: 'system',
  language: undefined,
  microphoneId: undefined,
  speakerId: undefined,
  shortcuts: true,
};

/** `public/theme.js` reads the same entry before the page is drawn. */
export const PREFERENCES_KEY = 'visavis';
const MAX_LENGTH = 512;

/** Reads what was stored; whatever is missing, damaged or from another version is as if never chosen. */
export function parsePreferences(stored: string | null): Preferences {
  let value: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(stored ?? '{}');
    if (typeof parsed === 'object' && parsed !== null) value = parsed as Record<string, unknown>;
  } catch {
    // Not ours.
  }
  const text = (name: string): string | undefined => {
    const entry = value[name];
    return typeof entry === 'string' && entry !== '' && entry.length <= MAX_LENGTH ? entry : undefined;
  };
  const { theme, shortcuts } = value;
  return {
    theme: theme === 'light' || theme === 'dark' ? theme : 'system',
    language: text('language'),
    microphoneId: text('microphoneId'),
    speakerId: text('speakerId'),
    shortcuts: shortcuts !== false,
  };
}

type KeyValueStore = Pick<Storage, 'getItem' | 'setItem'>;

/** Preferences that are kept where the browser allows it, and for this page alone where it does not. */
export class PreferenceStore {
  readonly #storage: KeyValueStore | undefined;
  #value: Preferences;

  /** `open` may throw: browsers refuse storage to some frames and private windows. */
  constructor(open: () => KeyValueStore) {
    let stored: string | null = null;
    try {
      this.#storage = open();
      stored = this.#storage.getItem(PREFERENCES_KEY);
    } catch {
      // Without storage every visit is the first.
    }
    this.#value = parsePreferences(stored);
  }

  get value(): Preferences {
    return this.#value;
  }

  set(change: Partial<Preferences>): Preferences {
    this.#value = { ...this.#value, ...change };
    try {
      this.#storage?.setItem(PREFERENCES_KEY, JSON.stringify(this.#value));
    } catch {
      // Full or refused: it holds for this page.
    }
    return this.#value;
  }
}
