import { z } from 'zod';
import { VisavisError } from '../../errors.js';
import { defineTool, type Tool } from './tool.js';

export const MAX_FACT_CHARACTERS = 300;
/** New facts of one conversation. */
const MAX_NEW_FACTS = 10;
/** What must not be kept, however it came up: numbers of cards and accounts, and what opens doors. */
const SENSITIVE =
  /(?:\d[ -]?){12,}|\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){3,}|\b(?:password|passcode|pin code|pin is|secret key|cvv|cvc)\b/iu;

/** Notes one fact about a visitor who has agreed to it. Only offered where that is so. */
export function rememberTool(remember: (fact: string) => void): Tool {
  let noted = 0;
  return defineTool({
    name: 'remember_about_visitor',
    description:
      'Notes one lasting fact that the person has told about themselves and that helps on their next visit (a name, a preference, what they were interested in). Nothing about health, religion, politics, money or other people.',
    parameters: z.object({ fact: z.string().trim().min(3).max(MAX_FACT_CHARACTERS).describe('one short sentence') }),
    effect: 'acts',
    run: ({ fact }) => {
      if (SENSITIVE.test(fact))
        throw new VisavisError('bad-request', 'numbers of cards or accounts and passwords are not noted', {
          field: 'fact',
        });
      if (noted >= MAX_NEW_FACTS) throw new VisavisError('too-many-requests', 'enough was noted in this conversation');
      noted += 1;
      remember(fact.replace(/\s+/gu, ' '));
      return 'Noted. Do not make much of it.';
    },
  });
}
