import { admissionPattern } from './admission.js';
import type { Wording } from './wording.js';

export const en: Wording = {
  disclosure: 'You are talking with an AI: this face and this voice are made by a computer.',
  spokenDisclosure: 'You are talking with an AI.',
  badge: 'AI',
  greeting: (name) => `Hello, I'm ${name}, an AI assistant. How can I help you?`,
  apology: 'Sorry, I lost the thread for a moment. Please go on.',
  waiting: {
    first: ['Let me look.', 'One moment, please.', 'Let me check.'],
    again: ['This takes a little longer.', 'Just a moment more.'],
  },
  minuteLeft: 'We have about one minute left.',
  goodbye: 'Our time is up. Thank you for the conversation, and goodbye.',
  maintenance: 'I have to stop in a moment, because this service is being restarted.',
  declined: 'I would rather not talk about that.',
  busy: 'All places are taken right now. Please try again in a moment.',
  admission: admissionPattern({
    subjects: ["(?:I am|I['’]m|this is)", "you(?: are|['’]re) (?:now )?(?:talking|speaking|chatting) (?:to|with)"],
    kinds: [
      '(?:an?|the|your|our) (?:[\\p{L}-]+ )?(?:AI|A\\.I\\.|artificial intelligence|chatbot|robot|computer program)(?: (?:assistant|agent|avatar|guide|helper|host|companion|system|voice))?',
      '(?:artificial intelligence|AI)',
    ],
    links: ['and', 'that', 'which', 'from', 'of', 'by', 'at', 'for', 'here', 'with', 'made'],
  }),
};
