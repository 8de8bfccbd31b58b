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
    const latency = { type: 'latency', participantId: 'p', lastVoicedAtMs: 0, latency: {} } as const;
    expect(mirror.accept({ ...latency, turnId: 1, utteranceId: 2 })).toMatchObject({
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

/** Reproducible randomness (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a worker tells in one life: turns with partials, replies that are heard out or interrupted, and asides. */
function life(next: () => number, tag: string): ConversationEvent[] {
  const events: ConversationEvent[] = [];
  let turn = 0;
  let utterance = 0;
  let word = 0;
  const say = (count: number, aside: boolean) => {
    const utteranceId = ++utterance;
    const words: string[] = [];
    for (let index = 0; index < count; index++) {
      words.push(`${tag}w${word++}`);
      events.push({ ...caption(utteranceId, index, words[index]!), ...(aside ? { aside } : {}) } as ConversationEvent);
    }
    const text = words.join(' ');
    const interrupted = next() < 0.3;
    const end = () => {
      const message = { role: 'assistant' as const, text, ...(interrupted ? { interrupted } : {}) };
      if (!aside && text !== '') events.push({ type: 'history', message });
      events.push({ type: 'utterance-end', utteranceId, text, interrupted });
    };
    return { end, interrupted };
  };
  for (let round = 0; round < 4; round++) {
    const turnId = ++turn;
    for (let i = 0; i < Math.floor(next() * 3); i++) events.push(transcript(turnId, `${tag}part`, false));
    const text = next() < 0.15 ? '' : `${tag}t${turnId}`;
    events.push(transcript(turnId, text, true));
    if (text !== '') events.push({ type: 'history', message: { role: 'user', text } });
    const reply = say(Math.floor(next() * 5), next() < 0.2);
    if (reply.interrupted) {
      // The visitor's next turn is what stops it.
      const stopping = ++turn;
      events.push(transcript(stopping, `${tag}t${stopping}`, true));
      reply.end();
      events.push({ type: 'history', message: { role: 'user', text: `${tag}t${stopping}` } });
    } else reply.end();
  }
  return events;
}

describe('whatever the moment of death', () => {
  it.each(Array.from({ length: 200 }, (_, seed) => seed))(
    'every finished turn and every heard word is remembered once, in order (seed %i)',
    (seed) => {
      const next = random(seed);
      let mirror = new ConversationMirror();
      const seen: ConversationEvent[] = [];
      const expected: string[] = [];
      for (let worker = 0; worker < 4; worker++) {
        const events = life(next, `l${worker}`);
        for (const event of events.slice(0, Math.floor(next() * (events.length + 1)))) {
          seen.push(mirror.accept(event));
          if (event.type === 'transcript' && event.final && event.text !== '') expected.push(event.text);
          if (event.type === 'caption' && event.aside !== true) expected.push(event.word);
        }
        if (next() < 0.3) {
          // The gateway died with it: another one goes on with what was stored.
          const { history, messageCount: messages, underWay: live } = mirror;
          mirror = new ConversationMirror(structuredClone({ history, messages, live }));
        }
        seen.push(...mirror.workerLost());
      }
      const remembered = mirror.history.flatMap(({ text }) => text.split(' '));
      expect(remembered.toSorted()).toEqual(expected.toSorted());
      const said = (words: readonly string[]) => words.filter((text) => /t\d+$/.test(text));
      const heard = (words: readonly string[]) => words.filter((text) => /w\d+$/.test(text));
      expect(said(remembered)).toEqual(said(expected));
      expect(heard(remembered)).toEqual(heard(expected));

      const ended = seen.filter((event) => event.type === 'utterance-end').map(({ utteranceId }) => utteranceId);
      expect(new Set(ended).size).toBe(ended.length);
      for (const event of seen) if (event.type === 'caption') expect(ended).toContain(event.utteranceId);
      const finals = seen
        .filter((event) => event.type === 'transcript' && event.final)
        .map((e) => 'turnId' in e && e.turnId);
      expect(new Set(finals).size).toBe(finals.length);
      for (const event of seen) if (event.type === 'transcript') expect(finals).toContain(event.turnId);
    },
  );
});
