import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  parseBox,
  parseNeutral,
  readPackFolder,
  readReferences,
} from '../../../../src/inference/avatar/lite/maker/pack-folder.js';
import { jpegOf, picture } from '../../../support/pictures.js';
import { neutralFile } from './lite-pack.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'visavis-pack-'));
  await mkdir(join(folder, 'ref_frames'));
  for (const name of ['net_encode.onnx', 'net_decode.onnx', 'bg_video.mp4']) await writeFile(join(folder, name), name);
  await writeFile(join(folder, 'face_box.txt'), '10 60 20 90\n');
  await writeFile(join(folder, 'neutral_pose.npy'), neutralFile(0.03));
  for (let i = 0; i < 3; i++) await writeFile(join(folder, 'ref_frames', `ref_0000${i}.jpg`), await reference());
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const reference = (width = 24, height = 16) =>
  jpegOf(
    picture(width, height, (x) => [200, 10 * x, 90]),
    { quality: 95 },
  );

async function refusal() {
  return readPackFolder(folder).then(
    () => expect.fail('was read'),
    (error: unknown) => error as Error & { code: string; field: string },
  );
}

describe('a folder of the LiteAvatar family', () => {
  it('is read with box, neutral pose and pictures in order', async () => {
    const pack = await readPackFolder(folder);
    expect(pack.box).toEqual({ top: 10, bottom: 60, left: 20, right: 90 });
    expect([...pack.neutral]).toEqual(Array(32).fill(Math.fround(0.03)));
    expect(pack.references.map((path) => path.slice(-13))).toEqual(['ref_00000.jpg', 'ref_00001.jpg', 'ref_00002.jpg']);
    expect(Buffer.from(pack.encoder.content).toString()).toBe('net_encode.onnx');
    let seen = 0;
    const frames = await readReferences(pack.references, () => seen++);
    expect(frames).toMatchObject({ layout: 'rgb', width: 24, height: 16, count: 3 });
    expect(seen).toBe(3);
    expect(frames.data[0]).toBeGreaterThan(170);
  });

  it.each(['net_encode.onnx', 'net_decode.onnx', 'bg_video.mp4', 'face_box.txt', 'neutral_pose.npy', 'ref_frames'])(
    'is refused without %s',
    async (name) => {
      await rm(join(folder, name), { recursive: true });
      const error = await refusal();
      expect(error).toMatchObject({ code: 'not-found', field: name });
      expect(error.message).toMatch(/is missing: a folder of the LiteAvatar family has/);
    },
  );

  it('is refused with an empty file, a link, a gap in its pictures, or none', async () => {
    await writeFile(join(folder, 'bg_video.mp4'), '');
    expect((await refusal()).message).toBe('bg_video.mp4 is empty');
    await rm(join(folder, 'bg_video.mp4'));
    await symlink('/etc/hostname', join(folder, 'bg_video.mp4'));
    expect((await refusal()).message).toBe('bg_video.mp4 is not a regular file');
    await rm(join(folder, 'bg_video.mp4'));
    await writeFile(join(folder, 'bg_video.mp4'), 'video');
    await rm(join(folder, 'ref_frames', 'ref_00001.jpg'));
    expect((await refusal()).message).toBe('ref_frames lacks picture 00001: found ref_00002.jpg in its place');
    await rm(join(folder, 'ref_frames', 'ref_00000.jpg'));
    await rm(join(folder, 'ref_frames', 'ref_00002.jpg'));
    expect((await refusal()).message).toMatch(/holds no pictures called ref_00000.jpg/);
  });

  it('that is none is named', async () => {
    await expect(readPackFolder(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'not-found', field: 'folder' });
    await expect(readPackFolder(join(folder, 'face_box.txt'))).rejects.toMatchObject({
      code: 'bad-request',
      field: 'folder',
    });
  });

  it('is refused with a picture that is damaged, or of another size than the first', async () => {
    const { references } = await readPackFolder(folder);
    await writeFile(references[1]!, (await reference()).subarray(0, 200));
    await expect(readReferences(references, () => {})).rejects.toMatchObject({
      ...{ code: 'bad-request', field: 'ref_frames/ref_00001.jpg' },
      message: expect.stringMatching(/^ref_frames\/ref_00001.jpg: .*cut off/),
    });
    await writeFile(references[1]!, await reference(24, 18));
    await expect(readReferences(references, () => {})).rejects.toThrow(
      'ref_00001.jpg has 24 × 18 pixels, the first one 24 × 16',
    );
  });

  it.each(['', '1 2 3', '60 10 20 90', '10 60 90 20', 'a b c d', '-1 60 20 90', '1.5 60 20 90'])(
    'is refused with the face box "%s"',
    (text) => {
      expect(() => parseBox(text)).toThrow(/face_box.txt holds .*, expected top, bottom, left and right in pixels/);
    },
  );

  it.each([
    ['another file', Buffer.from('hello'), /is not a NumPy file/],
    ['other numbers', neutralFile(0, { type: '<f8' }), /expected 32 numbers of type <f4/],
    ['fewer numbers', neutralFile(0, { count: 31 }), /expected 32 numbers/],
    ['numbers cut off', neutralFile().subarray(0, 200), /bytes of numbers, expected 128/],
    ['NaN', neutralFile(Number.NaN), /not numbers/],
    ['huge numbers', neutralFile(1e20), /not numbers, or far beyond 1/],
  ])('is refused with a neutral pose of %s', (_, file, message) => {
    expect(() => parseNeutral(file)).toThrow(message);
  });
});
