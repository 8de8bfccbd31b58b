import { admissionPattern } from './admission.js';
import type { Wording } from './wording.js';

export const it: Wording = {
  disclosure: 'Sta parlando con un’IA: questo volto e questa voce sono creati da un computer.',
  spokenDisclosure: 'Sta parlando con un’IA.',
  badge: 'IA',
  greeting: (name) => `Buongiorno, sono ${name}, un’IA. Come posso aiutarla?`,
  apology: 'Mi scusi, ho perso il filo per un momento. Continui pure.',
  waiting: {
    first: ['Do un’occhiata.', 'Un momento, per favore.', 'Controllo subito.'],
    again: ['Ci vuole ancora un po’.', 'Ancora un momento.'],
  },
  minuteLeft: 'Ci resta circa un minuto.',
  goodbye: 'Il nostro tempo è finito. Grazie per la conversazione e arrivederci.',
  maintenance: 'Tra poco dovrò fermarmi, perché questo servizio verrà riavviato.',
  declined: 'Preferisco non parlare di questo.',
  busy: 'Al momento tutti i posti sono occupati. Riprovi tra poco.',
  admission: admissionPattern({
    subjects: ['(?<!non )(?:sono|qui è)', '(?<!non )(?:sta|stai|state) parlando con'],
    kinds: [
      "(?:un['’]|l['’]|una |la |il |un |la sua |la tua )(?:[\\p{L}-]+ )?(?:IA|AI|intelligenza artificiale|chatbot|robot|programma informatico)(?: conversazionale)?",
      "(?:un['’]|l['’]|una |la |il |un |la sua |la tua |il suo )(?:assistente|agente|avatar|guida|voce) (?:di )?(?:IA|AI|intelligenza artificiale)",
    ],
    links: ['e', 'di', 'del', 'della', 'che', 'per', 'con', 'da'],
  }),
};
