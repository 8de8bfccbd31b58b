import { describe, expect, it } from 'vitest';
import { LANGUAGES, type Language } from '../src/languages.js';
import { admitsToBeAi, greetingOf, namesMachine, spokenLanguage, type Wording, wordingOf } from '../src/wording.js';

/** How each language calls an AI. */
const NAMES_OF_AI: Record<Language, RegExp> = {
  en: /\bAI\b/,
  de: /\bKI\b/,
  fr: /\bIA\b/,
  es: /\bIA\b/,
  it: /\bIA\b/,
  pt: /\bIA\b/,
  nl: /\bAI\b/,
  pl: /sztuczn[aą] inteligencj[aą]/,
  ja: /AI/,
  zh: /AI/,
};

function textsOf({ greeting, waiting, admission: _, ...texts }: Wording): string[] {
  return [...Object.values(texts), ...waiting.first, ...waiting.again, greeting('Mara')];
}

describe.each(LANGUAGES)('the wording of %s', (language) => {
  const wording = wordingOf(language);

  it('has all its texts, none blank, padded or left with a placeholder', () => {
    const texts = textsOf(wording);
    expect(texts).toHaveLength(15);
    for (const text of texts) {
      expect(text).toBe(text.trim());
      expect(text).not.toMatch(/^$|undefined|\$\{|TODO| {2}/);
    }
  });

  it('says in its disclosure and in its greeting that it is an AI', () => {
    expect(wording.disclosure).toMatch(NAMES_OF_AI[language]);
    expect(wording.spokenDisclosure).toMatch(NAMES_OF_AI[language]);
    expect(wording.greeting('Mara')).toMatch(NAMES_OF_AI[language]);
    expect(admitsToBeAi(wording.disclosure)).toBe(true);
    expect(admitsToBeAi(wording.spokenDisclosure)).toBe(true);
    expect(admitsToBeAi(wording.greeting('Mara'))).toBe(true);
  });

  it('names the avatar in its greeting', () => {
    expect(wording.greeting('Ines')).toContain('Ines');
  });

  it('keeps the disclosure to one sentence and the badge to 12 characters', () => {
    expect(wording.disclosure.match(/[.!?。！？]/g)).toHaveLength(1);
    expect(wording.badge.length).toBeGreaterThan(0);
    expect([...wording.badge].length).toBeLessThanOrEqual(12);
  });

  it('is not another language’s', () => {
    const others = LANGUAGES.filter((other) => other !== language).map((other) => wordingOf(other).apology);
    expect(others).not.toContain(wording.apology);
  });
});

describe('admitsToBeAi', () => {
  it.each([
    "I'm an AI.",
    'Hi! I am Mara, your friendly AI guide from Acme. What can I do?',
    'Welcome to Acme. You’re talking to an AI assistant.',
    'My name is Mara and I’m an artificial intelligence that knows our shop.',
    'Guten Tag! Ich bin Mara, Ihre KI-Assistentin bei Acme.',
    'Hier ist die KI von Acme.',
    'Bonjour, je suis une intelligence artificielle.',
    'Bonjour, je suis Mara, votre assistante IA.',
    'Hola, soy su asistente de IA.',
    'Buongiorno, sono l’assistente IA di Acme.',
    'Olá, sou a Mara, sua assistente de IA.',
    'Hoi, ik ben Mara, een AI-assistent van Acme.',
    'Cześć, jestem asystentem AI firmy Acme.',
    'AIアシスタントのマラです。',
    '大家好，我是AI助手小美。',
  ])('counts %j', (text) => {
    expect(admitsToBeAi(text)).toBe(true);
  });

  it.each([
    '',
    'Welcome to Acme. How can I help you?',
    'Hi, this is Mara from OpenAI support.',
    'Welcome! Ask me anything about our AI products.',
    "I'm not an AI.",
    "I'm Mara, an AI researcher.",
    "I'm Mara, not an AI.",
    'I am an expert in AI.',
    'I am here to talk about an AI.',
    "You are not talking to an AI, I'm Jane.",
    'Ich bin keine KI.',
    'Ich bin ein KI-Experte.',
    'Je ne suis pas une IA.',
    'No soy una IA.',
    'No está hablando con una IA.',
    'Non sono un’IA.',
    'Não sou uma IA.',
    'Ik ben geen AI.',
    'Nie jestem AI.',
    'AIではありません。',
    'AIの専門家です。',
    '我是AI研究员。',
    '我不是AI。',
  ])('does not count %j', (text) => {
    expect(admitsToBeAi(text)).toBe(false);
  });

  it('gets through a long text made of beginnings that lead nowhere', () => {
    for (const piece of ["I'm a ", 'you are talking to ', 'I am x y z, ', 'ich bin eine ', 'AIの', '我是'])
      expect(admitsToBeAi(piece.repeat(500 / piece.length))).toBe(false);
  });
});

describe('namesMachine', () => {
  it.each([
    ...LANGUAGES.map((language) => wordingOf(language).disclosure),
    'Vous parlez à un robot.',
    'Dies ist ein Chatbot.',
    'AI搭載アバター',
  ])('sees the machine in %j', (text) => {
    expect(namesMachine(text)).toBe(true);
  });

  it.each(["Welcome! J'ai hâte.", 'Si quiere, hable con Marta.', 'Ki ez?', 'Your friendly host.', 'Bottle'])(
    'sees none in %j',
    (text) => {
      expect(namesMachine(text)).toBe(false);
    },
  );
});

describe('greetingOf', () => {
  const standing = { name: 'Mara', custom: undefined, language: 'en', disclosureOff: false } as const;

  it('is the standing one where there is no other', () => {
    expect(greetingOf(standing)).toBe(wordingOf('en').greeting('Mara'));
    expect(greetingOf({ ...standing, language: 'de' })).toContain('ich bin Mara, eine KI');
  });

  it('puts the disclosure before a text that does not say it', () => {
    const custom = 'Welcome to Acme!';
    expect(greetingOf({ ...standing, custom })).toBe('You are talking with an AI. Welcome to Acme!');
    expect(greetingOf({ ...standing, custom: '欢迎！', language: 'zh' })).toBe('您正在与AI对话。欢迎！');
  });

  it('leaves a text alone that says it', () => {
    const custom = 'Hello, I am an AI made for Acme.';
    expect(greetingOf({ ...standing, custom })).toBe(custom);
  });

  it('leaves every text alone where the operator tells visitors by other means', () => {
    expect(greetingOf({ ...standing, custom: ' Welcome! ', disclosureOff: true })).toBe('Welcome!');
  });

  it('is silent for null and for nothing but spaces', () => {
    expect(greetingOf({ ...standing, custom: null })).toBeNull();
    expect(greetingOf({ ...standing, custom: '  ' })).toBeNull();
  });
});

describe('spokenLanguage', () => {
  it('is one that the voice speaks', () => {
    expect(spokenLanguage('de', 'kokoro')).toBe('en');
    expect(spokenLanguage('de', 'piper')).toBe('en');
    expect(spokenLanguage('de', 'openai')).toBe('de');
  });
});
