import type { TalkState } from '../talk-state.js';

/** What the microphone's button shows. `hold`: to be held to talk; `talking`: it is held; `none`: nobody listens here. */
export type MicrophoneState = TalkState['microphone'] | 'hold' | 'talking' | 'none';

export function microphoneState({
  microphone,
  turnTaking,
  talking,
}: Pick<TalkState, 'microphone' | 'turnTaking' | 'talking'>): MicrophoneState {
  if (turnTaking === 'off') return 'none';
  if (turnTaking !== 'push-to-talk' || microphone !== 'on') return microphone;
  return talking ? 'talking' : 'hold';
}
