import type { Strings } from '../i18n/index.js';
import { h } from './dom.js';
import { icon } from './icons.js';

export interface PictureTools {
  element: HTMLElement;
  /** There is a live picture to be put elsewhere. */
  setAvailable(available: boolean): void;
}

/** Picture in picture and full screen, each where the browser has it. */
export function createPictureTools(video: HTMLVideoElement, words: Strings['stage']): PictureTools {
  const element = h('div', { class: 'stage__tools' });
  const floating = toolButton('picture-in-picture', words.pictureInPicture);
  const full = toolButton('full-screen', words.fullScreen);

  if (document.pictureInPictureEnabled) {
    floating.addEventListener('click', () => {
      const isFloating = document.pictureInPictureElement === video;
      // Refused while there is no picture yet.
      (isFloating ? document.exitPictureInPicture() : video.requestPictureInPicture()).catch(() => undefined);
    });
    element.append(floating);
  }
  if (document.fullscreenEnabled) {
    full.addEventListener('click', () => {
      const leaves = document.fullscreenElement !== null;
      (leaves ? document.exitFullscreen() : document.documentElement.requestFullscreen()).catch(() => undefined);
    });
    document.addEventListener('fullscreenchange', () => {
      const isFull = document.fullscreenElement !== null;
      label(full, isFull ? words.leaveFullScreen : words.fullScreen);
      full.replaceChildren(icon(isFull ? 'leave-full-screen' : 'full-screen'));
    });
    element.append(full);
  }
  return {
    element,
    setAvailable(available) {
      floating.classList.toggle('is-shown', available);
      floating.inert = !available;
      full.classList.toggle('is-shown', available);
      full.inert = !available;
    },
  };
}

function toolButton(name: 'picture-in-picture' | 'full-screen', text: string): HTMLButtonElement {
  const button = h('button', { class: 'glass-button glass-button--icon', type: 'button', inert: true }, icon(name));
  label(button, text);
  return button;
}

function label(button: HTMLElement, text: string): void {
  button.setAttribute('aria-label', text);
  button.title = text;
}
