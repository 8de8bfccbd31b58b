import { admissionPattern } from './admission.js';
import type { Wording } from './wording.js';

export const fr: Wording = {
  disclosure: 'Vous parlez avec une IA\u00a0: ce visage et cette voix sont créés par un ordinateur.',
  spokenDisclosure: 'Vous parlez avec une IA.',
  badge: 'IA',
  greeting: (name) => `Bonjour, je suis ${name}, une IA. Comment puis-je vous aider\u00a0?`,
  apology: 'Excusez-moi, j’ai perdu le fil un instant. Continuez, je vous en prie.',
  waiting: {
    first: ['Je regarde.', 'Un instant, s’il vous plaît.', 'Je vérifie.'],
    again: ['Cela prend un peu plus de temps.', 'Encore un instant.'],
  },
  minuteLeft: 'Il nous reste environ une minute.',
  goodbye: 'Notre temps est écoulé. Merci pour cette conversation et au revoir.',
  maintenance: 'Je vais devoir m’arrêter dans un instant, car ce service redémarre.',
  declined: 'Je préfère ne pas parler de cela.',
  busy: 'Toutes les places sont prises pour le moment. Veuillez réessayer dans un instant.',
  admission: admissionPattern({
    subjects: ["(?:je suis|ici|c[’']est)", '(?:vous parlez|tu parles|vous discutez) (?:ici )?(?:avec|à)'],
    kinds: [
      "(?:une?|l[’']|votre|notre|ton) ?(?:[\\p{L}-]+ )?(?:IA|intelligence artificielle|chatbot|robot|programme informatique)(?: conversationnelle)?",
      "(?:une?|l[’']|votre|notre|ton) ?(?:assistante?|agente?|avatar|guide|voix) (?:(?:par |d[’'])?IA|virtuel(?:le)? par IA)",
    ],
    links: ['et', 'de', 'du', 'des', 'qui', 'pour', 'chez', 'ici', 'avec'],
  }),
};
