import { AvatarsPage } from './avatars/page.js';
import { loadAvatarStrings } from './i18n/avatars/index.js';
import { loadStrings, pickLanguage } from './i18n/index.js';
import { PreferenceStore } from './model/preferences.js';
import { readSettings } from './settings.js';

const { key, language: wanted } = readSettings(location.search, location.hash);
const preferences = new PreferenceStore(() => localStorage);
const language = pickLanguage([wanted, preferences.value.language, ...navigator.languages]);
document.documentElement.lang = language;

const [common, strings] = await Promise.all([loadStrings(language), loadAvatarStrings(language)]);
const page = new AvatarsPage({ key, wanted, preferences, common, strings });
document.title = `Visavis: ${strings.title}`;
document.querySelector('#app')?.replaceChildren(page.element);
void page.load();
