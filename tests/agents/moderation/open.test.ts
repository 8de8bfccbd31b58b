import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConversationModeration } from '../../../src/agents/moderation/moderation.js';
import { openModeration } from '../../../src/agents/moderation/open.js';
import { loadConfig } from '../../../src/config.js';
import type { TextEmbedder } from '../../../src/inference/engines.js';
import { createLogger } from '../../../src/log.js';
import { OpenAiServer } from '../../support/openai-server.js';

const folder = mkdtempSync(join(tmpdir(), 'visavis-open-moderation-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const logger = createLogger('test', 'silent');
const embedder = { embed: async () => [] } as unknown as TextEmbedder;

describe('moderation as configured', () => {
  it('is not there where no policy is', () => {
    expect(openModeration(loadConfig({}), embedder, logger)).toBeUndefined();
  });

  it('asks the configured server with its key and writes where it is to', async () => {
    const server = await OpenAiServer.start({ apiKey: 'the-key' });
    server.moderation.judge = () => ({ kind: 'scores', scores: { hate: 0.8 } });
    const path = join(folder, 'policy.json');
    const logPath = join(folder, 'log.jsonl');
    writeFileSync(
      path,
      JSON.stringify({ version: 1, classifier: { use: 'openai' }, onFailure: 'pass', timeoutMs: 9_000 }),
    );
    const config = loadConfig({
      ...{ VISAVIS_MODERATION: path, VISAVIS_MODERATION_LOG: logPath },
      ...{ OPENAI_API_KEY: 'the-key', OPENAI_BASE_URL: server.url },
    });
    const moderation = openModeration(config, embedder, logger);
    if (moderation === undefined) return expect.fail('no moderation');
    const conversation = new ConversationModeration(moderation, { sessionId: 'a', language: 'en' });
    const { signal } = new AbortController();
    expect(await conversation.judge('avatar', 'Hello.', { signal })).toMatchObject({
      ...{ isRefused: true, rules: ['openai:hate'] },
    });
    await moderation.audit.flush();
    const { readFileSync } = await import('node:fs');
    expect(readFileSync(logPath, 'utf8')).toContain('"rules":["openai:hate"]');
    await server.close();
  });
});
