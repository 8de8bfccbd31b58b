import { admissionPattern } from './admission.js';
import type { Wording } from './wording.js';

export const es: Wording = {
  disclosure: 'Está hablando con una IA: este rostro y esta voz los genera un ordenador.',
  spokenDisclosure: 'Está hablando con una IA.',
  badge: 'IA',
  greeting: (name) => `Hola, soy ${name}, una IA. ¿En qué puedo ayudarle?`,
  apology: 'Perdón, he perdido el hilo por un momento. Continúe, por favor.',
  waiting: {
    first: ['Voy a mirarlo.', 'Un momento, por favor.', 'Lo compruebo.'],
    again: ['Tarda un poco más.', 'Un momento más.'],
  },
  minuteLeft: 'Nos queda aproximadamente un minuto.',
  goodbye: 'Se nos ha acabado el tiempo. Gracias por la conversación y hasta pronto.',
  maintenance: 'Tendré que parar en un momento, porque este servicio se va a reiniciar.',
  declined: 'Prefiero no hablar de eso.',
  busy: 'En este momento todas las plazas están ocupadas. Vuelva a intentarlo en unos instantes.',
  admission: admissionPattern({
    subjects: ['(?<!no )(?:soy|le habla|te habla)', '(?<!no )(?:está|estás|están) hablando con'],
    kinds: [
      '(?:una?|la|el|su|tu|nuestra) (?:[\\p{L}-]+ )?(?:IA|inteligencia artificial|chatbot|robot|programa informático)(?: conversacional)?',
      '(?:una?|la|el|su|tu) (?:asistente|agente|avatar|guía|voz) (?:de |con )?(?:IA|inteligencia artificial)',
    ],
    links: ['y', 'de', 'del', 'que', 'para', 'con'],
  }),
};
