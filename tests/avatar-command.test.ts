import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeImage } from '../src/inference/vision/image.js';
import { encodePng } from '../src/png.js';
import { stockFolder } from './inference/avatar/stock.js';
import { picture } from './support/pictures.js';

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const PORTRAIT = join(stockFolder('sam'), 'portrait.png');
const WIDTH = 1366;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'avatar-command-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function inspect(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [CLI, 'avatar', 'inspect', ...args],
      { timeout: 25_000, maxBuffer: 1e7 },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
}

describe('visavis avatar inspect', () => {
  it('says what it found in words', async () => {
    const { code, stdout } = await inspect(PORTRAIT);
    expect(code).toBe(0);
    expect(stdout).toContain('1366×768 pixels, a face an avatar can be made of');
    expect(stdout).toMatch(/pitch −?\d+°, yaw −?\d+°, roll −?\d+°/);
  });

  it('gives all landmarks as JSON and draws them into a picture', async () => {
    const out = join(folder, 'annotated.png');
    const { code, stdout } = await inspect(PORTRAIT, '--json', '--out', out);
    expect(code).toBe(0);
    const { face } = JSON.parse(stdout) as { face: { landmarks: [number, number, number][] } };
    expect(face.landmarks.length).toBe(478);
    const [drawn, original] = [await decodeImage(await readFile(out)), await decodeImage(await readFile(PORTRAIT))];
    const at = ([x, y]: number[]) => (Math.floor(y!) * WIDTH + Math.floor(x!)) * 4;
    const changed = face.landmarks.filter((point) => {
      const place = at(point);
      return [0, 1, 2].some((k) => drawn.data[place + k] !== original.data[place + k]);
    });
    expect(changed.length).toBeGreaterThan(470);
  });

  it('refuses with one line and an exit status, as JSON where that was asked for', async () => {
    const empty = join(folder, 'wall.png');
    await writeFile(empty, encodePng(picture(300, 300, () => [200, 200, 200])));
    const plain = await inspect(empty);
    expect(plain).toMatchObject({ code: 1, stdout: '' });
    expect(plain.stderr).toMatch(/^visavis: the image shows no face: .*\n$/);
    const json = await inspect(empty, '--json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: 'bad-request', field: 'image', retryable: false } });
  });

  it.each([
    [['no-such-photo.jpg'], /no-such-photo\.jpg cannot be read: ENOENT/],
    [[tmpdir()], /is not a file/],
    [[], /expected: inspect PHOTO/],
    [['a.jpg', '--frame'], /--frame/],
    [['a.png', '--out', './a.png'], /would replace the photo/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await inspect(...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });
});
