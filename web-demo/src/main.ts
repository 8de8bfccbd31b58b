import { App } from './app.js';
import { readSettings } from './settings.js';

const settings = readSettings(location.search, location.hash);
const app = new App(settings);
document.querySelector('#app')?.replaceChildren(app.element);
const avatars = app.loadAvatars();
if (settings.autostart) void avatars.then(() => app.start(settings.microphone));
