import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../src/cache.js';
import { describeConfig, loadConfig } from '../src/config.js';
import { localisedText, parsePolicy, readPolicyFile } from '../src/moderation-policy.js';

const folder = mkdtempSync(join(tmpdir(), 'visavis-policy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(text: string): string {
  const path = join(folder, `${crypto.randomUUID()}.json`);
  writeFileSync(path, text);
  return path;
}

const problemsOf = (value: unknown) => {
  const result = parsePolicy(value);
  return 'problems' in result ? result.problems : [];
};

describe('a moderation policy', () => {
  it('needs no more than its version', () => {
    expect(parsePolicy({ version: 1 })).toMatchObject({
      policy: {
        ...{ words: [], claims: [], topics: [], timeoutMs: 1_000, afterRefusal: 'stop' },
        audit: { texts: false, maxBytes: 10_000_000, keep: 5 },
      },
    });
  });

  it.each([
    [{}, 'version'],
    [{ version: 2 }, 'version'],
    [{ version: 1, wrods: [] }, 'the file'],
    [{ version: 1, words: [{ id: 'a', any: [] }] }, 'words.0.any'],
    [{ version: 1, words: [{ id: 'a b', any: ['x'] }] }, 'words.0.id'],
    [{ version: 1, words: [{ id: 'a', any: ['***'] }] }, 'words.0.any.0'],
    [{ version: 1, claims: [{ id: 'a', any: ['a * b * c * d * e'] }] }, 'claims.0.any.0'],
    [{ version: 1, words: [{ id: 'a', any: ['x'], sides: ['model'] }] }, 'words.0.sides.0'],
    [{ version: 1, personalData: { avatar: { card: 'mask' } } }, 'personalData.avatar.card'],
    [{ version: 1, personalData: { visitor: { passport: 'mask' } } }, 'personalData.visitor'],
    [{ version: 1, classifier: { use: 'magic' }, onFailure: 'pass' }, 'classifier.use'],
    [{ version: 1, timeoutMs: 0 }, 'timeoutMs'],
    [{ version: 1, sentences: { avatar: { xx: 'No.' } } }, 'sentences.avatar'],
    [{ version: 1, topics: [{ id: 'a', examples: ['only one'] }], onFailure: 'pass' }, 'topics.0.examples'],
    ['words', 'the file'],
    [null, 'the file'],
  ])('that is wrong names the field: %j', (value, field) => {
    expect(problemsOf(value).map((problem) => problem.split(': ')[0])).toEqual([field]);
  });

  it('says what happens to texts that cannot be judged, where that can happen', () => {
    expect(problemsOf({ version: 1, classifier: { use: 'openai' } })).toEqual([expect.stringContaining('onFailure: ')]);
    expect(problemsOf({ version: 1, classifier: { use: 'openai' }, onFailure: 'refuse' })).toEqual([]);
  });

  it('of the documentation is one', () => {
    const page = readFileSync(join(PROJECT_ROOT, 'docs/moderation.md'), 'utf8');
    const [, example = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
    expect(problemsOf(JSON.parse(example))).toEqual([]);
  });

  it('has each id once', () => {
    const rule = { id: 'same', any: ['x'] };
    expect(problemsOf({ version: 1, words: [rule], claims: [rule] })).toEqual(['id "same" is there twice']);
  });

  it('that cannot be read says why, and repeats nothing of it', () => {
    expect(readPolicyFile(join(folder, 'none.json'))).toEqual({ problems: [expect.stringContaining('(ENOENT)')] });
    expect(readPolicyFile(folder)).toEqual({ problems: [expect.stringContaining('(EISDIR)')] });
    const broken = readPolicyFile(file('{"version": 1, "words": secretword'));
    expect(JSON.stringify(broken)).toContain('is not JSON');
    expect(JSON.stringify(broken)).not.toContain('secretword');
    expect(readPolicyFile(file(' '.repeat(1_000_001)))).toEqual({ problems: [expect.stringContaining('larger than')] });
  });

  it('has its sentences in the language that is spoken', () => {
    const texts = { en: 'No.', de: 'Nein.' };
    expect([localisedText(texts, 'de'), localisedText(texts, 'fr'), localisedText('Never.', 'de')]).toEqual([
      'Nein.',
      'No.',
      'Never.',
    ]);
    expect(localisedText(undefined, 'en')).toBeUndefined();
  });
});

describe('the setting of a moderation policy', () => {
  const load = (policy: object, env: Record<string, string> = {}) =>
    loadConfig({ VISAVIS_MODERATION: file(JSON.stringify(policy)), ...env });

  it('reports every problem of the file by name', () => {
    expect(() => load({ version: 1, timeoutMs: 'long', afterRefusal: 'sulk' })).toThrow(
      /VISAVIS_MODERATION: timeoutMs: .*\n.*VISAVIS_MODERATION: afterRefusal: /,
    );
  });

  it('needs a server for the classifier', () => {
    const policy = { version: 1, classifier: { use: 'openai' }, onFailure: 'pass' };
    expect(() => load(policy)).toThrow(/VISAVIS_MODERATION: classifier: needs OPENAI_API_KEY/);
    expect(load(policy, { OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' }).moderation?.policy.classifier?.use).toBe(
      'openai',
    );
    const own = { ...policy, classifier: { use: 'openai', baseUrl: 'https://moderation.example/v1' } };
    expect(load(own).moderation).not.toBeNull();
  });

  it('is printed without the words', () => {
    const config = load({ version: 1, words: [{ id: 'insults', any: ['badword'] }] });
    const printed = JSON.stringify(describeConfig(config));
    expect(printed).toContain('insults');
    expect(printed).not.toContain('badword');
  });
});
