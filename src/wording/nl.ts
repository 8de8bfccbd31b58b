import { admissionPattern } from './admission.js';
import type { Wording } from './wording.js';

export const nl: Wording = {
  disclosure: 'U praat met een AI: dit gezicht en deze stem worden door een computer gemaakt.',
  spokenDisclosure: 'U praat met een AI.',
  badge: 'AI',
  greeting: (name) => `Hallo, ik ben ${name}, een AI. Waarmee kan ik u helpen?`,
  apology: 'Sorry, ik was even de draad kwijt. Gaat u gerust verder.',
  waiting: {
    first: ['Ik kijk het na.', 'Een ogenblik, alstublieft.', 'Dat zoek ik op.'],
    again: ['Het duurt iets langer.', 'Nog een ogenblik.'],
  },
  minuteLeft: 'We hebben nog ongeveer een minuut.',
  goodbye: 'Onze tijd is om. Bedankt voor het gesprek en tot ziens.',
  maintenance: 'Ik moet zo stoppen, want deze dienst wordt opnieuw gestart.',
  declined: 'Daar praat ik liever niet over.',
  busy: 'Op dit moment zijn alle plaatsen bezet. Probeer het zo meteen opnieuw.',
  admission: admissionPattern({
    subjects: ['(?:ik ben|dit is)', '(?:u praat|u spreekt|je praat|je spreekt) (?:nu |hier )?met'],
    kinds: [
      '(?:een|de|uw|jouw|onze) (?:[\\p{L}-]+ )?(?:AI(?:[ -](?:assistente?|agent|avatar|gids|stem|systeem))?|kunstmatige intelligentie|chatbot|robot|computerprogramma)',
    ],
    links: ['en', 'van', 'die', 'dat', 'voor', 'bij', 'met', 'uit'],
  }),
};
