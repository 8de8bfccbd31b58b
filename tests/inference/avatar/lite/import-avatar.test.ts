import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isAbort, VisavisError } from '../../../../src/errors.js';
import {
  IMPORT_STEPS,
  type ImportedAvatar,
  importAvatar,
} from '../../../../src/inference/avatar/lite/maker/import-avatar.js';
import { LITE_NUMBERS } from '../../../../src/inference/avatar/lite/networks.js';
import { openLite } from '../../../../src/inference/avatar/lite/stream.js';
import type { MakingOptions } from '../../../../src/inference/avatar/maker/create-avatar.js';
import { loadAvatarPackage } from '../../../../src/inference/avatar/package.js';
import { openStream } from '../../../../src/inference/avatar/renderer/open-stream.js';
import { pose } from '../stock.js';
import { BOX, decoderModel, FRAMES, neutralFile, SIDE, writePack } from './lite-pack.js';

let root = '';
let pack = '';
let avatars = '';
let programs: { ffmpeg: string; ffprobe: string };
let made: ImportedAvatar;
const steps = new Set<string>();

const options = (more: Partial<MakingOptions> = {}): MakingOptions => ({
  avatars,
  id: 'lite',
  name: 'Lite',
  size: { width: SIDE, height: SIDE },
  voices: { kokoro: 'af_heart', piper: 'libritts-840' },
  likeness: { ground: 'synthetic', statement: 'Nobody.' },
  ...more,
});

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'visavis-lite-'));
  pack = join(root, 'pack');
  avatars = join(root, 'avatars');
  programs = await writePack(pack);
  made = await importAvatar(pack, options(), { programs, onProgress: (step) => steps.add(step) });
}, 180_000);
afterAll(() => rm(root, { recursive: true, force: true }));

/** Luma of a frame in the middle of the mouth, rows `from` to `to` below the box's top. */
function lumaWithin(frame: Uint8Array, from: number, to: number): number {
  let sum = 0;
  const [left, right] = [240, 272];
  for (let y = BOX.top + from; y < BOX.top + to; y++) for (let x = left; x < right; x++) sum += frame[y * SIDE + x]!;
  return sum / ((to - from) * (right - left));
}

describe('a package made of a folder of the LiteAvatar family', () => {
  it('passes every check, and says what was measured', async () => {
    expect([...steps]).toEqual(IMPORT_STEPS);
    const { manifest, lite, rig } = await loadAvatarPackage(made.folder);
    expect(manifest).toMatchObject({ id: 'lite', renderer: 'lite-avatar', width: SIDE, height: SIDE });
    expect(rig.landmarks.length).toBe(478 * 3);
    expect(lite?.settings.calibration).toEqual(made.calibration);
    expect(made.frames).toBe(FRAMES);
    expect(await readdir(avatars)).toEqual(['lite']);
  });

  it('opens its mouth as far as it is asked to, and closes it', () => {
    const { openingCorrelation, widestClosed, after } = made.calibration;
    expect(openingCorrelation).toBeGreaterThan(0.85);
    expect(widestClosed).toBeLessThan(0.6);
    // Per cent of the face's width, where the mouth opens by ten.
    expect(after['gap']).toBeLessThan(1.2);
  });

  it('is drawn: at rest as in the clip, with a dark open mouth when it is asked for', async () => {
    const pkg = await loadAvatarPackage(made.folder);
    const stream = await openStream(pkg, { width: SIDE, height: SIDE });
    const draw = async (values: Record<string, number>) => {
      const out = new Uint8Array((SIDE * SIDE * 3) / 2);
      await stream.prepare?.(pose(values));
      stream.render(pose(values), out);
      return out;
    };
    const clip = new Uint8Array(await readFile(join(pack, 'clip.yuv'))).subarray(0, (SIDE * SIDE * 3) / 2);
    expect(await draw({})).toEqual(clip);
    expect(await draw({ mouthSmile: 0.1 })).toEqual(clip);
    const open = await draw({ jawOpen: 0.45 });
    const changed = lumaWithin(clip, 20, 100) - lumaWithin(open, 20, 100);
    expect(changed).toBeGreaterThan(5);
    // Nothing outside the box changes.
    for (let y = 0; y < SIDE; y += 3)
      for (let x = 0; x < SIDE; x += 3) {
        const inside = x >= BOX.left - 2 && x <= BOX.right + 2 && y >= BOX.top - 2 && y <= BOX.bottom + 2;
        if (!inside) expect(open[y * SIDE + x]).toBe(clip[y * SIDE + x]);
      }
    const smaller = await openStream(pkg, { width: 256, height: 256 });
    await smaller.prepare?.(pose({ jawOpen: 0.4 }));
    smaller.render(pose({ jawOpen: 0.4 }), new Uint8Array((256 * 256 * 3) / 2));
    stream.close();
    smaller.close();
  });

  it('holds frames where drawing takes longer than they last, and draws all of them for a film', async () => {
    const { lite } = await loadAvatarPackage(made.folder);
    const drawnOf = async (frameMs?: number) => {
      const stream = await openLite(lite!, { width: SIDE, height: SIDE, ...(frameMs !== undefined && { frameMs }) });
      const out = new Uint8Array((SIDE * SIDE * 3) / 2);
      const pictures = new Set<string>();
      for (let i = 0; i < 16; i++) {
        const motion = pose({ jawOpen: 0.1 + 0.02 * i });
        await stream.prepare(motion);
        stream.render(motion, out);
        pictures.add(Buffer.from(out.subarray(0, SIDE * SIDE)).toString('base64'));
      }
      stream.close();
      return pictures.size;
    };
    expect(await drawnOf()).toBe(16);
    // Nothing can be drawn in a thousandth of a millisecond: one of three is, the most that are held.
    const held = await drawnOf(0.001);
    expect(held).toBeGreaterThanOrEqual(4);
    expect(held).toBeLessThanOrEqual(8);
  });

  it('is refused when a file was exchanged, or does not fit the others', async () => {
    const copy = join(root, 'copy', 'lite');
    await cp(made.folder, copy, { recursive: true });
    await writeFile(join(copy, 'decoder.onnx'), decoderModel({}));
    await expect(loadAvatarPackage(copy)).rejects.toMatchObject({ code: 'bad-request', field: 'files.decoder.onnx' });
    const { lite } = await loadAvatarPackage(made.folder);
    const settings = { ...lite!.settings, turns: [3, FRAMES] };
    await expect(openLite({ ...lite!, settings }, { width: SIDE, height: SIDE })).rejects.toThrow(
      /do not fit: 12 frames/,
    );
  });
});

describe('an import that fails', () => {
  let broken = '';
  beforeEach(async () => {
    broken = await mkdtemp(join(root, 'broken-'));
    await cp(pack, broken, { recursive: true });
  });

  async function refusal(more: Partial<MakingOptions> = {}, by = programs) {
    const thrown = await importAvatar(broken, options({ id: 'other', ...more }), { programs: by }).then(
      () => expect.fail('was made'),
      (error: unknown) => error,
    );
    expect(thrown).toBeInstanceOf(VisavisError);
    // The avatar that was there is whole, and nothing else is.
    expect(await readdir(avatars)).toEqual(['lite']);
    await loadAvatarPackage(made.folder);
    return thrown as VisavisError;
  }

  it('is shown square, and says so', async () => {
    const wide = options({ id: 'wide', size: { width: 1024, height: 576 } });
    await expect(importAvatar(pack, wide, { programs })).rejects.toMatchObject({ code: 'bad-request', field: 'size' });
  });

  it('says which network draws no numbers', async () => {
    const adds = { jawOpen: { step: 1, changes: [new Float32Array(LITE_NUMBERS).fill(Number.NaN)] } };
    await writeFile(join(broken, 'net_decode.onnx'), decoderModel(adds));
    expect(await refusal()).toMatchObject({ code: 'bad-request', field: 'net_decode.onnx' });
  });

  it('says that the clip is cut off, or no video', async () => {
    const short = join(broken, 'short');
    await writeFile(
      short,
      `#!/bin/sh\ncase "$*" in *rgb24*) cat "${pack}/first.rgb";; *) head -c 2000000 "${pack}/clip.yuv"; echo truncated >&2; exit 1;; esac\n`,
      { mode: 0o755 },
    );
    const cut = await refusal({}, { ...programs, ffmpeg: short });
    expect(cut.message).toBe(`bg_video.mp4 is cut off or damaged: 5 of ${FRAMES} frames can be read (truncated)`);
    expect(cut).toMatchObject({ code: 'bad-request', field: 'bg_video.mp4' });
    const blind = join(broken, 'blind');
    await writeFile(blind, '#!/bin/sh\necho moov atom not found >&2; exit 1\n', { mode: 0o755 });
    const none = await refusal({}, { ...programs, ffprobe: blind });
    expect(none.message).toBe('bg_video.mp4 is no video that can be read: moov atom not found');
  });

  it('says how to get ffmpeg', async () => {
    const missing = await refusal({}, { ...programs, ffprobe: join(broken, 'nowhere') });
    expect(missing).toMatchObject({ code: 'unavailable', field: 'bg_video.mp4', retryable: false });
    expect(missing.message).toMatch(/"apt-get install ffmpeg"/);
  });

  it('says when the box is not in the clip, or not around the face', async () => {
    await writeFile(join(broken, 'face_box.txt'), '100 700 100 300');
    expect((await refusal()).message).toBe('face_box.txt reaches to 300, 700 in pictures of 512 × 512 pixels');
    await writeFile(join(broken, 'face_box.txt'), '0 40 0 60');
    expect((await refusal()).message).toMatch(/does not lie around mouth and chin/);
    await writeFile(join(broken, 'face_box.txt'), '300 500 160 352');
    expect((await refusal()).message).toMatch(/does not lie around mouth and chin/);
  });

  it('says when a network, the neutral pose or the id is wrong, and that an id is taken', async () => {
    await writeFile(join(broken, 'neutral_pose.npy'), neutralFile(Number.POSITIVE_INFINITY));
    expect(await refusal()).toMatchObject({ field: 'neutral_pose.npy' });
    await writeFile(join(broken, 'net_encode.onnx'), 'nothing');
    await writeFile(join(broken, 'neutral_pose.npy'), neutralFile());
    expect(await refusal()).toMatchObject({ field: 'net_encode.onnx' });
    expect(await refusal({ id: '../x' })).toMatchObject({ code: 'bad-request', field: 'id' });
    expect(await refusal({ id: 'lite' })).toMatchObject({ code: 'conflict', field: 'id' });
  });

  it('was aborted and leaves nothing', async () => {
    const stop = new AbortController();
    const importing = importAvatar(broken, options({ id: 'other' }), {
      ...{ programs, signal: stop.signal },
      onProgress: (step, share) => {
        if (step === 'calibrate' && share > 0) stop.abort();
      },
    });
    expect(isAbort(await importing.catch((error: unknown) => error))).toBe(true);
    expect(await readdir(avatars)).toEqual(['lite']);
  });
});
