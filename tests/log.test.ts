import { describe, expect, it } from 'vitest';
import { VisavisError } from '../src/errors.js';
import { createLogger } from '../src/log.js';

const CANARY = 'canary-0123456789abcdef';

function logged(write: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  write(createLogger('test', 'info', { write: (line: string) => void lines.push(line) }));
  return lines.join('');
}

describe('the logger', () => {
  it.each(['authorization', 'cookie', 'token', 'apiKey', 'key', 'secret', 'password', 'credential'])(
    'replaces the field %s down to the fourth level',
    (field) => {
      const text = logged((logger) => {
        logger.info({ [field]: CANARY, a: { [field]: CANARY, b: { [field]: CANARY, c: { [field]: CANARY } } } }, 'x');
        logger.child({ [field]: CANARY }).info({ list: [{ [field]: CANARY }] }, 'x');
      });
      expect(text).toContain('[redacted]');
      expect(text).not.toContain(CANARY);
    },
  );

  it.each([
    ['a bearer', `refused: Authorization: Bearer ${CANARY} is not known`],
    ['a key of a language API', `Incorrect API key provided: sk-proj-${CANARY}`],
    ['the password of an address', `connect ECONNREFUSED redis://user:${CANARY}@10.0.0.1:6379`],
  ])('replaces %s in the text of an error and its causes', (_what, message) => {
    const text = logged((logger) => {
      logger.error({ err: new Error(message) }, 'x');
      logger.error({ err: new VisavisError('internal', 'outer', { cause: new Error(message) }) }, 'x');
      logger.error({ err: Object.assign(new Error('x'), { headers: { authorization: CANARY } }) }, 'x');
      logger.warn({ reason: message }, 'x');
    });
    expect(text).not.toContain(CANARY);
    expect(text.match(/\[redacted\]/g)!.length).toBeGreaterThanOrEqual(4);
  });

  it('writes one line of JSON for each entry, with the fields of its child', () => {
    const text = logged((logger) => logger.child({ sessionId: 's1' }).info({ reason: 'left' }, 'session closed'));
    expect(JSON.parse(text)).toMatchObject({ name: 'test', sessionId: 's1', reason: 'left', msg: 'session closed' });
  });

  it('leaves addresses and plain words as they are', () => {
    const message = 'see https://example.org/a:b and mailto:x@example.org; the bearer of this';
    expect(logged((logger) => logger.info({ reason: message }, 'x'))).toContain(message);
  });
});
