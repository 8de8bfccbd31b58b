import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeClip } from '../../src/preview/clip.js';
import { filmTypeOf } from '../../src/preview/film-file.js';
import { expectFfmpeg, Mp4File } from '../../src/preview/film-mp4.js';
import { main } from '../../src/preview/main.js';
import { stockFolder } from '../inference/avatar/stock.js';

const avatars = join(stockFolder('mara'), '..');
const format = { width: 64, height: 64, frameRate: 25, sound: new Float32Array(48_000) };
const picture = new Uint8Array(64 * 96).fill(128);

describe('visavis avatar preview --clip', () => {
  let folder: string;
  const path = process.env['PATH'];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'visavis-clip-'));
  });
  afterEach(async () => {
    process.env['PATH'] = path;
    await rm(folder, { recursive: true, force: true });
  });

  /** Takes ffmpeg's place: keeps the bytes it was given, or ends with 1. */
  async function pretendFfmpeg(fails: boolean): Promise<void> {
    const script = fails
      ? '#!/bin/sh\n[ "$1" = -version ] && exit 0\necho "no encoder libx264" >&2\nexit 1\n'
      : '#!/bin/sh\n[ "$1" = -version ] && exit 0\nfor out; do :; done\ncat > "$out"\n';
    await writeFile(join(folder, 'ffmpeg'), script);
    await chmod(join(folder, 'ffmpeg'), 0o755);
    process.env['PATH'] = `${folder}:${path}`;
  }

  it('makes a film with picture and sound', async () => {
    const film = join(folder, 'mara.webm');
    await main(['preview', 'mara', '--clip', film, '--speech', 'piper', '--say', 'Hello.'], avatars, 'AI');
    const bytes = await readFile(film);
    expect(bytes.readUInt32BE(0)).toBe(0x1a45dfa3);
    for (const codec of ['V_VP8', 'A_OPUS']) expect(bytes.includes(codec)).toBe(true);
    expect(await readdir(folder)).toEqual(['mara.webm']);
  });

  it('leaves nothing behind when it is aborted', async () => {
    const stop = new AbortController();
    const clip = writeClip(stockFolder('mara'), {
      ...{ path: join(folder, 'x.webm'), text: 'Hello.', speech: 'piper', badge: '', signal: stop.signal },
      onProgress: () => stop.abort(),
    });
    await expect(clip).rejects.toMatchObject({ name: 'AbortError' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('knows films by the ends of their names, and refuses others before anything is made', async () => {
    expect([filmTypeOf('a.webm'), filmTypeOf('b/C.MP4')]).toEqual(['webm', 'mp4']);
    for (const name of ['x.gif', 'webm', 'x.mp4.txt'])
      await expect(main(['preview', 'mara', '--clip', name], avatars)).rejects.toMatchObject({
        code: 'bad-request',
        field: 'clip',
      });
  });

  it('says which option belongs elsewhere, and which speech there is not', async () => {
    const refused = (...args: string[]) => expect(main(['preview', 'mara', ...args], avatars)).rejects;
    await refused('--clip', 'x.webm', '--sheet', 'x.png').toMatchObject({ field: 'sheet' });
    await refused('--sheet', 'x.png', '--say', 'hello').toMatchObject({ field: 'say' });
    await refused('--clip', 'x.webm', '--speech', 'festival').toMatchObject({ field: 'speech' });
    await refused('--clip', join(folder, 'x.webm'), '--speech', 'piper', '--say', '').toMatchObject({ field: 'text' });
  });

  it('says so when ffmpeg is missing', async () => {
    await expect(expectFfmpeg('visavis-no-such-program')).rejects.toMatchObject({ code: 'unavailable', field: 'clip' });
  });

  it('gives ffmpeg every picture, and the film its name only when it is complete', async () => {
    await pretendFfmpeg(false);
    await expectFfmpeg();
    const film = await Mp4File.create(join(folder, 'x.mp4'), format);
    for (let i = 0; i < 5; i++) await film.picture(picture);
    expect(await readdir(folder)).not.toContain('x.mp4');
    await film.finish();
    expect((await readFile(join(folder, 'x.mp4'))).length).toBe(5 * picture.length);
    expect((await readdir(folder)).sort()).toEqual(['ffmpeg', 'x.mp4']);
  });

  it('repeats what ffmpeg complains of, and leaves nothing behind', async () => {
    await pretendFfmpeg(true);
    const film = await Mp4File.create(join(folder, 'x.mp4'), format);
    const drawing = (async () => {
      for (let i = 0; i < 100; i++) await film.picture(picture);
      await film.finish();
    })();
    await expect(drawing).rejects.toThrow(/ffmpeg ended with code 1: no encoder libx264/);
    await film.discard();
    expect(await readdir(folder)).toEqual(['ffmpeg']);
  });
});
