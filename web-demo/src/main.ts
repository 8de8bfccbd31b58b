import { App } from './app.js';
import { loadStrings, pickLanguage } from './i18n/index.js';
import { PreferenceStore } from './model/preferences.js';
import { readSettings } from './settings.js';

const settings = readSettings(location.search, location.hash);
const preferences = new PreferenceStore(() => localStorage);
const language = pickLanguage([settings.language, preferences.value.language, ...navigator.languages]);
document.documentElement.lang = language;

const app = new App({ settings, preferences, language, strings: await loadStrings(language) });
document.querySelector('#app')?.replaceChildren(app.element);
const avatars = app.loadAvatars();
if (settings.autostart) void avatars.then(() => app.start(settings.microphone));
