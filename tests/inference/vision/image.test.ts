import { describe, expect, it } from 'vitest';
import { VisavisError } from '../../../src/errors.js';
import { decodeImage, MAX_FILE_BYTES, type RgbaImage } from '../../../src/inference/vision/image.js';
import { encodePng } from '../../../src/png.js';
import {
  exifBlock,
  jpegOf,
  picture,
  pngChunk,
  pngFile,
  stockPortraitFile,
  webpOf,
  withExif,
} from '../../support/pictures.js';

/** 32×24, a colour of its own in each corner. */
const corners = picture(32, 24, (x, y) => [x < 16 ? 40 : 220, y < 12 ? 40 : 220, 128]);
const at = (image: RgbaImage, x: number, y: number) => [
  ...image.data.subarray((y * image.width + x) * 4, (y * image.width + x) * 4 + 4),
];
/** Which corner of `corners` lies at the upper left and the upper right, in words. */
function layout(image: RgbaImage): string {
  const name = (x: number, y: number) => {
    const [red = 0, green = 0] = at(image, x, y);
    return `${green < 128 ? 'upper' : 'lower'} ${red < 128 ? 'left' : 'right'}`;
  };
  return `${name(3, 3)}, ${name(image.width - 4, 3)}`;
}

async function refusal(file: Uint8Array, o?: { declared?: string }): Promise<VisavisError> {
  const thrown = await decodeImage(file, o).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(VisavisError);
  expect((thrown as VisavisError).field).toBe('image');
  return thrown as VisavisError;
}

describe('decodeImage', () => {
  it('gives back what was encoded, whatever the format', async () => {
    expect(await decodeImage(encodePng(corners))).toEqual(corners);
    expect(await decodeImage(await webpOf(corners))).toEqual(corners);
    const jpeg = await decodeImage(await jpegOf(corners));
    expect([jpeg.width, jpeg.height, layout(jpeg)]).toEqual([32, 24, 'upper left, upper right']);
    expect(Math.abs(at(jpeg, 4, 4)[0]! - 40)).toBeLessThan(8);
  });

  it('reads a picture of the repository like the renderer does', async () => {
    const image = await decodeImage(await stockPortraitFile('mara'), { declared: 'portrait.png' });
    expect([image.width, image.height, image.data.length]).toEqual([768, 768, 768 * 768 * 4]);
  });

  it.each([
    [1, 32, 'upper left, upper right'],
    [2, 32, 'upper right, upper left'],
    [3, 32, 'lower right, lower left'],
    [4, 32, 'lower left, lower right'],
    [5, 24, 'upper left, lower left'],
    [6, 24, 'lower left, upper left'],
    [7, 24, 'lower right, upper right'],
    [8, 24, 'upper right, lower right'],
  ])('turns EXIF orientation %d upright', async (orientation, width, expected) => {
    const plain = await jpegOf(corners);
    for (const littleEndian of [false, true]) {
      const image = await decodeImage(withExif(plain, orientation, littleEndian));
      expect([image.width, layout(image)]).toEqual([width, expected]);
    }
    const png = encodePng(corners);
    const withBlock = Buffer.concat([png.subarray(0, 33), pngChunk('eXIf', exifBlock(orientation)), png.subarray(33)]);
    expect(layout(await decodeImage(withBlock))).toBe(expected);
  });

  it('ignores an EXIF block that makes no sense', async () => {
    const plain = await jpegOf(corners);
    expect(layout(await decodeImage(withExif(plain, 77)))).toBe('upper left, upper right');
    const broken = withExif(plain, 6);
    broken.fill(0xee, 2 + 4 + 6 + 4, 2 + 4 + 6 + 8);
    expect(layout(await decodeImage(broken))).toBe('upper left, upper right');
  });

  it.each([
    ['JPEG', async () => jpegOf(corners)],
    ['PNG', async () => encodePng(corners)],
    ['WebP', async () => webpOf(corners)],
  ])('refuses a %s file cut off anywhere', async (_name, make) => {
    const file = await make();
    for (let length = 30; length < file.length - 2; length += Math.max(1, file.length >> 4)) {
      const error = await refusal(file.subarray(0, length));
      expect(error.code).toBe('bad-request');
      expect(error.message).toMatch(/cut off|damaged|without a picture/);
    }
  });

  it('refuses a JPEG file whose data breaks off before its end marker', async () => {
    const file = await jpegOf(corners, { progressive: false });
    const error = await refusal(Buffer.concat([file.subarray(0, file.length - 80), Buffer.from([0xff, 0xd9])]));
    expect(error.message).toMatch(/cut off|damaged/);
  });

  it('refuses a file that is called something else, and believes the bytes otherwise', async () => {
    const jpeg = await jpegOf(corners);
    expect((await refusal(jpeg, { declared: 'me.png' })).message).toContain('is called me.png but is a JPEG file');
    expect((await refusal(jpeg, { declared: 'image/webp' })).message).toContain('is a JPEG file');
    await expect(decodeImage(jpeg, { declared: 'IMG_1.JPG' })).resolves.toMatchObject({ width: 32 });
    await expect(decodeImage(jpeg, { declared: 'image/jpeg; charset=x' })).resolves.toMatchObject({ width: 32 });
    await expect(decodeImage(jpeg, { declared: 'upload' })).resolves.toMatchObject({ width: 32 });
  });

  it('names the kinds of file it does not read', async () => {
    const kinds = { GIF: 'GIF89a', HEIC: '\0\0\0\x18ftypheic', AVIF: '\0\0\0\x18ftypavif', PDF: '%PDF-1.7', BMP: 'BM' };
    for (const [name, start] of Object.entries(kinds)) {
      expect((await refusal(Buffer.from(`${start}..............`, 'latin1'))).message).toContain(`is a ${name} file`);
    }
    expect((await refusal(Buffer.from('hello'))).message).toContain('JPEG, PNG or WebP is needed');
    expect((await refusal(Buffer.alloc(0))).message).toContain('is empty');
  });

  it('refuses too many pixels and too many bytes before it decodes any', async () => {
    const png = pngFile({ width: 8000, height: 5001, bitDepth: 8, colourType: 2 }, [0]);
    expect(await refusal(png)).toMatchObject({ code: 'too-large' });
    const jpeg = await jpegOf(corners);
    const frame = jpeg.indexOf(Buffer.from([0xff, 0xc2]));
    jpeg.writeUInt16BE(65000, frame + 5);
    jpeg.writeUInt16BE(65000, frame + 7);
    expect((await refusal(jpeg)).message).toContain('4225 megapixels');
    expect(await refusal(Buffer.alloc(MAX_FILE_BYTES + 1))).toMatchObject({ code: 'too-large' });
    expect((await refusal(encodePng(picture(8, 8, () => [0, 0, 0])))).message).toContain('8×8');
  });

  it('refuses CMYK, other depths and codings it does not know, by name', async () => {
    const jpeg = await jpegOf(corners);
    const frame = jpeg.indexOf(Buffer.from([0xff, 0xc2]));
    const changed = (offset: number, value: number) => {
      const copy = Buffer.from(jpeg);
      copy[frame + offset] = value;
      return copy;
    };
    expect((await refusal(changed(9, 4))).message).toContain('CMYK');
    expect((await refusal(changed(4, 12))).message).toContain('12 bits');
    expect((await refusal(changed(1, 0xc9))).message).toContain('arithmetic');
  });

  it('refuses animations', async () => {
    const png = encodePng(corners);
    const animated = Buffer.concat([png.subarray(0, 33), pngChunk('acTL', Buffer.alloc(8)), png.subarray(33)]);
    expect((await refusal(animated)).message).toContain('animated');
    const webp = Buffer.concat([
      Buffer.from('RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\x1f\0\0\x17\0\0', 'latin1'),
      Buffer.alloc(8),
    ]);
    expect((await refusal(webp)).message).toContain('animated');
  });

  it('refuses a PNG file with a wrong checksum', async () => {
    const png = encodePng(corners);
    png[50] = (png[50] ?? 0) ^ 1;
    expect((await refusal(png)).message).toContain('damaged PNG');
  });

  it('survives random damage with an answer or a refusal', async () => {
    const files = [await jpegOf(corners), encodePng(corners), await webpOf(corners)];
    let seed = 1;
    const random = () => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return seed / 2 ** 31;
    };
    for (let round = 0; round < 60; round++) {
      const file = Buffer.from(files[round % files.length]!);
      for (let hit = 0; hit < 3; hit++) file[Math.floor(random() * file.length)] = Math.floor(random() * 256);
      const outcome = await decodeImage(file).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(VisavisError);
      else expect((outcome as RgbaImage).data.length).toBe(32 * 24 * 4);
    }
  });
});

describe('PNG files', () => {
  const one = { width: 16, height: 16 };
  const rows = (row: readonly number[]) => Array.from({ length: 16 }, () => [0, ...row]).flat();
  const repeated = (values: readonly number[], count: number) => Array.from({ length: count }, () => values).flat();

  it('of 16 bits a channel keep the upper eight', async () => {
    const file = pngFile(
      { ...one, bitDepth: 16, colourType: 6 },
      rows(repeated([200, 1, 100, 2, 50, 3, 255, 255], 16)),
    );
    expect(at(await decodeImage(file), 7, 7)).toEqual([200, 100, 50, 255]);
  });

  it('of grey, of grey with opacity and of few bits become colour', async () => {
    const grey = await decodeImage(pngFile({ ...one, bitDepth: 2, colourType: 0 }, rows([0b00011011, 0, 0, 0])));
    expect([0, 1, 2, 3].map((x) => at(grey, x, 0)[0])).toEqual([0, 85, 170, 255]);
    const clear = await decodeImage(pngFile({ ...one, bitDepth: 8, colourType: 4 }, rows(repeated([90, 30], 16))));
    expect(at(clear, 3, 3)).toEqual([90, 90, 90, 30]);
  });

  it('with a palette and transparent entries become colour', async () => {
    const chunks = [pngChunk('PLTE', Buffer.from([1, 2, 3, 10, 20, 30])), pngChunk('tRNS', Buffer.from([255, 7]))];
    const image = await decodeImage(pngFile({ ...one, bitDepth: 1, colourType: 3 }, rows([0b01000000, 0]), chunks));
    expect([at(image, 0, 0), at(image, 1, 0)]).toEqual([
      [1, 2, 3, 255],
      [10, 20, 30, 7],
    ]);
  });

  it('with all filters and interlaced are put together again', async () => {
    const filters = [0, 1, 2, 3, 4];
    const plain = picture(16, 16, (x, y) => [x * 9, y * 7, (x * y) % 256]);
    const rgb = (x: number, y: number) => [...plain.data.subarray((y * 16 + x) * 4, (y * 16 + x) * 4 + 3)];
    const filtered: number[] = [];
    for (let y = 0; y < 16; y++) {
      const filter = filters[y % 5]!;
      filtered.push(filter);
      for (let i = 0; i < 48; i++) {
        const byte = (column: number, row: number) =>
          column < 0 || row < 0 ? 0 : rgb(Math.floor(column / 3), row)[column % 3]!;
        const [left, up, upLeft] = [byte(i - 3, y), byte(i, y - 1), i < 3 ? 0 : byte(i - 3, y - 1)];
        const p = left + up - upLeft;
        const nearest = [left, up, upLeft].reduce((best, value) =>
          Math.abs(p - value) < Math.abs(p - best) ? value : best,
        );
        const guess = [0, left, up, (left + up) >> 1, nearest][filter]!;
        filtered.push((byte(i, y) - guess) & 255);
      }
    }
    expect(await decodeImage(pngFile({ ...one, bitDepth: 8, colourType: 2 }, filtered))).toEqual(plain);

    const passes = [
      [0, 0, 8, 8],
      [4, 0, 8, 8],
      [0, 4, 4, 8],
      [2, 0, 4, 4],
      [0, 2, 2, 4],
      [1, 0, 2, 2],
      [0, 1, 1, 2],
    ] as const;
    const interlaced: number[] = [];
    for (const [x0, y0, stepX, stepY] of passes) {
      for (let y = y0; y < 16; y += stepY) {
        interlaced.push(0);
        for (let x = x0; x < 16; x += stepX) interlaced.push(...rgb(x, y));
      }
    }
    expect(await decodeImage(pngFile({ ...one, bitDepth: 8, colourType: 2, interlaced: true }, interlaced))).toEqual(
      plain,
    );
  });

  it('that inflate to more than they say are refused', async () => {
    const file = pngFile({ ...one, bitDepth: 8, colourType: 0 }, new Array(100_000).fill(0));
    expect((await refusal(file)).message).toContain('damaged PNG');
  });
});
