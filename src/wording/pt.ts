import { admissionPattern } from './admission.js';
import type { Wording } from './wording.js';

export const pt: Wording = {
  disclosure: 'Você está conversando com uma IA: este rosto e esta voz são gerados por computador.',
  spokenDisclosure: 'Você está conversando com uma IA.',
  badge: 'IA',
  greeting: (name) => `Olá, eu sou ${name}, uma IA. Como posso ajudar?`,
  apology: 'Desculpe, perdi o fio da conversa por um momento. Pode continuar.',
  waiting: {
    first: ['Vou ver.', 'Um momento, por favor.', 'Vou verificar.'],
    again: ['Demora mais um pouco.', 'Só mais um momento.'],
  },
  minuteLeft: 'Ainda temos cerca de um minuto.',
  goodbye: 'Nosso tempo acabou. Agradeço pela conversa. Até logo!',
  maintenance: 'Vou precisar parar em instantes, porque este serviço será reiniciado.',
  declined: 'Prefiro não falar sobre isso.',
  busy: 'No momento, todos os lugares estão ocupados. Tente novamente em instantes.',
  admission: admissionPattern({
    subjects: ['(?<!não )sou', '(?<!não )está (?:falando|conversando|a falar|a conversar) com'],
    kinds: [
      '(?:uma?|a|o|sua|seu|nossa) (?:[\\p{L}-]+ )?(?:IA|inteligência artificial|chatbot|robô|programa de computador)(?: conversacional)?',
      '(?:uma?|a|o|sua|seu) (?:assistente|agente|avatar|guia|voz) (?:de |com )?(?:IA|inteligência artificial)',
    ],
    links: ['e', 'de', 'do', 'da', 'que', 'para', 'com'],
  }),
};
