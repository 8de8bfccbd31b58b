import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DEFAULT_TURN_SETTINGS } from '../../src/agents/turn.js';
import { readTurnTrace } from '../../src/agents/turn-trace-reader.js';
import { createLogger } from '../../src/log.js';
import { TurnTraceFolder } from '../../src/worker/avatar/turn-trace-folder.js';

const log = createLogger('test', 'silent');
let base: string;
let folder: string;
let nowMs: number;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'visavis-traces-'));
  folder = join(base, 'deep', 'traces');
  nowMs = Date.UTC(2030, 0, 1);
});
afterEach(() => rmSync(base, { recursive: true }));

const make = (limits: { maxBytes?: number; maxFiles?: number } = {}) =>
  new TurnTraceFolder({ folder, maxBytes: 64e6, maxFiles: 5, ...limits }, log, () => nowMs++);

function record(traces: TurnTraceFolder, participantId = 'p', windows = 3) {
  const trace = traces.forConversation('c/../1', 'balanced').open(participantId, DEFAULT_TURN_SETTINGS);
  for (let i = 1; i <= windows; i++)
    trace.input({ type: 'window', atMs: i * 32, probability: 0.25, audible: false }, []);
  return trace;
}
const names = () => readdirSync(folder).sort();
const written = (count: number) =>
  vi.waitFor(() => {
    const whole = names().filter((name) => readFileSync(join(folder, name), 'utf8').endsWith('\n'));
    expect(whole).toHaveLength(count);
  });

describe('the folder of traces', () => {
  it('is made for its owner alone, and so are the files in it', async () => {
    record(make()).close();
    await written(1);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const [name = ''] = names();
    expect(name).toMatch(/^20300101T000000\d{3}Z-c____1-p\.jsonl$/);
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    const trace = readTurnTrace(readFileSync(join(folder, name), 'utf8'));
    expect(trace.header).toMatchObject({ conversationId: 'c/../1', participantId: 'p', turnTaking: 'balanced' });
    expect(trace.inputs).toHaveLength(3);
  });

  it('is refused when others may look into it', () => {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o755);
    expect(() => make()).toThrow(/VISAVIS_TURN_TRACES: .* is open to others \(mode 0755\).*chmod 700/);
  });

  it('is refused when it cannot be one', () => {
    mkdirSync(join(base, 'deep'));
    writeFileSync(folder, 'a file');
    expect(() => make()).toThrow(/VISAVIS_TURN_TRACES: .* cannot be made/);
  });

  it('keeps the newest traces only, and nothing of others is touched', async () => {
    const traces = make({ maxFiles: 3 });
    writeFileSync(join(folder, 'notes.txt'), 'mine\n');
    for (let i = 0; i < 6; i++) {
      record(traces, `p${i}`).close();
      await vi.waitFor(() => expect(names().some((name) => name.includes(`p${i}`))).toBe(true));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(names().map((name) => name.replace(/.*-(p\d).*/, '$1'))).toEqual(['p3', 'p4', 'p5', 'notes.txt']);
  });

  it('has no room for more bytes than it may hold: the oldest make room', async () => {
    const traces = make({ maxBytes: 40_000, maxFiles: 100 });
    for (let i = 0; i < 4; i++) {
      record(traces, `p${i}`, 400).close();
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await written(1);
    expect(names()[0]).toContain('p3');
    expect(statSync(join(folder, names()[0] ?? '')).size).toBeLessThan(40_200);
  });

  it('begins no trace while all the room is taken by open ones, and the conversation does not notice', async () => {
    const traces = make({ maxFiles: 2 });
    const open = [record(traces, 'a'), record(traces, 'b'), record(traces, 'c')];
    for (const trace of open) trace.close();
    await written(2);
    expect(names().map((name) => name.replace(/.*-([abc])\.jsonl/, '$1'))).toEqual(['a', 'b']);
  });

  it('never writes through a link that waits under the name', () => {
    const traces = make();
    const target = join(base, 'target');
    symlinkSync(target, join(folder, '20300101T000000000Z-c____1-p.jsonl'));
    record(traces).close();
    expect(existsSync(target)).toBe(false);
  });

  it('that vanishes ends the recording, not the conversation', () => {
    const traces = make();
    rmSync(folder, { recursive: true });
    expect(() => record(traces, 'p', 2_000).close()).not.toThrow();
  });
});
