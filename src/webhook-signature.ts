import { createHmac, timingSafeEqual } from 'node:crypto';

/** Carries the signature of a webhook's body. */
export const SIGNATURE_HEADER = 'x-visavis-signature';
/** A receiver refuses what was signed longer ago, or is that far ahead of its own clock. */
export const REPLAY_WINDOW_S = 300;

function digest(body: string, secret: string, timeS: number): string {
  return createHmac('sha256', secret).update(`${timeS}.${body}`).digest('hex');
}

/**
 * The value of `X-Visavis-Signature`: `t=SECONDS,v1=HEX`. HEX is the HMAC-SHA256 with the shared secret of the seconds since 1970, a full
 * stop and the body exactly as it is sent.
 */
export function signatureOf(body: string, secret: string, nowS: number): string {
  return `t=${nowS},v1=${digest(body, secret, nowS)}`;
}

/** What a receiver does: true when `header` signs `body` with `secret` and is no older than the replay window. In constant time. */
export function isSignedBy(
  secret: string,
  { header, body, nowS, windowS = REPLAY_WINDOW_S }: { header: string; body: string; nowS: number; windowS?: number },
): boolean {
  const [, time = '', hex = ''] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  if (hex === '') return false;
  const isOurs = timingSafeEqual(Buffer.from(hex, 'hex'), Buffer.from(digest(body, secret, Number(time)), 'hex'));
  return isOurs && Math.abs(nowS - Number(time)) <= windowS;
}
