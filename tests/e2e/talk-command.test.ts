import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BenchServer } from '../../src/bench/server.js';
import { envelope } from '../../src/bench/waveform.js';
import { decodePng } from '../../src/inference/avatar/png.js';
import { readWav } from '../../src/media/wav.js';
import { SPOKEN_TEXT, words } from '../support/speech-audio.js';
import { startService } from '../support/talk-page.js';
import { wordErrorRate } from '../support/word-errors.js';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const QUESTION = fileURLToPath(new URL('../fixtures/opening-hours.wav', import.meta.url));
const API_KEY = 'a-key-for-this-test-only';

describe('visavis talk', () => {
  let service: BenchServer;
  const folder = mkdtempSync(join(tmpdir(), 'visavis-talk-'));

  beforeAll(async () => {
    service = await startService({ VISAVIS_API_KEYS: API_KEY });
  }, 180_000);

  afterAll(async () => {
    await service?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function talk(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [CLI, 'talk', '--url', service.url, ...args],
        { timeout: 100_000 },
        (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
        },
      );
    });
  }

  it('speaks a recording, hears the answer and keeps sound and pictures', async () => {
    const wav = join(folder, 'answer.wav');
    const frames = join(folder, 'frames');
    const result = await talk(
      ...['--key', API_KEY, '--wav', QUESTION, '--ask', 'Can you hear me?'],
      ...['--out-wav', wav, '--out-frames', frames, '--every', '50', '--json'],
    );
    expect(result.code, result.stderr).toBe(0);
    const report = JSON.parse(result.stdout);
    expect(report).toMatchObject({ ok: true, picture: { width: 512, height: 512 } });
    expect(report.turns).toHaveLength(2);
    expect(wordErrorRate(SPOKEN_TEXT, report.turns[0].understood.join(' '))).toBeLessThanOrEqual(0.25);
    for (const { replies, voicedMs } of report.turns) {
      expect(words(replies[0].text).length).toBeGreaterThan(2);
      expect(voicedMs).toBeGreaterThan(500);
    }
    expect(report.turns[0].responseMs).toBeGreaterThan(0);
    const { channels, sampleRateHz } = readWav(wav);
    expect(envelope(channels[0]!, sampleRateHz).filter((level) => level > 0.02).length).toBeGreaterThan(100);
    const pictures = readdirSync(frames);
    expect(pictures.length).toBeGreaterThanOrEqual(Math.floor(report.frames / 50));
    const picture = decodePng(readFileSync(join(frames, pictures[0]!)), { maxSide: 2_048 });
    // A face, not a blank: many different shades.
    expect(new Set(picture.data).size).toBeGreaterThan(100);
  });

  it.each([
    ['a wrong key', ['--key', 'not-the-right-key', '--ask', 'Hello?'], /not known/],
    ['a wrong token', ['--token', 'nonsense', '--ask', 'Hello?'], /join token is not known/],
    ['a file that is no recording', ['--key', API_KEY, '--wav', CLI], /RIFF WAVE/],
    ['a service that is not there', ['--url', 'http://127.0.0.1:9', '--ask', 'Hello?'], /no service answers/],
  ])('ends with 1 and says why for %s', async (_, args, reason) => {
    const { code, stderr, stdout } = await talk(...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(reason);
    expect(stdout).toBe('');
  });
});
