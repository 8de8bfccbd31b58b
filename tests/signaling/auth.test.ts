import { describe, expect, it } from 'vitest';
import { ApiKeys, JoinTokens } from '../../src/signaling/auth.js';
import { OriginPolicy } from '../../src/signaling/origin.js';

const SEAT = { sessionId: 's', participantId: 'p' };
const nobody = () => false;

describe('JoinTokens', () => {
  it('admits its seat within its life, more than once', () => {
    const tokens = new JoinTokens(1_000);
    const { token, expiresAtMs } = tokens.issue(SEAT, 5_000);
    expect(expiresAtMs).toBe(6_000);
    expect(tokens.verify(token, 5_000, nobody)).toEqual(SEAT);
    expect(tokens.verify(token, 5_999, nobody)).toEqual(SEAT);
  });

  it('says that it has expired', () => {
    const tokens = new JoinTokens(1_000);
    const { token } = tokens.issue(SEAT, 0);
    expect(() => tokens.verify(token, 1_000, nobody)).toThrow(/expired/);
  });

  it('admits the participant whose seat is still held after its life', () => {
    const tokens = new JoinTokens(1_000);
    const { token } = tokens.issue(SEAT, 0);
    expect(tokens.verify(token, 60_000, (seat) => seat.participantId === 'p')).toEqual(SEAT);
  });

  it('knows neither tokens of others nor those of a revoked session', () => {
    const tokens = new JoinTokens(1_000);
    const { token } = tokens.issue(SEAT, 0);
    expect(() => tokens.verify(`${token.slice(0, -1)}~`, 0, nobody)).toThrow(/not known/);
    tokens.revoke('s');
    expect(() => tokens.verify(token, 0, nobody)).toThrow(/not known/);
  });

  it('carries 256 random bits', () => {
    const tokens = new JoinTokens(1_000);
    const issued = new Set(Array.from({ length: 100 }, () => tokens.issue(SEAT, 0).token));
    expect(issued.size).toBe(100);
    for (const token of issued) {
      expect(JoinTokens.sessionOf(token)).toBe('s');
      expect(Buffer.from(token.slice('s.'.length), 'base64url')).toHaveLength(32);
    }
  });
});

describe('ApiKeys', () => {
  const keys = new ApiKeys(['first-key-of-the-operator', 'second-key-of-the-operator']);

  it('accepts any of its keys as a bearer', () => {
    expect(() => keys.check('Bearer first-key-of-the-operator')).not.toThrow();
    expect(() => keys.check('bearer second-key-of-the-operator')).not.toThrow();
  });

  it.each([undefined, '', 'Bearer', 'Bearer wrong', 'Basic first-key-of-the-operator', 'first-key-of-the-operator'])(
    'refuses %s',
    (header) => {
      expect(() => keys.check(header)).toThrow(/API key/);
    },
  );

  it('asks for nothing when there are none', () => {
    expect(() => new ApiKeys([]).check(undefined)).not.toThrow();
  });
});

describe('OriginPolicy without keys', () => {
  const policy = new OriginPolicy({
    host: '127.0.0.1',
    keysRequired: false,
    allowedOrigins: ['https://shop.example'],
  });
  policy.setPort(7860);

  it.each(['localhost:7860', '127.0.0.1:7860', '[::1]:7860', 'LOCALHOST:7860', 'shop.example'])(
    'takes host %s',
    (host) => {
      expect(() => policy.checkHost(host)).not.toThrow();
    },
  );

  it.each([undefined, '', 'localhost', 'localhost:80', 'rebound.example:7860', '127.0.0.1.rebound.example:7860'])(
    'refuses host %s',
    (host) => {
      expect(() => policy.checkHost(host)).toThrow(/Host/);
    },
  );

  it.each([undefined, 'http://127.0.0.1:7860', 'https://shop.example'])('takes origin %s', (origin) => {
    expect(() => policy.checkOrigin(origin, '127.0.0.1:7860')).not.toThrow();
  });

  it.each([
    'null',
    '',
    'https://evil.example',
    'http://127.0.0.1:9999',
    'http://localhost:7860.evil.example',
    'file://',
  ])('refuses origin %s', (origin) => {
    expect(() => policy.checkOrigin(origin, '127.0.0.1:7860')).toThrow(/Origin/);
  });
});

describe('OriginPolicy with keys', () => {
  const policy = new OriginPolicy({ host: '192.0.2.7', keysRequired: true, allowedOrigins: [] });
  policy.setPort(7860);

  it('serves any host name, since a proxy may stand before it', () => {
    expect(() => policy.checkHost('talk.example')).not.toThrow();
    expect(() => policy.checkOrigin('https://talk.example', 'talk.example')).not.toThrow();
    expect(() => policy.checkOrigin('https://talk.example', 'talk.example:443')).not.toThrow();
  });

  it('still refuses foreign pages', () => {
    expect(() => policy.checkOrigin('https://evil.example', 'talk.example')).toThrow(/Origin/);
  });
});
