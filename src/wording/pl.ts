import { admissionPattern } from './admission.js';
import type { Wording } from './wording.js';

export const pl: Wording = {
  disclosure: 'To rozmowa ze sztuczną inteligencją (AI): tę twarz i ten głos tworzy komputer.',
  spokenDisclosure: 'To rozmowa ze sztuczną inteligencją.',
  badge: 'AI',
  greeting: (name) => `Dzień dobry, jestem ${name}, sztuczna inteligencja. W czym mogę pomóc?`,
  apology: 'Przepraszam, na chwilę umknął mi wątek. Proszę mówić dalej.',
  waiting: {
    first: ['Już sprawdzam.', 'Chwileczkę, proszę.', 'Zaraz zobaczę.'],
    again: ['To potrwa trochę dłużej.', 'Jeszcze chwilę.'],
  },
  minuteLeft: 'Została nam mniej więcej minuta.',
  goodbye: 'Nasz czas dobiegł końca. Dziękuję za rozmowę i do widzenia.',
  maintenance: 'Za chwilę nasza rozmowa się zakończy, ponieważ usługa zostanie uruchomiona ponownie.',
  declined: 'Wolę o tym nie rozmawiać.',
  busy: 'W tej chwili wszystkie miejsca są zajęte. Proszę spróbować ponownie za chwilę.',
  admission: admissionPattern({
    subjects: [
      '(?<!nie )(?:jestem|tu|mówi)',
      '(?<!nie )(?:rozmawiasz|rozmawia (?:pan|pani)|rozmawiają państwo) (?:teraz )?ze?',
      'to(?: jest)? rozmowa ze?',
    ],
    kinds: [
      '(?:sztuczn(?:ą|a) inteligencj(?:ą|a)|AI|SI|chatbot(?:em)?|robot(?:em)?|programem komputerowym)',
      '(?:asystent(?:em|ką|ka)?|awatar(?:em)?|agent(?:em|ką)?) (?:AI|SI|sztucznej inteligencji)',
    ],
    links: ['i', 'oraz', 'z', 'ze', 'od', 'firmy', 'która', 'który', 'dla'],
  }),
};
