import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { installedKokoroVoices, piperSpeaker, voiceProblem } from '../../../src/inference/speech/voices.js';

const INSTALLED = () => ['af_heart', 'am_michael'];

describe('voices of the speech engines', () => {
  let folder: string | undefined;
  afterEach(() => {
    vi.unstubAllEnvs();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    folder = undefined;
  });

  it('lists the voice files in the models folder and nothing else', async () => {
    folder = mkdtempSync(join(tmpdir(), 'visavis-voices-'));
    vi.stubEnv('VISAVIS_CACHE', folder);
    expect(installedKokoroVoices()).toEqual([]);
    await mkdir(join(folder, 'models'));
    const files = [
      'kokoro-voice-bm_george.bin',
      'kokoro-voice-af_heart.bin',
      'kokoro-voice-af_sky.bin.part',
      'kokoro-v1.0.onnx',
    ];
    for (const file of files) writeFileSync(join(folder, 'models', file), '');
    expect(installedKokoroVoices()).toEqual(['af_heart', 'bm_george']);
  });

  it.each([
    ['libritts-0', 0],
    ['libritts-680', 680],
    ['libritts-903', 903],
    ['libritts-904', undefined],
    ['libritts-0680', undefined],
    ['libritts--1', undefined],
    ['libritts-', undefined],
    ['libritts-1\n', undefined],
    ['af_heart', undefined],
    ['', undefined],
  ])('reads the Piper speaker of %j as %s', (voice, speaker) => {
    expect(piperSpeaker(voice)).toBe(speaker);
  });

  it.each([
    ['kokoro', 'af_heart'],
    ['kokoro', 'am_michael'],
    ['piper', 'libritts-0'],
    ['piper', 'libritts-903'],
    ['openai', 'whatever the service calls it'],
  ] as const)('%s has %s', (engine, voice) => {
    expect(voiceProblem(engine, voice, INSTALLED)).toBeUndefined();
  });

  it.each([
    ['kokoro', 'af_nobody', 'af_heart, am_michael'],
    ['kokoro', 'libritts-680', 'af_heart, am_michael'],
    ['kokoro', '../../etc/passwd', 'af_heart, am_michael'],
    ['kokoro', '__proto__', 'af_heart, am_michael'],
    ['piper', 'af_heart', 'libritts-0 … libritts-903'],
    ['piper', 'libritts-904', 'libritts-0 … libritts-903'],
    ['openai', ' ', 'speech API'],
  ] as const)('%s refuses %j and says what there is', (engine, voice, available) => {
    const problem = voiceProblem(engine, voice, INSTALLED);
    expect(problem).toMatchObject({ code: 'bad-request', field: 'voice', retryable: false });
    expect(problem?.message).toContain(available);
  });

  it('keeps a name of any length short in the message', () => {
    expect(voiceProblem('piper', 'x'.repeat(100_000))!.message.length).toBeLessThan(300);
  });
});
