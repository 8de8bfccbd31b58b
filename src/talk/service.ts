import { type ErrorBody, VisavisError } from '../errors.js';
import type { CreatedSession, CreateSessionBody } from '../signaling/messages.js';

const LIMIT_MS = 30_000;

/** Creates a session over HTTP. Throws the service's own error, or `unavailable` when nothing of ours answers at `url`. */
export async function createSession(
  url: string,
  key: string | undefined,
  body: CreateSessionBody,
): Promise<CreatedSession> {
  let response: Response;
  try {
    response = await fetch(`${url}/v1/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(LIMIT_MS),
    });
  } catch (cause) {
    throw new VisavisError('unavailable', `no service answers at ${url}; is "visavis serve" running?`, { cause });
  }
  const answer = (await response.json().catch(() => undefined)) as (CreatedSession & { error?: ErrorBody }) | undefined;
  if (response.status === 201 && typeof answer?.token === 'string') return answer;
  if (typeof answer?.error?.code === 'string') {
    const { code, message } = answer.error;
    const hint = code === 'unauthorized' ? ' (here: --key KEY)' : '';
    throw VisavisError.fromBody({ ...answer.error, message: `${message}${hint}` });
  }
  throw new VisavisError(
    'upstream-failed',
    `what answers at ${url} is not a Visavis service (status ${response.status})`,
  );
}
