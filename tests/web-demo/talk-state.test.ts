import { describe, expect, it } from 'vitest';
import type { JoinAnswer } from '../../src/signaling/messages.js';
import type { ConversationEvent } from '../../web-demo/src/client/events.js';
import { INITIAL_TALK_STATE, reduceTalk, type TalkState } from '../../web-demo/src/talk-state.js';

const answer: JoinAnswer = {
  sessionId: 's',
  participantId: 'p',
  routerRtpCapabilities: {},
  iceServers: [],
  avatar: { id: 'mara', name: 'Mara', width: 512, height: 512 },
  state: 'speaking',
  disclosure: 'An AI.',
  language: 'en',
  turnTaking: 'balanced',
  mediaKept: false,
};
const run = (events: ConversationEvent[], from: TalkState = INITIAL_TALK_STATE): TalkState =>
  events.reduce((state, event) => reduceTalk(state, event, 0), from);
const live: ConversationEvent[] = [
  { type: 'joined', answer },
  { type: 'phase', phase: 'live' },
];

describe('reduceTalk', () => {
  it('takes name, disclosure and present state from the answer to joining', () => {
    expect(run(live)).toMatchObject({
      phase: 'live',
      agentState: 'speaking',
      avatarName: 'Mara',
      disclosure: 'An AI.',
    });
  });

  it('does not let the state at joining overtake a newer one', () => {
    const [joined, isLive] = live as [ConversationEvent, ConversationEvent];
    expect(run([joined, { type: 'state', state: 'thinking' }, isLive]).agentState).toBe('thinking');
  });

  it('goes on showing the picture while the connection is mended, until its tracks are replaced', () => {
    const state = run([{ type: 'phase', phase: 'reconnecting' }], { ...run(live), pictureShown: true });
    expect(state).toMatchObject({ phase: 'reconnecting', pictureShown: true });
    expect(run([{ type: 'tracks', tracks: [] }], state)).toMatchObject({ pictureShown: false });
  });

  it('hides the picture and forgets the state of an avatar that it cannot see any more', () => {
    const state = run([{ type: 'phase', phase: 'over', reason: 'lost' }], { ...run(live), pictureShown: true });
    expect(state).toMatchObject({ phase: 'over', agentState: 'idle', pictureShown: false });
  });

  it('remembers why it is over', () => {
    const state = run([...live, { type: 'phase', phase: 'over', reason: 'idle' }]);
    expect(state).toMatchObject({ phase: 'over', endReason: 'idle' });
  });
});
