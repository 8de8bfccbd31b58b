import { Hold } from '../model/hold.js';

export interface HoldActions {
  /** True while the button is one to be held; else it is an ordinary one. */
  isHold: () => boolean;
  onTalk: (pressed: boolean) => void;
  onClick: () => void;
}

export interface HoldButton {
  isHold(): boolean;
  /** From a key elsewhere on the page. */
  setPressed(pressed: boolean): void;
  /** The conversation has ended it. */
  end(): void;
}

/** A click comes right after its release; one that comes later is another's. */
const CLICK_FOLLOWS_MS = 300;

/** Makes `button` one that is held to talk: by finger, mouse, space or return, or tapped to begin and tapped again to end. */
export function makeHoldButton(button: HTMLButtonElement, { isHold, onTalk, onClick }: HoldActions): HoldButton {
  const hold = new Hold();
  let pointer: number | undefined;
  /** The click that follows a press says nothing new; none follows where what was pressed has changed meanwhile. */
  let clickKnownUntilMs = Number.NEGATIVE_INFINITY;
  const tell = (change: () => boolean): void => {
    const before = hold.talking;
    const talking = change();
    if (talking !== before) onTalk(talking);
  };
  const press = (): void => tell(() => hold.press(performance.now()));
  const release = (): void => tell(() => hold.release(performance.now()));
  const lose = (): void => tell(() => hold.lose());
  const isPressKey = ({ key }: KeyboardEvent): boolean => key === ' ' || key === 'Enter';

  button.addEventListener('pointerdown', (event) => {
    if (!isHold() || event.button !== 0 || pointer !== undefined) return;
    pointer = event.pointerId;
    // A finger that slides off the button still holds it.
    button.setPointerCapture(event.pointerId);
    press();
  });
  for (const name of ['pointerup', 'pointercancel'] as const) {
    button.addEventListener(name, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = undefined;
      if (name === 'pointerup') clickKnownUntilMs = performance.now() + CLICK_FOLLOWS_MS;
      release();
    });
  }
  button.addEventListener('keydown', (event) => {
    if (!isHold() || !isPressKey(event)) return;
    // No click follows, nor does the page scroll.
    event.preventDefault();
    if (!event.repeat) press();
  });
  button.addEventListener('keyup', (event) => {
    if (!isPressKey(event) || !isHold()) return;
    event.preventDefault();
    release();
  });
  button.addEventListener('click', () => {
    const isKnown = performance.now() < clickKnownUntilMs;
    clickKnownUntilMs = Number.NEGATIVE_INFINITY;
    if (isKnown) return;
    if (!isHold()) return onClick();
    // From assistive technology, which has no press and release of its own.
    press();
    release();
  });
  // A long press of a finger would open a menu.
  button.addEventListener('contextmenu', (event) => {
    if (isHold()) event.preventDefault();
  });
  button.addEventListener('blur', lose);
  window.addEventListener('blur', lose);

  return {
    isHold,
    setPressed: (pressed) => (pressed ? press() : release()),
    end: () => void hold.end(),
  };
}
