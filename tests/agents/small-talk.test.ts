import { describe, expect, test } from 'vitest';
import { type SmallTalkIntent, smallTalkIntent, withoutLeadIn } from '../../src/agents/small-talk.js';
import { SMALL_TALK, vary } from '../../src/agents/small-talk-replies.js';

const SAID: Record<SmallTalkIntent, string[]> = {
  greeting: ['hi', 'Hello there!', 'hey ada', 'good morning', 'hello hello again', 'nice to meet you', 'Ada?'],
  'how-are-you': ['how are you', 'Hi, how are you doing today?', "how's it going", "what's up"],
  thanks: ['thanks', 'thank you very much', 'okay great thank you', 'thanks for the help'],
  goodbye: ['bye', 'okay bye bye', 'thank you goodbye', 'see you later', 'have a nice day', "that's all"],
  'who-are-you': ['who are you', "what's your name", 'tell me about yourself', 'and who are you?'],
  'are-you-human': [
    'are you human',
    'are you a real person',
    'am i talking to a machine',
    'is this a recording',
    'so are you an ai',
  ],
  capabilities: ['what can you do', 'what can i ask you', 'can you help me', 'help', 'what do you know'],
  'can-you-hear-me': ['can you hear me', 'hello can you hear me now', 'are you there', 'test test', 'is this on'],
  joke: ['tell me a joke', 'do you know a joke', 'another one', 'say something funny'],
  insult: ['you are stupid', "you're so dumb", 'this is useless', 'i hate you'],
  compliment: ['you are great', 'that was very helpful', 'well done', 'wow you are amazing'],
  feelings: ['do you have feelings', 'how old are you', "what's your favourite colour", 'are you happy'],
  stop: ['stop', 'please stop talking', 'shut up', 'never mind', "okay that's enough"],
  wait: ['wait', 'hold on a second', 'one moment please', 'let me think'],
  opening: [
    'I have another question',
    'Wait, I have a question.',
    'Sorry, can I ask you something else?',
    'may I ask a question',
  ],
  acknowledgement: ['i see', 'ah interesting', 'got it', 'that makes sense', 'good to know'],
  apology: ['sorry', 'my bad', 'oh sorry about that'],
  repeat: ['can you repeat that', 'say that again please', 'what did you say', 'pardon', "sorry, I didn't catch that"],
  more: ['tell me more', 'go on', 'can you tell me a bit more about that', 'what else', 'continue', 'yes, go on'],
  why: ['why', 'but why is that', 'how come'],
  yes: ['yes', 'yes please', 'sure go ahead', 'okay'],
  no: ['no', 'no thanks', 'nope', "no I'm good"],
  confused: [
    "i don't understand",
    'what do you mean',
    "that's wrong",
    "that's not what i asked",
    'Stop, that is not what I meant.',
  ],
};

describe('small talk', () => {
  test.each(Object.entries(SAID) as [SmallTalkIntent, string[]][])('recognises %s', (intent, utterances) => {
    for (const utterance of utterances) expect(smallTalkIntent(utterance, 'Ada'), utterance).toBe(intent);
  });

  test('leaves questions about a topic alone, also behind a greeting', () => {
    for (const question of [
      'hi what does it cost',
      'how are you different from a chatbot',
      'can you hear me when the microphone is muted',
      'what can you do with an avatar',
      'is this a good service for hotels',
      'are you open on sundays',
      'do you have a joke book in the shop',
      'why does it need a server',
      'thanks and what about breakfast',
      'what is the name of the hotel',
      'stop signs how much are they',
      'are you able to join meetings',
      'can you help me with a flat tyre',
      'where do you live stream the concert',
    ]) {
      expect(smallTalkIntent(question, 'Ada'), question).toBeUndefined();
    }
  });

  test('handles odd input and names with special characters', () => {
    expect(smallTalkIntent('', 'Ada')).toBe('greeting');
    expect(smallTalkIntent('')).toBeUndefined();
    expect(smallTalkIntent('hi (c++)', 'C++')).toBe('greeting');
    expect(smallTalkIntent('a '.repeat(5000), 'Ada')).toBeUndefined();
  });

  test('always answers honestly and in several wordings', () => {
    for (const wording of SMALL_TALK['are-you-human']) expect(wording).toMatch(/\bAI\b/u);
    for (const wordings of Object.values(SMALL_TALK)) expect(new Set(wordings).size).toBeGreaterThan(1);
    expect(new Set([1, 3, 5].map((length) => vary(['a', 'b', 'c'], length))).size).toBe(3);
  });
});

test('what people say before a question is removed', () => {
  expect(withoutLeadIn('hi there, um, can you tell me what it costs?')).toBe('what it costs?');
  expect(withoutLeadIn('okay so do you know where the station is')).toBe('where the station is');
  expect(withoutLeadIn("I'd like to know how long it takes")).toBe('how long it takes');
  expect(withoutLeadIn('do you know french')).toBe('do you know french');
  expect(withoutLeadIn('sofas are expensive')).toBe('sofas are expensive');
  expect(withoutLeadIn('um, well…')).toBe('');
});
