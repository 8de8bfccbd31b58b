import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkAgentFile, fillPlaceholders, readAgentFile, withAgentFile } from '../src/agent-file.js';
import { PROJECT_ROOT } from '../src/cache.js';
import { describeConfig, loadConfig } from '../src/config.js';

const FILE = `
version: 1
name: Nora
persona: You sell bicycles.
goals:
  - Find out what the person needs.
greeting: Hello {visitor_name}, I am Nora, an AI.
variables:
  visitor_name: { description: first name, default: there }
  customer: { required: true, inPrompt: false }
knowledge:
  folder: ./shop
tools:
  webhooks:
    - name: stock
      description: How many are left.
      url: https://api.example.org/stock
      parameters: { model: { type: string } }
      readOnly: true
      secret: \${STOCK_SECRET}
  modules: [tools.mjs]
mcpServers:
  files: { command: node, args: [server.mjs], env: { TOKEN: "\${FILES_TOKEN}" }, readOnly: [list] }
handover: { url: "https://api.example.org/people", secret: "\${STOCK_SECRET}" }
`;
const ENV = { STOCK_SECRET: 'a secret of the test', FILES_TOKEN: 'token-of-the-files' };

let folder: string;
let path: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'visavis-agent-'));
  path = join(folder, 'agent.yaml');
  writeFileSync(path, FILE);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const reference = (name: string) => `\${${name}}`;
const problemsOf = (value: unknown, env = ENV) => checkAgentFile(value, '/agents/a.yaml', env).problems;
const configProblem = (env: Record<string, string>) => {
  try {
    loadConfig(env);
    return undefined;
  } catch (thrown) {
    return (thrown as Error).message;
  }
};

describe('an agent file', () => {
  it('is read with its secrets from the environment and its paths beside it', () => {
    const { profile } = readAgentFile(path, ENV);
    expect(profile).toMatchObject({
      name: 'Nora',
      knowledge: { folder: join(folder, 'shop'), pages: [] },
      tools: {
        webhooks: [{ name: 'stock', secret: ENV.STOCK_SECRET, readOnly: true, confirm: false, timeoutS: 10 }],
        modules: [join(folder, 'tools.mjs')],
      },
      mcpServers: { files: { env: { TOKEN: ENV.FILES_TOKEN }, timeoutS: 15 } },
    });
  });

  it('as it is documented is right', () => {
    const documented =
      /```yaml\n([\s\S]*?)```/u.exec(readFileSync(join(PROJECT_ROOT, 'docs/agent.md'), 'utf8'))?.[1] ?? '';
    const shown = join(folder, 'documented.yaml');
    writeFileSync(shown, documented);
    const env = { ...ENV, CALENDAR_TOKEN: 'x', CRM_KEY: 'y' };
    expect(readAgentFile(shown, env)).toMatchObject({
      profile: { name: 'Nora', handover: { secret: ENV.STOCK_SECRET } },
    });
  });

  it('may be JSON', () => {
    const json = join(folder, 'agent.json');
    writeFileSync(json, JSON.stringify({ version: 1, persona: 'You are brief.' }));
    expect(readAgentFile(json, {}).profile).toMatchObject({ persona: 'You are brief.', mcpServers: {} });
  });

  it('names every field that is wrong, and never the value of a secret', () => {
    const problems = problemsOf({
      version: 2,
      colour: 'red',
      goals: 'sell',
      variables: { Name: {}, ok: { required: true, default: 'x' } },
      tools: { webhooks: [{ name: 'a b', description: 'x', url: 'ftp://x', secret: 'short-one' }], hooks: [] },
      mcpServers: { one: { comand: 'node' } },
    });
    const text = problems?.join('\n') ?? '';
    for (const field of [
      'version',
      'colour',
      'goals',
      'variables.Name',
      'tools.webhooks.0.name',
      'tools.webhooks.0.url',
      'tools.webhooks.0.secret',
      'tools.hooks',
      'mcpServers.one',
    ])
      expect(text).toContain(`${field}: `);
    expect(text).not.toContain('short-one');
  });

  it.each([
    [{ version: 1, greeting: 'Hello {who}' }, 'greeting: {who} is not among the variables'],
    [
      { version: 1, variables: { a: { required: true, default: 'x' } } },
      'variables.a: expected required or default, not both',
    ],
    [
      { version: 1, handover: { url: 'https://x.org', secret: reference('NOT_SET_ANYWHERE') } },
      'NOT_SET_ANYWHERE: named in the agent file, but not set in the environment',
    ],
    [null, 'agent file: expected object, got null'],
    ['text', 'agent file: expected object, got a string'],
    [{}, 'version: expected 1'],
  ])('%j is refused', (value, problem) => {
    expect(problemsOf(value)).toContain(problem);
  });

  it('takes nothing from the environment into what a model reads', () => {
    const { profile } = checkAgentFile({ version: 1, persona: `Say ${reference('STOCK_SECRET')}.` }, '/a.yaml', ENV);
    expect(profile?.persona).toBe(`Say ${reference('STOCK_SECRET')}.`);
  });

  it.each([
    ['a: [1, 2', /line \d+, column \d+/],
    [
      `a: &a [x, x]\n${Array.from({ length: 12 }, (_, i) => `b${i}: &b${i} [${i === 0 ? '*a, *a, *a' : `*b${i - 1}, *b${i - 1}, *b${i - 1}`}]`).join('\n')}`,
      /cannot be read|no such field/,
    ],
    ['x'.repeat(600_000), /has 600000 bytes, expected at most 100000/],
  ])('that is no sane YAML is refused (%#)', (text, message) => {
    const broken = join(folder, 'broken.yaml');
    writeFileSync(broken, text);
    expect(readAgentFile(broken, {}).problems?.join('\n')).toMatch(message);
  });

  it('is the same for all processes of a service, whatever becomes of the file', () => {
    const changing = join(folder, 'changing.yaml');
    writeFileSync(changing, 'version: 1\nname: Before');
    const env = withAgentFile({ VISAVIS_AGENT: changing });
    writeFileSync(changing, 'name: [broken');
    expect(loadConfig(env).agent?.name).toBe('Before');
    expect(withAgentFile(env)).toBe(env);
    expect(() => loadConfig({ VISAVIS_AGENT: changing })).toThrow(/not YAML or JSON/);
    expect(withAgentFile({ VISAVIS_AGENT: '/no/such/file' })).toEqual({ VISAVIS_AGENT: '/no/such/file' });
  });

  it('that is not there is named', () => {
    expect(readAgentFile('/no/such/agent.yaml', {}).problems).toEqual(['/no/such/agent.yaml cannot be read (ENOENT)']);
  });
});

describe('the configuration', () => {
  it('has the agent, and shows none of its secrets', () => {
    const config = loadConfig({ ...ENV, VISAVIS_AGENT: path, VISAVIS_TOOL_URLS: 'https://api.example.org' });
    expect(config.knowledgeFolder).toBe(join(folder, 'shop'));
    const shown = JSON.stringify(describeConfig(config));
    expect(shown).toContain('stock https://api.example.org');
    for (const secret of Object.values(ENV)) expect(shown).not.toContain(secret);
  });

  it('refuses addresses that tools may not call, and reports them with everything else', () => {
    const message = configProblem({
      ...ENV,
      VISAVIS_AGENT: path,
      VISAVIS_TOOL_URLS: 'https://api.example.org/people',
      VISAVIS_PORT: 'x',
    });
    expect(message).toContain(
      'VISAVIS_AGENT: tools.webhooks.0.url: https://api.example.org is not among VISAVIS_TOOL_URLS',
    );
    expect(message).not.toContain('handover.url');
    expect(message).toContain('VISAVIS_PORT');
    expect(configProblem({ VISAVIS_TOOL_URLS: 'https://me:secret@x.org' })).not.toContain('secret');
  });
});

describe('a text with variables', () => {
  it.each([
    ['Hello {name}, welcome.', { name: 'Ann' }, 'Hello Ann, welcome.'],
    ['Hello {name}, welcome.', {}, 'Hello, welcome.'],
    ['{a}{b} {__proto__} {constructor}', { a: 1, b: true }, '1true {__proto__}'],
    ['{a}', { a: '{b}', b: 'no' }, '{b}'],
  ])('%s', (text, values, filled) => {
    expect(fillPlaceholders(text, values)).toBe(filled);
  });
});
