import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../src/cache.js';
import { configVariables, describeConfig, loadConfig, workerEnvironment } from '../src/config.js';
import { agentName } from '../src/config-engines.js';
import { VisavisError } from '../src/errors.js';

const KEY = 'k'.repeat(32);

function problemsOf(env: Record<string, string>): string[] {
  try {
    loadConfig(env);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(VisavisError);
    return (thrown as VisavisError).message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}

describe('loadConfig', () => {
  it('knows in which size pictures are to be shown', () => {
    expect(loadConfig({}).pictureSize).toBeUndefined();
    expect(loadConfig({ VISAVIS_PICTURE_SIZE: '1024x576' }).pictureSize).toEqual({ width: 1024, height: 576 });
    expect(problemsOf({ VISAVIS_PICTURE_SIZE: '640x480' })).toEqual([
      'VISAVIS_PICTURE_SIZE: expected 512, 768, 1024 or 1024x576, got "640x480"',
    ]);
  });

  it('needs nothing: loopback, no key, embedded engines', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 7860,
      rtcPort: 7861,
      linkPorts: { min: 47_000, max: 47_999 },
      avatar: 'mara',
      speech: 'auto',
      openai: null,
      greeting: undefined,
      tokenTtlMs: 60_000,
      idleTimeoutMs: 300_000,
    });
    expect(config.avatarsFolder).toMatch(/visavis\/avatars$/);
    expect(config.avatarFolders).toEqual([config.avatarsFolder, expect.stringMatching(/assets\/avatars$/)]);
  });

  it('reports every problem at once, by name', () => {
    const problems = problemsOf({
      VISAVIS_HOST: 'example.org',
      VISAVIS_PORT: '70000',
      VISAVIS_RTC_PORT: '12.5',
      VISAVIS_LINK_PORTS: '5000-4000',
      VISAVIS_SPEECH: 'festival',
      VISAVIS_LOG_LEVEL: 'loud',
      VISAVIS_ALLOWED_ORIGINS: 'https://ok.example, www.example.org',
      VISAVIS_API_KEYS: 'short',
      OPENAI_BASE_URL: 'ftp://models',
    });
    const names = problems.map((problem) => problem.split(':')[0]);
    expect(names.sort()).toEqual(
      [
        'OPENAI_BASE_URL',
        'VISAVIS_ALLOWED_ORIGINS',
        'VISAVIS_API_KEYS',
        'VISAVIS_HOST',
        'VISAVIS_LINK_PORTS',
        'VISAVIS_LOG_LEVEL',
        'VISAVIS_PORT',
        'VISAVIS_RTC_PORT',
        'VISAVIS_SPEECH',
      ].sort(),
    );
  });

  it('refuses a bind that others can reach without API keys', () => {
    expect(problemsOf({ VISAVIS_HOST: '192.0.2.7' })).toEqual([expect.stringMatching(/^VISAVIS_API_KEYS: needed/)]);
    expect(loadConfig({ VISAVIS_HOST: '192.0.2.7', VISAVIS_API_KEYS: KEY }).apiKeys).toEqual([KEY]);
  });

  it('wants the address for media when it binds all addresses', () => {
    expect(problemsOf({ VISAVIS_HOST: '0.0.0.0', VISAVIS_API_KEYS: KEY })).toEqual([
      expect.stringMatching(/^VISAVIS_ANNOUNCED_ADDRESS: needed/),
    ]);
  });

  it('names a setting that does not exist, so that a misspelt one is not ignored', () => {
    expect(problemsOf({ VISAVIS_API_KEY: KEY })).toEqual(['VISAVIS_API_KEY: no such setting']);
  });

  it.each([
    ['VISAVIS_SPEECH', { VISAVIS_SPEECH: 'openai' }, /^OPENAI_API_KEY: VISAVIS_SPEECH is openai/],
    ['ports', { VISAVIS_RTC_PORT: '47500' }, /^VISAVIS_RTC_PORT: 47500 lies within/],
    ['too few ports', { VISAVIS_LINK_PORTS: '47000-47003' }, /^VISAVIS_LINK_PORTS: expected at least two ports/],
    ['turn bounds', { VISAVIS_END_OF_TURN_MS: '900-300' }, /^VISAVIS_END_OF_TURN_MS: expected LOW-HIGH/],
  ])('checks what belongs together: %s', (_name, env, problem) => {
    expect(problemsOf(env as unknown as Record<string, string>)).toEqual([expect.stringMatching(problem)]);
  });

  it('never repeats a secret in a problem', () => {
    const text = problemsOf({ VISAVIS_API_KEYS: 'hunter2', OPENAI_API_KEY: 'sk-secret', VISAVIS_PORT: 'x' }).join('\n');
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain('sk-secret');
  });

  it.each([
    ['AI', 'AI'],
    [' Żółta AI · café ', 'Żółta AI · café'],
    ['e\u0301cran IA', 'écran IA'],
  ])('takes the badge %j', (value, badge) => {
    expect(loadConfig({ VISAVIS_DISCLOSURE_BADGE: value }).disclosure.badge).toBe(badge);
  });

  it.each([
    ['人工知能', /^VISAVIS_DISCLOSURE_BADGE: expected Latin letters, digits and punctuation .*got "人工知能"/],
    ['ИИ', /^VISAVIS_DISCLOSURE_BADGE: expected Latin letters/],
    ['AI 🤖', /^VISAVIS_DISCLOSURE_BADGE: expected Latin letters/],
    ['A\nI', /^VISAVIS_DISCLOSURE_BADGE: expected Latin letters/],
    ['…', /^VISAVIS_DISCLOSURE_BADGE: expected at least two letters/],
    ['A'.repeat(25), /^VISAVIS_DISCLOSURE_BADGE: expected at most 24 characters/],
  ])('refuses the badge %j', (value, problem) => {
    expect(problemsOf({ VISAVIS_DISCLOSURE_BADGE: value })).toEqual([expect.stringMatching(problem)]);
  });

  it('takes an empty greeting as silence and every other empty variable as unset', () => {
    const empty = Object.fromEntries(configVariables.map((name) => [name, '']));
    expect(loadConfig(empty)).toEqual({ ...loadConfig({}), greeting: null });
  });

  it('records no turns unless a folder is named', () => {
    expect(loadConfig({}).turnTraces).toBeNull();
    expect(loadConfig({ VISAVIS_TURN_TRACES: '/srv/traces', VISAVIS_TURN_TRACES_MB: '10' }).turnTraces).toEqual({
      folder: '/srv/traces',
      maxBytes: 10e6,
      maxFiles: 200,
    });
  });

  it('takes turns in a balanced way unless told otherwise', () => {
    expect(loadConfig({}).turnTaking).toBe('balanced');
    expect(problemsOf({ VISAVIS_ECHO: 'on' })).toEqual([
      expect.stringMatching(/^VISAVIS_ECHO: expected one of auto, off, got "on"/),
    ]);
    expect(problemsOf({ VISAVIS_FAR_VOICES_DB: '3' })).toEqual([
      expect.stringMatching(/^VISAVIS_FAR_VOICES_DB: expected a whole number from 6 to 40, got "3"/),
    ]);
    expect(problemsOf({ VISAVIS_TURN_TAKING: 'rude' })).toEqual([
      expect.stringMatching(
        /^VISAVIS_TURN_TAKING: expected one of eager, balanced, patient, off, push-to-talk, got "rude"/,
      ),
    ]);
  });

  it('switches to a language API by either of its variables', () => {
    expect(loadConfig({ OPENAI_BASE_URL: 'http://127.0.0.1:11434/v1', OPENAI_MODEL: 'llama' }).openai).toMatchObject({
      apiKey: '',
      baseUrl: 'http://127.0.0.1:11434/v1',
      model: 'llama',
    });
    expect(loadConfig({ OPENAI_API_KEY: 'sk-1' }).openai).toMatchObject({ apiKey: 'sk-1', baseUrl: undefined });
  });
});

describe('the README', () => {
  it('names every setting', () => {
    // Each in its own right: VISAVIS_AVATAR is not named by VISAVIS_AVATARS.
    const named = new Set(readFileSync(join(PROJECT_ROOT, 'README.md'), 'utf8').match(/\b[A-Z][A-Z_]+[A-Z]\b/g));
    expect([...configVariables, 'VISAVIS_CACHE'].filter((name) => !named.has(name))).toEqual([]);
  });

  it('names no setting that does not exist', () => {
    const named = readFileSync(join(PROJECT_ROOT, 'README.md'), 'utf8').match(/\b(VISAVIS|OPENAI)_[A-Z_]+\b/g) ?? [];
    const known = new Set<string>([...configVariables, 'VISAVIS_CACHE']);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('describeConfig', () => {
  it('prints everything but the secrets', () => {
    const config = loadConfig({ VISAVIS_API_KEYS: KEY, OPENAI_API_KEY: 'sk-secret', VISAVIS_AVATAR: 'sam' });
    const text = JSON.stringify(describeConfig(config));
    expect(text).toContain('"avatar":"sam"');
    expect(text).not.toContain(KEY);
    expect(text).not.toContain('sk-secret');
  });
});

describe('workerEnvironment', () => {
  it("keeps the gateway's keys from the workers and stays valid for them", () => {
    const env = { VISAVIS_HOST: '192.0.2.7', VISAVIS_API_KEYS: KEY, VISAVIS_SPEECH: 'piper', PATH: '/bin' };
    const kept = workerEnvironment(env);
    expect(kept).toEqual({ VISAVIS_SPEECH: 'piper', PATH: '/bin', ORT_DISABLE_TELEMETRY: '1' });
    expect(loadConfig(kept).speech).toBe('piper');
  });
});

describe('the choice of engines', () => {
  it('says where networks of avatars run, and names what does not exist', () => {
    expect(loadConfig({}).providers).toEqual({ providers: ['cuda', 'cpu'], isAutomatic: true });
    const { providers } = loadConfig({ VISAVIS_PROVIDERS: 'webgpu' });
    expect(providers).toEqual({ providers: ['webgpu', 'cpu'], isAutomatic: false });
    expect(() => loadConfig({ VISAVIS_PROVIDERS: 'cuda,abacus' })).toThrow(
      /VISAVIS_PROVIDERS: got "abacus", expected auto/,
    );
  });

  it('is ours by default', () => {
    const { engines, speech } = loadConfig({});
    expect({ ...engines, speech }).toEqual({
      recognition: 'moonshine',
      agent: 'auto',
      conversation: 'turns',
      languages: [],
      voices: {},
      modules: [],
      speech: 'auto',
    });
  });

  it('names what an engine lacks', () => {
    const problems = problemsOf({
      VISAVIS_RECOGNITION: 'openai',
      VISAVIS_AGENT_ENGINE: 'custom',
      VISAVIS_CONVERSATION: 'realtime',
    });
    expect(problems).toEqual([
      'OPENAI_API_KEY: VISAVIS_RECOGNITION is openai, which needs OPENAI_API_KEY or OPENAI_BASE_URL',
      expect.stringMatching(/^VISAVIS_ENGINES: needed because VISAVIS_AGENT_ENGINE is custom/),
      'OPENAI_API_KEY: VISAVIS_CONVERSATION is realtime, which needs OPENAI_API_KEY or OPENAI_BASE_URL',
    ]);
  });

  it('speaks greetings with the voice of a model that speaks, unless told otherwise', () => {
    const env = { OPENAI_API_KEY: 'sk-x', VISAVIS_CONVERSATION: 'realtime' };
    expect(loadConfig(env).speech).toBe('openai');
    expect(loadConfig({ ...env, VISAVIS_SPEECH: 'piper' }).speech).toBe('piper');
    expect(loadConfig({ ...env, OPENAI_REALTIME_MODEL: 'mine' }).openai?.realtimeModel).toBe('mine');
  });

  it('makes paths of modules absolute, and names those that are not there', () => {
    const { engines } = loadConfig({ VISAVIS_ENGINES: './vitest.config.ts, /dev/null' });
    expect(engines.modules).toEqual([join(process.cwd(), 'vitest.config.ts'), '/dev/null']);
    expect(problemsOf({ VISAVIS_ENGINES: '/nowhere/engines.mjs' })).toEqual([
      'VISAVIS_ENGINES: there is no file /nowhere/engines.mjs',
    ]);
  });

  it('is named by the model that answers', () => {
    const nameOf = (env: Record<string, string>) => agentName(loadConfig(env));
    const key = { OPENAI_API_KEY: 'sk-x', OPENAI_MODEL: 'm', OPENAI_REALTIME_MODEL: 'r' };
    expect([nameOf({}), nameOf(key), nameOf({ ...key, VISAVIS_CONVERSATION: 'realtime' })]).toEqual([
      'knowledge',
      'm',
      'r',
    ]);
    expect(nameOf({ ...key, VISAVIS_AGENT_ENGINE: 'knowledge' })).toBe('knowledge');
  });

  it('keeps a moderation policy away from a model that speaks before its words are known', () => {
    const env = { OPENAI_API_KEY: 'sk-x', VISAVIS_CONVERSATION: 'realtime', VISAVIS_MODERATION: '/dev/null' };
    expect(problemsOf(env)).toContainEqual(expect.stringMatching(/^VISAVIS_MODERATION: cannot be kept with/));
  });
});
