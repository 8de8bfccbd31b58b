import { VisavisError } from '../errors.js';
import { openAiFailure } from '../inference/openai-failures.js';

export { retryDelayMs } from '../inference/openai-failures.js';

/** As `openAiFailure`, of the language model. */
export function upstreamError(thrown: unknown): VisavisError {
  return openAiFailure(thrown, 'the language model');
}

/** A sentence that the avatar can say in place of what a failed agent owed. Never shows technical detail. */
export function apology(error: unknown): string {
  const code = error instanceof VisavisError ? error.code : undefined;
  switch (code) {
    case 'upstream-timeout':
      return 'Sorry, that is taking me too long. Please ask me again.';
    case 'upstream-failed':
      return error instanceof VisavisError && !error.retryable
        ? 'Sorry, I cannot answer at the moment. Please tell the people who run this service.'
        : 'Sorry, I lost my train of thought. Could you ask me again?';
    case 'too-many-requests':
    case 'unavailable':
      return 'Sorry, I am very busy right now. Please try again in a moment.';
    default:
      return 'Sorry, something went wrong on my side. Could you say that again?';
  }
}
