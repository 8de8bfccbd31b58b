import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GivenGround, likenessOf } from '../../../../src/inference/avatar/maker/likeness.js';

describe('likenessOf', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'visavis-likeness-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function fileWith(content: string | Uint8Array): Promise<string> {
    const path = join(folder, 'ground.txt');
    await writeFile(path, content);
    return path;
  }
  const refusal = (given: GivenGround) =>
    likenessOf(given).then(
      () => expect.fail('was accepted'),
      (thrown: unknown) => {
        expect(thrown).toMatchObject({ code: 'bad-request', field: 'likeness' });
        return (thrown as Error).message;
      },
    );

  it('takes exactly one ground', async () => {
    expect((await likenessOf({ synthetic: true })).ground).toBe('synthetic');
    const path = await fileWith('Zoë agreed, 3 May, for our web site.\n');
    const statement = 'Zoë agreed, 3 May, for our web site.';
    expect(await likenessOf({ consent: path })).toEqual({ ground: 'consent', statement });
    expect(await likenessOf({ licence: path })).toEqual({ ground: 'licence', statement });
  });

  it('refuses none and two', async () => {
    expect(await refusal({})).toMatch(/needs a ground.*--synthetic.*--licence FILE.*--consent FILE/);
    const path = await fileWith('yes');
    expect(await refusal({ synthetic: true, consent: path })).toContain('only one');
    expect(await refusal({ licence: path, consent: path })).toContain('only one');
  });

  it('takes 2,000 characters of any script, and no more', async () => {
    expect((await likenessOf({ licence: await fileWith('語'.repeat(2_000)) })).statement.length).toBe(2_000);
    expect(await refusal({ licence: await fileWith('語'.repeat(2_001)) })).toContain('at most 2000 characters');
    expect(await refusal({ licence: await fileWith('x'.repeat(200_000)) })).toContain('at most 2000 characters');
  });

  it('refuses a file that is missing, empty, a folder, or not text', async () => {
    expect(await refusal({ consent: join(folder, 'nothing.txt') })).toMatch(/cannot be read: ENOENT/);
    expect(await refusal({ consent: folder })).toContain('not a file');
    expect(await refusal({ consent: await fileWith(' \n\t ') })).toContain('is empty');
    expect(await refusal({ consent: await fileWith(Uint8Array.of(0xff, 0xfe, 0x41, 0)) })).toContain(
      'not text in UTF-8',
    );
    expect(await refusal({ consent: await fileWith('a\0b') })).toContain('not text in UTF-8');
  });
});
