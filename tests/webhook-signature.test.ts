import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isSignedBy, signatureOf } from '../src/webhook-signature.js';

const SECRET = 'a-shared-secret-of-32-characters';
const NOW_S = 1_700_000_000;

describe('the signature of a webhook', () => {
  const body = '{"text":"ça va?"}';
  const header = signatureOf(body, SECRET, NOW_S);

  it('is the HMAC-SHA256 of the time and the body', () => {
    const hex = createHmac('sha256', SECRET).update(`${NOW_S}.${body}`, 'utf8').digest('hex');
    expect(header).toBe(`t=${NOW_S},v1=${hex}`);
  });

  it('is accepted within the replay window only', () => {
    const at = (nowS: number) => isSignedBy(SECRET, { header, body, nowS });
    expect([at(NOW_S), at(NOW_S + 300), at(NOW_S - 300)]).toEqual([true, true, true]);
    expect([at(NOW_S + 301), at(NOW_S - 301)]).toEqual([false, false]);
  });

  it.each([
    ['another body', { header, body: `${body} ` }, SECRET],
    ['another secret', { header, body }, `${SECRET}!`],
    ['another time', { header: header.replace(String(NOW_S), String(NOW_S + 1)), body }, SECRET],
    ['nothing', { header: '', body }, SECRET],
    ['a short digest', { header: `t=${NOW_S},v1=abcd`, body }, SECRET],
    ['a second digest', { header: `${header},v1=${'0'.repeat(64)}`, body }, SECRET],
  ])('is refused for %s', (_, signed, secret) => {
    expect(isSignedBy(secret, { ...signed, nowS: NOW_S })).toBe(false);
  });
});
