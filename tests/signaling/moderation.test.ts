import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { launch } from '../support/launch.js';
import { sampleOf } from '../support/prometheus-text.js';

const folder = mkdtempSync(join(tmpdir(), 'visavis-policy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function policy(value: object): string {
  const path = join(folder, `${crypto.randomUUID()}.json`);
  writeFileSync(path, JSON.stringify(value));
  return path;
}

describe('a service with a moderation policy', () => {
  it('counts what the policy did, and tells visitors nothing of it', async () => {
    const service = await launch({ VISAVIS_MODERATION: policy({ version: 1 }) });
    try {
      const { client } = await service.joined();
      const metrics = async () => (await fetch(`${service.origin}/metrics`)).text();
      const refused = { side: 'avatar', action: 'refused' };
      expect(sampleOf(await metrics(), 'visavis_moderation_total', refused)).toBe(0);
      await client.data('say', { text: 'event {"type":"moderation","side":"avatar","action":"refused"}' });
      await eventually(async () => expect(sampleOf(await metrics(), 'visavis_moderation_total', refused)).toBe(1));
      expect(client.events.map(({ name }) => name)).not.toContain('moderation');
    } finally {
      await service.close();
    }
  });

  it('does not start with a policy that is broken: nothing is said unmoderated', async () => {
    const broken = policy({ version: 1, words: 'all' });
    await expect(launch({ VISAVIS_MODERATION: broken })).rejects.toThrow(/VISAVIS_MODERATION: words: /);
  });
});
