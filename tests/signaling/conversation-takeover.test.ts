import { describe, expect, it } from 'vitest';
import type { ConversationEvent } from '../../src/agents/events.js';
import { ConversationMirror } from '../../src/signaling/conversation-mirror.js';

/** mulberry32: the same numbers on every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** A conversation of turns, answers, asides and interruptions as an avatar worker tells it. */
function conversation(random: (below: number) => number): ConversationEvent[] {
  const events: ConversationEvent[] = [];
  for (let turn = 1; turn <= 1 + random(5); turn++) {
    const said = `question ${turn}`;
    const base = { type: 'transcript', turnId: turn, participantId: 'p' } as const;
    events.push({ ...base, text: said.slice(0, 4), final: false }, { ...base, text: said, final: true });
    events.push({ type: 'history', message: { role: 'user', text: said } });
    const aside = random(4) === 0;
    const words = Array.from({ length: 1 + random(6) }, (_, i) => `word-${turn}-${i}`);
    for (const [index, word] of words.entries()) {
      events.push({ type: 'caption', utteranceId: turn, index, word, ...(aside ? { aside } : {}) });
    }
    const text = words.join(' ');
    if (!aside) events.push({ type: 'history', message: { role: 'assistant', text } });
    events.push({ type: 'utterance-end', utteranceId: turn, text, interrupted: false });
  }
  return events;
}

/** What a store keeps of a mirror, and what a successor makes of it. */
function handOver(mirror: ConversationMirror): ConversationMirror {
  const { history, messageCount: messages, underWay: live } = mirror;
  return new ConversationMirror(JSON.parse(JSON.stringify({ history, messages, live })));
}

describe('a conversation that goes on at another gateway', () => {
  it('knows every message and every heard word, wherever it was cut', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = numbers(seed);
      const events = conversation(random);
      const mirror = new ConversationMirror();
      for (const event of events.slice(0, random(events.length + 1))) mirror.accept(event);
      const successor = handOver(mirror);
      expect(successor.workerLost(), `seed ${seed}`).toEqual(mirror.workerLost());
      expect(successor.history).toEqual(mirror.history);
      expect(successor.messageCount).toBe(mirror.messageCount);
    }
  });

  it('gives no number twice, however often it changes hands', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = numbers(seed);
      let mirror = new ConversationMirror();
      const ended: number[] = [];
      for (let life = 0; life < 4; life++) {
        const events = conversation(random);
        const seen = events.slice(0, random(events.length + 1)).map((event) => mirror.accept(event));
        mirror = handOver(mirror);
        for (const event of [...seen, ...mirror.workerLost()]) {
          if (event.type === 'utterance-end') ended.push(event.utteranceId);
        }
      }
      expect(new Set(ended).size, `seed ${seed}`).toBe(ended.length);
      expect(ended).toEqual([...ended].sort((a, b) => a - b));
    }
  });
});
