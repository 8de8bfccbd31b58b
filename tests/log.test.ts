import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../src/cache.js';
import { VisavisError } from '../src/errors.js';
import { createLogger } from '../src/log.js';
import { LogOutput } from '../src/log-output.js';

const CANARY = 'canary-0123456789abcdef';

function logged(write: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  write(createLogger('test', 'info', { write: (line: string) => void lines.push(line) }));
  return lines.join('');
}

describe('log output', () => {
  it('drops lines while it fails, and says how many when it works again', () => {
    let text = '';
    let room = 30;
    const output = new LogOutput((bytes) => {
      if (room === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      const taken = bytes.subarray(0, room);
      text += taken;
      room -= taken.length;
      return taken.length;
    });
    output.write('{"msg":"first"}\n');
    output.write('{"msg":"cut in its middle"}\n');
    for (let i = 0; i < 3; i++) output.write('{"msg":"never seen"}\n');
    room = 1_000;
    output.write('{"msg":"last"}\n');
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[1]).toBe('{"msg":"cut in');
    expect(JSON.parse(lines[2]!)).toMatchObject({ level: 40, lost: 4, msg: 'log lines were lost: output failed' });
    expect(lines[3]).toBe('{"msg":"last"}');
  });

  it('onto a full disk does not stop the process', async () => {
    const full = openSync('/dev/full', 'w');
    const script = `
      const { createLogger } = await import(${JSON.stringify(pathToFileURL(`${PROJECT_ROOT}/dist/log.js`).href)});
      const log = createLogger('test', 'info');
      for (let i = 0; i < 1000; i++) log.info({ i }, 'line');
      process.stderr.write('alive');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    let told = '';
    child.stderr!.on('data', (data: Buffer) => {
      told += data;
    });
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect({ code, told }).toEqual({ code: 0, told: 'alive' });
  });
});

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
