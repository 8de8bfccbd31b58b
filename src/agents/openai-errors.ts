import OpenAI from 'openai';
import { VisavisError } from '../errors.js';

/** A `Retry-After` up to this is waited for; a longer one would leave the visitor in silence. */
const MAX_RETRY_AFTER_MS = 2_000;
const RETRY_PAUSE_MS = 150;

/**
 * What went wrong upstream, as `upstream-failed` or `upstream-timeout`. The message names the status but never repeats what
 * the server says about a key.
 */
export function upstreamError(thrown: unknown): VisavisError {
  if (thrown instanceof VisavisError) return thrown;
  if (thrown instanceof OpenAI.APIConnectionTimeoutError) {
    return new VisavisError('upstream-timeout', 'the language model did not answer in time');
  }
  if (thrown instanceof OpenAI.APIConnectionError) {
    return new VisavisError('upstream-failed', 'the language model cannot be reached', { cause: thrown });
  }
  if (thrown instanceof OpenAI.APIError) {
    const status = thrown.status as number | undefined;
    if (status === 401 || status === 403) {
      return new VisavisError('upstream-failed', `the language model refused the key (status ${status})`, {
        retryable: false,
      });
    }
    const retryable = status === undefined || status === 408 || status === 409 || status === 429 || status >= 500;
    const what = status === undefined ? 'reported an error' : `answered with status ${status}`;
    return new VisavisError('upstream-failed', `the language model ${what}`, { cause: thrown, retryable });
  }
  if (thrown instanceof SyntaxError) {
    return new VisavisError('upstream-failed', 'the language model sent a malformed stream', { cause: thrown });
  }
  return new VisavisError('upstream-failed', 'the connection to the language model broke off', { cause: thrown });
}

/** How long to wait before one more attempt, or null when another would not help or take too long. */
export function retryDelayMs(thrown: unknown): number | null {
  const error = upstreamError(thrown);
  if (!error.retryable || error.code === 'upstream-timeout') return null;
  if (!(thrown instanceof OpenAI.APIError) || thrown.status !== 429) return RETRY_PAUSE_MS;
  const after = thrown.headers?.get('retry-after-ms') ?? undefined;
  const seconds = thrown.headers?.get('retry-after') ?? undefined;
  const ms = after !== undefined ? Number(after) : seconds !== undefined ? Number(seconds) * 1000 : Number.NaN;
  return ms >= 0 && ms <= MAX_RETRY_AFTER_MS ? ms : null;
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
