import type { Preferences } from './model/preferences.js';

const darkSystem = matchMedia('(prefers-color-scheme: dark)');

/** Draws the page light or dark; `system`: as the visitor's system is, and as it changes. */
export function applyTheme(theme: Preferences['theme']): void {
  const { dataset } = document.documentElement;
  if (theme === 'system') delete dataset['theme'];
  else dataset['theme'] = theme;
  const background = getComputedStyle(document.documentElement).getPropertyValue('--background').trim();
  for (const meta of document.querySelectorAll('meta[name="theme-color"]')) meta.setAttribute('content', background);
}

/** What the page looks like now. */
export function isDark(theme: Preferences['theme']): boolean {
  return theme === 'system' ? darkSystem.matches : theme === 'dark';
}

export function onSystemTheme(listener: () => void): void {
  darkSystem.addEventListener('change', listener);
}
