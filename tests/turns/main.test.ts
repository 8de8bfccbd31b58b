import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { turns } from '../../src/turns/main.js';
import { sampleConversation } from '../support/recorded-conversation.js';

const TIMES = { endOfTurnMs: { min: 400, max: 1_200 }, interruptionMs: 448 };
let folder: string;
let path: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'visavis-turns-'));
  path = join(folder, 'trace.jsonl');
  writeFileSync(path, (await sampleConversation()).sink.text);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]): Promise<{ code: number; out: string }> {
  let out = '';
  const code = await turns(args, TIMES, {
    write: (text) => {
      out += text;
    },
  });
  return { code, out };
}

describe('visavis turns replay', () => {
  it('prints every decision and ends with 0 when they are as recorded', async () => {
    const { code, out } = await run('replay', path);
    expect(code).toBe(0);
    expect(out).toMatch(/all as recorded\n$/);
    for (const word of ['onset', 'pause', 'duck', 'stop', 'resume', 'end', 'discard']) expect(out).toContain(word);
  });

  it('ends with 1 when they are not', async () => {
    const changed = join(folder, 'changed.jsonl');
    writeFileSync(changed, readFileSync(path, 'utf8').replace('"questionMs":320', '"questionMs":160'));
    const { code, out } = await run('replay', changed);
    expect(code).toBe(1);
    expect(out).toContain('not as recorded');
  });

  it('shows what another mode would decide, which is no failure', async () => {
    const { code, out } = await run('replay', path, '--turn-taking', 'patient');
    expect(code).toBe(0);
    expect(out).toContain('not as recorded');
  });

  it('answers programs in JSON', async () => {
    const { header, steps, differences } = JSON.parse((await run('replay', path, '--json')).out);
    expect(header).toMatchObject({ version: 1, turnTaking: 'balanced' });
    expect(steps.length).toBeGreaterThan(10);
    expect(differences).toBe(0);
  });
});

describe('visavis turns draw', () => {
  it('writes a picture that its owner alone can read, over an older one as well', async () => {
    const out = join(folder, 'picture.svg');
    writeFileSync(out, 'old', { mode: 0o644 });
    expect((await run('draw', path, '--out', out, '--from', '1', '--to', '5.5')).code).toBe(0);
    expect(readFileSync(out, 'utf8')).toMatch(/^<svg/);
    expect(statSync(out).mode & 0o777).toBe(0o600);
  });

  it('leaves nothing behind where it cannot write', async () => {
    await expect(run('draw', path, '--out', join(folder, 'none', 'p.svg'))).rejects.toThrow(
      /--out: .*cannot be written/,
    );
    await expect(run('draw', path, '--out', folder)).rejects.toThrow(/is a folder/);
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });
});

describe('visavis turns', () => {
  it.each([
    [['sing'], /unknown command "turns sing"/],
    [['replay'], /expected one TRACE/],
    [['replay', 'a', 'b'], /expected one TRACE/],
    [['replay', '/nowhere/trace'], /\/nowhere\/trace: ENOENT/],
    [['replay', '--loud', 'x'], /Unknown option '--loud'/],
    [['replay', 'TRACE', '--turn-taking', 'rude'], /--turn-taking: expected one of eager.*got "rude"/],
    [['draw', 'TRACE'], /--out FILE.svg is missing/],
    [['draw', 'TRACE', '--out', 'x', '--from', 'soon'], /--from: expected seconds from the beginning, got "soon"/],
    [['draw', 'TRACE', '--out', 'x', '--from', '5', '--to', '5'], /--to: expected more than --from 5, got 5/],
  ])('refuses %j', async (args, message) => {
    await expect(run(...args.map((arg) => (arg === 'TRACE' ? path : arg)))).rejects.toThrow(message);
  });

  it('names the file and the line of a bad recording', async () => {
    const bad = join(folder, 'bad.jsonl');
    writeFileSync(bad, `${readFileSync(path, 'utf8').split('\n')[0]}\n{"type":"window"}\n`);
    await expect(run('replay', bad)).rejects.toThrow(/bad\.jsonl, line 2: atMs/);
  });

  it('explains itself', async () => {
    expect((await run()).out).toContain('visavis turns replay TRACE');
    expect((await run('--help')).code).toBe(0);
  });
});
