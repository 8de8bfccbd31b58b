import { beforeAll, describe, expect, it } from 'vitest';
import { VisavisError } from '../../../src/errors.js';
import { decodeImage, type RgbaImage } from '../../../src/inference/vision/image.js';
import {
  inspectPortrait,
  openVision,
  type PortraitInspection,
  type Vision,
} from '../../../src/inference/vision/inspect-portrait.js';
import { maskAt, PersonMask } from '../../../src/inference/vision/person-mask.js';
import { SampledImage } from '../../../src/inference/vision/sample.js';
import {
  blurred,
  jpegOf,
  moved,
  painted,
  picture,
  shrunk,
  stockPortrait,
  turned,
  withExif,
} from '../../support/pictures.js';
import { STOCK } from '../avatar/stock.js';

let vision: Vision;
let mara: RgbaImage;
let found: PortraitInspection;

beforeAll(async () => {
  vision = await openVision();
  mara = await stockPortrait('mara');
  found = await inspectPortrait(mara, vision);
});

async function refusal(image: RgbaImage): Promise<string> {
  const thrown = await inspectPortrait(image, vision).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(VisavisError);
  expect(thrown).toMatchObject({ code: 'bad-request', field: 'image' });
  return (thrown as VisavisError).message;
}

const point = ({ face }: PortraitInspection, index: number) =>
  [face.landmarks[3 * index]!, face.landmarks[3 * index + 1]!] as const;
/** Largest distance of any landmark from where it is expected, in heights of the face. */
function farthest(result: PortraitInspection, expected: (x: number, y: number) => readonly [number, number]): number {
  const distances = Array.from({ length: 478 }, (_, i) => {
    const [x, y] = point(result, i);
    const [u, v] = expected(...point(found, i));
    return Math.hypot(x - u, y - v);
  });
  return Math.max(...distances) / found.face.size.height;
}

describe('inspectPortrait', () => {
  it.each(STOCK)(
    'accepts the portrait of %s and says that it looks into the camera with a closed mouth',
    async (id) => {
      const { face, otherFaces, remarks } = await inspectPortrait(await stockPortrait(id), vision);
      expect(Math.max(Math.abs(face.pose.pitch), Math.abs(face.pose.yaw), Math.abs(face.pose.roll))).toBeLessThan(6);
      expect(face.size.height).toBeGreaterThan(350);
      expect(face.mouthOpenness).toBeLessThan(0.03);
      expect(Math.min(face.eyeOpenness.right, face.eyeOpenness.left)).toBeGreaterThan(0.22);
      expect(face.confidence).toBeGreaterThan(0.95);
      expect([otherFaces, remarks]).toEqual([0, []]);
    },
  );

  it('finds the parts of the face where they are', () => {
    // The stock portraits are 768 pixels a side, and their person's right eye is on the left of the picture.
    const [rightIris, leftIris, mouth, chin] = [
      point(found, 468),
      point(found, 473),
      point(found, 13),
      point(found, 152),
    ];
    expect(rightIris[0]).toBeLessThan(leftIris[0]);
    expect(Math.abs(rightIris[1] - leftIris[1])).toBeLessThan(10);
    expect(mouth[1]).toBeGreaterThan(rightIris[1] + 100);
    expect(chin[1]).toBeGreaterThan(mouth[1] + 50);
    // The irises are darker than the skin below the eyes.
    const luma = ([x, y]: readonly [number, number]) => mara.data[(Math.round(y) * 768 + Math.round(x)) * 4 + 1]!;
    expect(luma(rightIris)).toBeLessThan(luma(point(found, 229)) - 40);
    expect(luma(leftIris)).toBeLessThan(luma(point(found, 449)) - 40);
  });

  it('finds the same landmarks in a tilted picture, tilted', async () => {
    const result = await inspectPortrait(turned(mara, 20), vision);
    expect(result.face.pose.roll - found.face.pose.roll).toBeGreaterThan(17);
    expect(result.face.pose.roll - found.face.pose.roll).toBeLessThan(23);
    const [cos, sin] = [Math.cos(Math.PI / 9), Math.sin(Math.PI / 9)];
    const distance = farthest(result, (x, y) => [
      384 + (x - 384) * cos - (y - 384) * sin,
      384 + (x - 384) * sin + (y - 384) * cos,
    ]);
    expect(distance).toBeLessThan(0.06);
  });

  it('sees the mirror image mirrored', async () => {
    const result = await inspectPortrait(
      moved(turned(mara, 12), 768, 768, (x, y) => [768 - x, y]),
      vision,
    );
    expect(result.face.pose.roll).toBeLessThan(-8);
  });

  it('finds the same landmarks in a photo that its EXIF block turns upright', async () => {
    const lying = moved(mara, 768, 768, (x, y) => [768 - y, x]);
    const file = withExif(await jpegOf(lying, { quality: 95 }), 6);
    const result = await inspectPortrait(await decodeImage(file), vision);
    expect(farthest(result, (x, y) => [x, y])).toBeLessThan(0.03);
  });

  it('finds the same landmarks in a wide picture in which the face is small', async () => {
    const wide = picture(2600, 1400, (x, y) => [120 + (x % 40), 130 + (y % 30), 120]);
    for (let y = 0; y < 768; y++)
      wide.data.set(mara.data.subarray(y * 768 * 4, (y + 1) * 768 * 4), ((y + 300) * 2600 + 1500) * 4);
    const result = await inspectPortrait(wide, vision);
    expect(farthest(result, (x, y) => [x + 1500, y + 300])).toBeLessThan(0.03);
  });

  it('leaves a small face in the background aside', async () => {
    const small = shrunk(mara, 3);
    const both = moved(mara, 1024, 768, (x, y) => [x, y]);
    for (let y = 0; y < 256; y++)
      both.data.set(small.data.subarray(y * 256 * 4, (y + 1) * 256 * 4), ((y + 100) * 1024 + 768) * 4);
    const result = await inspectPortrait(both, vision);
    expect(result.otherFaces).toBe(1);
    expect(farthest(result, (x, y) => [x, y])).toBeLessThan(0.03);
  });

  it('remarks on blur', async () => {
    const result = await inspectPortrait(blurred(mara, 6), vision);
    expect(result.face.sharpness).toBeLessThan(found.face.sharpness / 2);
    expect(result.remarks.join()).toContain('blurred');
  });

  it('remarks on a face of a few even tones, and accepts it', async () => {
    const large = moved(mara, 1536, 1536, (x, y) => [x / 2, y / 2]);
    const tones = { ...large, data: large.data.map((value) => 51 * Math.round(value / 51)) };
    const { face, remarks } = await inspectPortrait(tones, vision);
    expect(face.flatness).toBeGreaterThan(0.35);
    expect(remarks.join(' ')).toMatch(/drawn or painted/);
  });

  it('accepts a picture in shades of grey', async () => {
    const grey = painted(mara, (x, y) => {
      const at = (y * 768 + x) * 4;
      const luma = 0.299 * mara.data[at]! + 0.587 * mara.data[at + 1]! + 0.114 * mara.data[at + 2]!;
      return [luma, luma, luma];
    });
    expect(farthest(await inspectPortrait(grey, vision), (x, y) => [x, y])).toBeLessThan(0.05);
  });

  it('refuses a picture without a face', async () => {
    expect(await refusal(picture(640, 480, (x, y) => [x % 256, y % 256, (x * y) % 256]))).toContain('no face');
    expect(await refusal(picture(640, 480, () => [255, 255, 255]))).toContain('no face');
  });

  it('refuses two people side by side', async () => {
    const sam = await stockPortrait('sam');
    const pair = moved(mara, 1536, 768, (x, y) => [x, y]);
    for (let y = 0; y < 768; y++)
      pair.data.set(sam.data.subarray(y * 768 * 4, (y + 1) * 768 * 4), (y * 1536 + 768) * 4);
    expect(await refusal(pair)).toContain('2 faces of similar size');
  });

  it('refuses a face that is too small, with its size', async () => {
    expect(await refusal(shrunk(mara, 3))).toMatch(/a face 1[23]\d pixels high.*at least 200/);
  });

  it.each([45, 90, 135, 180])('refuses a face tilted by %d° and says how far', async (degrees) => {
    const message = await refusal(turned(mara, degrees));
    const said = Number(/tilted by (\d+)°/.exec(message)?.[1]);
    expect(Math.abs(said - degrees)).toBeLessThan(8);
  });

  it('refuses a face that the edge of the picture cuts off', async () => {
    const [, mouthY] = point(found, 13);
    const crop = moved(mara, 768, Math.round(mouthY + 20), (x, y) => [x, y]);
    expect(await refusal(crop)).toMatch(/cuts off/);
  });

  it('refuses dark glasses', async () => {
    const centres = [point(found, 468), point(found, 473)];
    const width = Math.abs(point(found, 33)[0] - point(found, 133)[0]);
    const glasses = painted(mara, (x, y) => {
      const lens = centres.some(
        ([cx, cy]) => ((x - cx) / (width * 0.95)) ** 2 + ((y - cy - width * 0.15) / (width * 0.72)) ** 2 < 1,
      );
      return lens ? [18, 18, 22] : undefined;
    });
    expect(await refusal(glasses)).toContain('covered eyes');
  });

  it('refuses a mouth behind a mask and behind something of the colour of skin', async () => {
    const [[x0, y0], [, top], [, chin]] = [point(found, 13), point(found, 5), point(found, 152)];
    const width = Math.abs(point(found, 61)[0] - point(found, 291)[0]);
    const mask = painted(mara, (x, y) => {
      const share = (y - top) / (chin - top);
      return share > 0 && share < 1.05 && Math.abs(x - x0) < width * 1.3 ? [160, 200, 220] : undefined;
    });
    expect(await refusal(mask)).toContain('covered mouth');
    const [cheekX, cheekY] = point(found, 205).map(Math.round) as [number, number];
    const skin = mara.data.slice((cheekY * 768 + cheekX) * 4, (cheekY * 768 + cheekX) * 4 + 3);
    const hand = painted(mara, (x, y) => {
      if (Math.abs(x - x0) > width * 1.6 || Math.abs(y - y0) > width * 0.45) return undefined;
      return [...skin].map((value) => Math.min(255, value * (1 + 0.1 * Math.sin((x / width) * 3))));
    });
    expect(await refusal(hand)).toContain('covered mouth');
  });
});

describe('PersonMask', () => {
  it('parts the person from the background', async () => {
    const mask = await (await PersonMask.create()).segment(new SampledImage(mara));
    const at = (x: number, y: number) => maskAt(mask, x, y, 768, 768);
    const [noseX, noseY] = point(found, 1);
    expect(at(noseX, noseY)).toBeGreaterThan(0.9);
    expect(at(384, 740)).toBeGreaterThan(0.9);
    expect(Math.max(at(20, 20), at(740, 20), at(30, 400))).toBeLessThan(0.1);
  });
});
