import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseManifest, selectFiles } from '../../scripts/lib/manifest.mjs';

const good = {
  name: 'a.onnx',
  group: 'default',
  sha256: 'a'.repeat(64),
  bytes: 3,
  licence: 'MIT',
  attribution: 'someone',
  use: 'something',
  sources: [
    { url: 'https://example.org/a.onnx' },
    { npm: [{ package: '@scope/a@1.0.0', path: 'x/a.onnx', range: [0, 3] }] },
  ],
};
const lockOf = (...files: object[]) =>
  JSON.stringify({ version: 1, groups: { default: 'always', extra: 'on request' }, files });

describe('the model manifest', () => {
  it('accepts the one of this repository', () => {
    const lock = parseManifest(readFileSync('models.lock.json', 'utf8'));
    expect(selectFiles(lock, []).map((file) => file.name)).toContain('kokoro-v1.0.onnx');
    expect(selectFiles(lock, []).map((file) => file.name)).not.toContain('piper-libritts.onnx');
    expect(selectFiles(lock, ['piper']).map((file) => file.name)).toContain('piper-libritts.onnx');
  });

  it('names every problem with its place at once', () => {
    const text = lockOf(
      { ...good, sha256: 'short', bytes: -1 },
      { ...good, name: '../escape', group: 'nowhere', sources: [] },
    );
    expect(() => parseManifest(text)).toThrow(
      /files\[0\] \(a\.onnx\)\.sha256(.|\n)*files\[0\] \(a\.onnx\)\.bytes(.|\n)*files\[1\].*name(.|\n)*files\[1\].*group(.|\n)*files\[1\].*sources/,
    );
  });

  it('refuses a path that leaves its package and a version that is not exact', () => {
    const source = { npm: [{ package: 'a@^1.0.0', path: '../../etc/passwd' }] };
    expect(() => parseManifest(lockOf({ ...good, sources: [source] }))).toThrow(/package(.|\n)*path/);
  });

  it('refuses a conversion it does not know', () => {
    const npm = [{ package: 'a@1.0.0', path: 'a.tflite' }];
    expect(() => parseManifest(lockOf({ ...good, sources: [{ npm, convert: 'magic' }] }))).toThrow(
      /convert.*tflite-to-onnx/,
    );
    expect(() => parseManifest(lockOf({ ...good, sources: [{ npm, convert: 'tflite-to-onnx' }] }))).not.toThrow();
  });

  it('refuses two files of one name', () => {
    expect(() => parseManifest(lockOf(good, good))).toThrow(/a name that no earlier file has/);
  });

  it('names the groups there are when asked for another', () => {
    expect(() => selectFiles(parseManifest(lockOf(good)), ['none'])).toThrow(
      /no model group none; there are default, extra/,
    );
  });
});
