import { describe, expect, test } from 'vitest';
import { History } from '../../src/agents/history.js';

const texts = (history: History) => history.messages.map((m) => `${m.role}: ${m.text}`);

describe('conversation history', () => {
  test('keeps turns in order and marks a reply that was cut off', () => {
    const history = new History();
    history.addUser('What is it?');
    expect(history.commitReply('It is a', { interrupted: true })).toEqual({
      role: 'assistant',
      text: 'It is a',
      interrupted: true,
    });
    history.addUser('and where does it run');
    expect(texts(history)).toEqual(['user: What is it?', 'assistant: It is a', 'user: and where does it run']);
  });

  test('a reply nothing of which was heard leaves no trace and the turns around it become one', () => {
    const history = new History();
    history.addUser('what does');
    expect(history.commitReply('', { interrupted: true })).toBeNull();
    expect(history.addUser('breakfast cost')).toEqual({ role: 'user', text: 'breakfast cost' });
    expect(texts(history)).toEqual(['user: what does breakfast cost']);
  });

  test('a mirror that appends what was returned restores to the same history', () => {
    const mirror = [];
    const history = new History({ maxMessages: 5 });
    for (let i = 0; i < 20; i++) {
      mirror.push(history.addUser(`question ${i}`));
      if (i % 3 === 0) mirror.push(history.addUser(`more of ${i}`));
      mirror.push(history.commitReply(i % 4 === 0 ? '' : `answer ${i}`, { interrupted: i % 5 === 0 }));
    }
    const kept = mirror.filter((message) => message !== null);
    expect(History.restore(kept, { maxMessages: 5 }).messages).toEqual(history.messages);
    expect(history.length).toBe(5);
  });

  test('drops the oldest messages when there are too many characters', () => {
    const history = new History({ maxCharacters: 50 });
    for (let i = 0; i < 10; i++) {
      history.addUser(`a question number ${i}`);
      history.commitReply(`answer ${i}`);
      expect(history.messages.reduce((sum, m) => sum + m.text.length, 0)).toBeLessThanOrEqual(50);
    }
    expect(texts(history).at(-1)).toBe('assistant: answer 9');
  });

  test('cuts a single message that is too long at a word', () => {
    const history = new History({ maxCharacters: 20 });
    expect(history.addUser('one two three four five six seven')?.text).toBe('four five six seven');
    history.commitReply('one two three four five six seven');
    expect(texts(history)).toEqual(['assistant: one two three four']);
    expect(history.addUser('x'.repeat(500))?.text).toHaveLength(20);
  });

  test('a speculative view does not change the history', () => {
    const history = new History();
    history.addUser('hello');
    expect(history.withUser('there').map((m) => m.text)).toEqual(['hello there']);
    expect(texts(history)).toEqual(['user: hello']);
  });

  test('snapshots are not changed by later turns', () => {
    const history = new History();
    history.addUser('hello');
    const before = history.messages;
    history.addUser('again');
    expect(before).toEqual([{ role: 'user', text: 'hello' }]);
  });

  test('empty turns add nothing and impossible limits are refused', () => {
    expect(new History().addUser('  \n ')).toBeNull();
    expect(() => new History({ maxMessages: 0 })).toThrow(RangeError);
  });
});
