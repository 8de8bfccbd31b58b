import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { limitKey, TrustedProxies } from '../../src/signaling/client-address.js';

function request(remoteAddress: string, headers: Record<string, string> = {}, encrypted = false): IncomingMessage {
  return { socket: { remoteAddress, encrypted }, headers: { host: 'here', ...headers } } as unknown as IncomingMessage;
}

describe('TrustedProxies', () => {
  const proxies = new TrustedProxies(['loopback', '10.1.0.0/16', '2001:db8::/32']);

  it.each([
    ['no proxy', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['one proxy', '127.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['IPv4 in IPv6', '::ffff:10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['two proxies', '127.0.0.1', '198.51.100.1, 10.1.9.9', '198.51.100.1'],
    ['a client that claims to be another', '127.0.0.1', '1.2.3.4, 198.51.100.1', '198.51.100.1'],
    ['a client that claims to be a proxy', '127.0.0.1', '10.1.0.1, 198.51.100.1', '198.51.100.1'],
    ['an IPv6 client', '2001:db8::1', '2001:470::7', '2001:470::7'],
    ['rubbish', '127.0.0.1', 'unknown, <script>', '127.0.0.1'],
    ['rubbish before an address', '127.0.0.1', '<script>, 198.51.100.1', '198.51.100.1'],
    ['nothing', '127.0.0.1', '', '127.0.0.1'],
  ])('%s: %s, "%s" is %s', (_what, peer, forwarded, address) => {
    expect(proxies.clientOf(request(peer, { 'x-forwarded-for': forwarded })).address).toBe(address);
  });

  it('believe protocol and host from proxies only', () => {
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'talk.example' };
    expect(proxies.clientOf(request('127.0.0.1', headers))).toMatchObject({ secure: true, host: 'talk.example' });
    expect(proxies.clientOf(request('203.0.113.9', headers))).toMatchObject({ secure: false, host: 'here' });
    expect(new TrustedProxies([]).clientOf(request('127.0.0.1', headers))).toMatchObject({
      secure: false,
      host: 'here',
    });
    const plain = { 'x-forwarded-proto': 'http' };
    expect(proxies.clientOf(request('127.0.0.1', plain, true)).secure).toBe(false);
    expect(proxies.clientOf(request('203.0.113.9', plain, true)).secure).toBe(true);
  });

  it.each(['somewhere', '10.0.0.0/33', '10.0.0.0/x', '::1/129', '10.0.0.0/8/8', ''])('refuse "%s"', (item) => {
    expect(() => new TrustedProxies([item])).toThrow(/VISAVIS_TRUST_PROXY: expected an IP address/);
  });
});

describe('limitKey', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:0DB8::9', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
  ])('of %s is %s', (address, key) => {
    expect(limitKey(address)).toBe(key);
  });
});
