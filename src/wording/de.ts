import { admissionPattern } from './admission.js';
import type { Wording } from './wording.js';

export const de: Wording = {
  disclosure: 'Sie sprechen mit einer KI: Dieses Gesicht und diese Stimme erzeugt ein Computer.',
  spokenDisclosure: 'Sie sprechen mit einer KI.',
  badge: 'KI',
  greeting: (name) => `Hallo, ich bin ${name}, eine KI. Wie kann ich Ihnen helfen?`,
  apology: 'Entschuldigung, ich habe kurz den Faden verloren. Bitte sprechen Sie weiter.',
  waiting: {
    first: ['Ich sehe nach.', 'Einen Moment bitte.', 'Das prüfe ich.'],
    again: ['Es dauert noch ein wenig.', 'Noch einen Moment.'],
  },
  minuteLeft: 'Uns bleibt noch etwa eine Minute.',
  goodbye: 'Unsere Zeit ist um. Vielen Dank für das Gespräch und auf Wiedersehen.',
  maintenance: 'Ich muss gleich aufhören, weil dieser Dienst neu gestartet wird.',
  declined: 'Darüber möchte ich lieber nicht sprechen.',
  busy: 'Im Moment sind alle Plätze belegt. Bitte versuchen Sie es gleich noch einmal.',
  admission: admissionPattern({
    subjects: ['(?:ich bin|hier ist|hier spricht)', '(?:Sie sprechen|du sprichst|ihr sprecht) (?:hier |jetzt )?mit'],
    kinds: [
      '(?:eine[rnms]?|ein|die|der|dem|Ihre?|deine?|unsere?[rm]?) (?:[\\p{L}-]+ )?(?:(?:KI|AI)(?:-(?:Assistent(?:in)?|Agent(?:in)?|Avatar|Stimme|System|Begleiter(?:in)?|Berater(?:in)?))?|künstlichen? Intelligenz|Computerprogramm|Chatbot|Roboter)',
      'künstliche Intelligenz',
    ],
    links: ['und', 'von', 'vom', 'der', 'die', 'das', 'des', 'für', 'aus', 'bei', 'hier', 'mit'],
  }),
};
