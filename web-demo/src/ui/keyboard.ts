export interface KeyActions {
  /** Single keys may be used (WCAG 2.1.4). */
  isOn: () => boolean;
  onMute: () => void;
  /** Whether the microphone's key is one to be held. */
  isHold: () => boolean;
  onHold: (pressed: boolean) => void;
  onType: () => void;
  onInterrupt: () => void;
}

const TEXT_INPUT = 'input, textarea, select, [contenteditable]';

/** M mutes, or is held to talk, / goes to the text field, Escape interrupts; never while something is typed or a dialog is open. */
export function listenToKeys(actions: KeyActions): void {
  document.addEventListener('keydown', (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
    // Escape also works from within the text field.
    if (key === 'Escape') return actions.onInterrupt();
    if (!actions.isOn() || event.repeat || (target instanceof Element && target.closest(TEXT_INPUT))) return;
    if ((key === 'm' || key === 'M') && actions.isHold()) actions.onHold(true);
    else if (key === 'm' || key === 'M') actions.onMute();
    else if (key === '/') {
      event.preventDefault();
      actions.onType();
    }
  });
  document.addEventListener('keyup', ({ key }) => {
    if ((key === 'm' || key === 'M') && actions.isHold()) actions.onHold(false);
  });
}
