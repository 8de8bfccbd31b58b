import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AuditEntry, AuditLog } from '../../../src/agents/moderation/audit.js';
import { createLogger } from '../../../src/log.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'visavis-audit-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const entry = (sessionId: string): AuditEntry => ({
  ...{ sessionId, side: 'avatar', action: 'refused', rules: ['words:insults'], ms: 3 },
});

function logAt(path: string, options: { maxBytes?: number; keep?: number } = {}) {
  const lines: string[] = [];
  const logger = createLogger('test', 'info', { write: (line: string) => void lines.push(line) });
  const now = () => new Date(Date.UTC(2026, 0, 1));
  return { audit: new AuditLog({ path, maxBytes: 1e6, keep: 2, logger, now, ...options }), lines };
}

const sessionsIn = (path: string) =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).sessionId);

describe('the moderation log', () => {
  it('has a line for each entry, in order, and is its owner’s alone', async () => {
    const path = join(folder, 'deep/down/log.jsonl');
    const { audit } = logAt(path);
    audit.write(entry('a'));
    audit.write(entry('b'));
    await audit.flush();
    expect(readFileSync(path, 'utf8').split('\n')[0]).toBe(
      '{"at":"2026-01-01T00:00:00.000Z","sessionId":"a","side":"avatar","action":"refused","rules":["words:insults"],"ms":3}',
    );
    expect(sessionsIn(path)).toEqual(['a', 'b']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('goes on in a file that is there already', async () => {
    const path = join(folder, 'log.jsonl');
    for (const name of ['a', 'b']) {
      const { audit } = logAt(path);
      audit.write(entry(name));
      await audit.flush();
    }
    expect(sessionsIn(path)).toEqual(['a', 'b']);
  });

  it('puts full files aside and forgets the oldest', async () => {
    const path = join(folder, 'log.jsonl');
    const { audit } = logAt(path, { maxBytes: 300 });
    for (let i = 0; i < 12; i++) audit.write(entry(`session-${i}`));
    await audit.flush();
    expect(readdirSync(folder).sort()).toEqual(['log.jsonl', 'log.jsonl.1', 'log.jsonl.2']);
    const kept = [`${path}.2`, `${path}.1`, path].flatMap(sessionsIn);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => `session-${12 - kept.length + i}`));
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(300);
  });

  it('keeps no full file where none is to be kept', async () => {
    const { audit } = logAt(join(folder, 'log.jsonl'), { maxBytes: 150, keep: 0 });
    for (let i = 0; i < 5; i++) audit.write(entry(`session-${i}`));
    await audit.flush();
    expect(readdirSync(folder)).toEqual(['log.jsonl']);
  });

  it('that cannot be written is said to be so once, and holds nobody up', async () => {
    const path = join(folder, 'log.jsonl');
    mkdirSync(path);
    const { audit, lines } = logAt(path);
    for (let i = 0; i < 5; i++) audit.write(entry('a'));
    await audit.flush();
    expect(audit.lost).toBe(5);
    expect(lines).toHaveLength(1);
    rmSync(path, { recursive: true });
    writeFileSync(path, '');
    audit.write(entry('b'));
    await audit.flush();
    expect(sessionsIn(path)).toEqual(['b']);
  });

  it('is bounded while the disk is slow', async () => {
    const { audit } = logAt(join(folder, 'log.jsonl'));
    for (let i = 0; i < 1_100; i++) audit.write(entry('a'));
    expect(audit.lost).toBe(100);
    await audit.flush();
    expect(sessionsIn(join(folder, 'log.jsonl'))).toHaveLength(1_000);
  });
});
