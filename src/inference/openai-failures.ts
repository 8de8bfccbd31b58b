import OpenAI from 'openai';
import { VisavisError } from '../errors.js';

/** A `Retry-After` up to this is waited for; a longer one would leave the visitor in silence. */
const MAX_RETRY_AFTER_MS = 2_000;
const RETRY_PAUSE_MS = 150;

/**
 * What went wrong with `api` (as "the language model"), as `upstream-failed` or `upstream-timeout`. The message names the status but
 * never repeats what the server says about a key.
 */
export function openAiFailure(thrown: unknown, api: string): VisavisError {
  if (thrown instanceof VisavisError) return thrown;
  if (thrown instanceof OpenAI.APIConnectionTimeoutError) {
    return new VisavisError('upstream-timeout', `${api} did not answer in time`);
  }
  if (thrown instanceof OpenAI.APIConnectionError) {
    return new VisavisError('upstream-failed', `${api} cannot be reached`, { cause: thrown });
  }
  if (thrown instanceof OpenAI.APIError) {
    const status = thrown.status as number | undefined;
    if (status === 401 || status === 403) {
      return new VisavisError('upstream-failed', `${api} refused the key (status ${status})`, { retryable: false });
    }
    const retryable = status === undefined || status === 408 || status === 409 || status === 429 || status >= 500;
    const what = status === undefined ? 'reported an error' : `answered with status ${status}`;
    return new VisavisError('upstream-failed', `${api} ${what}`, { cause: thrown, retryable });
  }
  if (thrown instanceof SyntaxError) {
    return new VisavisError('upstream-failed', `${api} sent a malformed stream`, { cause: thrown });
  }
  return new VisavisError('upstream-failed', `the connection to ${api} broke off`, { cause: thrown });
}

/** How long to wait before one more attempt, or null when another would not help or take too long. */
export function retryDelayMs(thrown: unknown): number | null {
  const error = openAiFailure(thrown, 'the API');
  if (!error.retryable || error.code === 'upstream-timeout') return null;
  if (!(thrown instanceof OpenAI.APIError) || thrown.status !== 429) return RETRY_PAUSE_MS;
  const after = thrown.headers?.get('retry-after-ms') ?? undefined;
  const seconds = thrown.headers?.get('retry-after') ?? undefined;
  const ms = after !== undefined ? Number(after) : seconds !== undefined ? Number(seconds) * 1000 : Number.NaN;
  return ms >= 0 && ms <= MAX_RETRY_AFTER_MS ? ms : null;
}
