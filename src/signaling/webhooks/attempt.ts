import type { AttemptResult } from '../../metrics/webhook-metrics.js';
import { SIGNATURE_HEADER, signatureOf } from '../../webhook-signature.js';
import type { WebhookBody } from './events.js';

export interface AttemptOptions {
  url: string;
  secret: string;
  event: Pick<WebhookBody, 'id' | 'type'>;
  /** The event as JSON. */
  body: string;
  timeoutMs: number;
  /** Ends the request at once, with `timeout`. */
  signal: AbortSignal;
  nowS: number;
}

const MAX_RETRY_AFTER_S = 600;

/** Sends a webhook once, freshly signed. Never rejects; redirects are not followed. */
export async function attempt(o: AttemptOptions): Promise<{ result: AttemptResult; status?: number; waitMs: number }> {
  const limit = new AbortController();
  const end = () => limit.abort();
  const timer = setTimeout(end, o.timeoutMs);
  o.signal.addEventListener('abort', end, { once: true });
  if (o.signal.aborted) end();
  try {
    const response = await fetch(o.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Visavis',
        'x-visavis-event': o.event.type,
        'x-visavis-delivery': o.event.id,
        [SIGNATURE_HEADER]: signatureOf(o.body, o.secret, o.nowS),
      },
      body: o.body,
      redirect: 'manual',
      signal: limit.signal,
    });
    const { status, headers } = response;
    // What it says does not matter, and may be endless.
    await response.body?.cancel().catch(() => {});
    if (status >= 200 && status < 300) return { result: 'ok', status, waitMs: 0 };
    if (status >= 300 && status < 400) return { result: 'redirect', status, waitMs: 0 };
    const afterS = /^\d+$/.test(headers.get('retry-after') ?? '') ? Number(headers.get('retry-after')) : 0;
    return { result: 'status', status, waitMs: Math.min(afterS, MAX_RETRY_AFTER_S) * 1000 };
  } catch {
    return { result: limit.signal.aborted ? 'timeout' : 'unreachable', waitMs: 0 };
  } finally {
    clearTimeout(timer);
    o.signal.removeEventListener('abort', end);
  }
}
