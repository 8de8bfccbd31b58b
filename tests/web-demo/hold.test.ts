import { describe, expect, it } from 'vitest';
import { en } from '../../web-demo/src/i18n/en.js';
import { Hold, TAP_MS } from '../../web-demo/src/model/hold.js';
import { microphoneState } from '../../web-demo/src/model/microphone-state.js';
import { describeIdle, describeStatus } from '../../web-demo/src/model/status.js';

describe('a button that is held to talk', () => {
  it('talks as long as it is held', () => {
    const hold = new Hold();
    expect([hold.press(0), hold.release(2_000)]).toEqual([true, false]);
    expect([hold.press(3_000), hold.release(3_000 + TAP_MS)]).toEqual([true, false]);
  });

  it('begins with a tap and ends with the next press', () => {
    const hold = new Hold();
    expect([hold.press(0), hold.release(100)]).toEqual([true, true]);
    expect([hold.press(5_000), hold.release(5_100)]).toEqual([false, false]);
    expect(hold.press(6_000)).toBe(true);
  });

  it('minds neither a press that repeats nor a release without one', () => {
    const hold = new Hold();
    expect(hold.release(0)).toBe(false);
    expect([hold.press(0), hold.press(500), hold.release(600), hold.release(700)]).toEqual([true, true, false, false]);
  });

  it('lets go when its release will not be seen, but keeps what a tap began', () => {
    const hold = new Hold();
    hold.press(0);
    expect(hold.lose()).toBe(false);
    hold.press(1_000);
    hold.release(1_050);
    expect(hold.lose()).toBe(true);
    expect(hold.end()).toBe(false);
    expect(hold.press(3_000)).toBe(true);
  });
});

describe('what the microphone’s button shows', () => {
  it('follows the turn-taking of the conversation', () => {
    const state = { microphone: 'on', turnTaking: 'push-to-talk', talking: false } as const;
    expect(microphoneState(state)).toBe('hold');
    expect(microphoneState({ ...state, talking: true })).toBe('talking');
    expect(microphoneState({ ...state, microphone: 'off' })).toBe('off');
    expect(microphoneState({ ...state, turnTaking: 'off' })).toBe('none');
    expect(microphoneState({ ...state, turnTaking: 'patient' })).toBe('on');
  });

  it('is told in words as well', () => {
    const live = { phase: 'live', agentState: 'idle', pictureShown: true, pictureStalled: false } as const;
    expect(describeStatus({ ...live, microphone: 'hold' }, en)).toEqual({
      tone: 'idle',
      label: en.dock.microphone.hold,
    });
    expect(describeStatus({ ...live, microphone: 'talking' }, en).tone).toBe('listening');
    const idle = (turnTaking: 'balanced' | 'push-to-talk' | 'off') =>
      describeIdle({ ...live, microphone: 'on', turnTaking }, en);
    expect(idle('push-to-talk')).toBe(en.idle.holdToTalk);
    expect(idle('balanced')).toBe(en.idle.sayHello);
    expect(idle('off')).toBe(en.idle.typeToBegin);
  });
});
