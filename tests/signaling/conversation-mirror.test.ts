import { describe, expect, it } from 'vitest';
import type { ConversationEvent } from '../../src/agents/events.js';
import { ConversationMirror } from '../../src/signaling/conversation-mirror.js';

const caption = (utteranceId: number, index: number, word: string): ConversationEvent => ({
  type: 'caption',
  utteranceId,
  index,
  word,
});
const transcript = (turnId: number, text: string, final: boolean): ConversationEvent => ({
  type: 'transcript',
  turnId,
  participantId: 'p',
  text,
  final,
});

describe('a mirror of a conversation', () => {
  it('passes events on unchanged while there is one worker, and keeps the history', () => {
    const mirror = new ConversationMirror();
    const events: ConversationEvent[] = [
      { type: 'state', state: 'listening' },
      transcript(1, 'Hello.', true),
      { type: 'history', message: { role: 'user', text: 'Hello.' } },
      caption(1, 0, 'Hi!'),
      { type: 'history', message: { role: 'assistant', text: 'Hi!' } },
      { type: 'utterance-end', utteranceId: 1, text: 'Hi!', interrupted: false },
    ];
    expect(events.map((event) => mirror.accept(event))).toEqual(events);
    expect(mirror.history.map(({ text }) => text)).toEqual(['Hello.', 'Hi!']);
    expect(mirror.workerLost()).toEqual([]);
  });

  it('ends what a dead worker was saying after the words that were heard, and remembers them', () => {
    const mirror = new ConversationMirror();
    mirror.accept({ type: 'history', message: { role: 'user', text: 'What is it?' } });
    for (const [i, word] of ['It', 'is', 'a'].entries()) mirror.accept(caption(4, i, word));
    expect(mirror.workerLost()).toEqual([
      { type: 'utterance-end', utteranceId: 4, text: 'It is a', interrupted: true },
    ]);
    expect(mirror.history).toEqual([
      { role: 'user', text: 'What is it?' },
      { role: 'assistant', text: 'It is a', interrupted: true },
    ]);
    expect(mirror.workerLost()).toEqual([]);
  });

  it('gives up a turn that was being understood', () => {
    const mirror = new ConversationMirror();
    mirror.accept(transcript(2, 'What is', false));
    expect(mirror.workerLost()).toEqual([transcript(2, '', true)]);
    expect(mirror.history).toEqual([]);
  });

  it('numbers the turns and utterances of a successor through', () => {
    const mirror = new ConversationMirror();
    mirror.accept(transcript(3, 'One.', true));
    mirror.accept({ type: 'utterance-end', utteranceId: 5, text: 'Two.', interrupted: false });
    mirror.workerLost();
    expect(mirror.accept(transcript(1, 'Three.', true))).toMatchObject({ turnId: 4 });
    expect(mirror.accept(caption(1, 0, 'Four.'))).toMatchObject({ utteranceId: 6 });
    mirror.workerLost();
    expect(mirror.accept(caption(1, 0, 'Five.'))).toMatchObject({ utteranceId: 7 });
    expect(mirror.accept({ type: 'latency', turnId: 1, utteranceId: 2, latency: {} })).toMatchObject({
      turnId: 5,
      utteranceId: 8,
    });
  });

  it('keeps a bounded history', () => {
    const mirror = new ConversationMirror();
    for (let i = 0; i < 1_000; i++) mirror.accept({ type: 'history', message: { role: 'user', text: String(i) } });
    expect(mirror.history.length).toBe(400);
    expect(mirror.history.at(-1)).toEqual({ role: 'user', text: '999' });
  });
});
