import { describe, expect, it } from 'vitest';
import { VisavisError } from '../../../src/errors.js';
import { cropPlates, LASH_PLATES, LID_PLATES, PLATES, parsePlates } from '../../../src/inference/avatar/plates.js';
import { encodeGreyPng, encodeRgbPng } from '../../../src/png.js';

const PORTRAIT = { width: 100, height: 100 };
const line = (y: number) => [0.2, 0.25, 0.3, 0.35].map((x) => [x, y]);
const stage = (amount: number) => ({
  coefficients: { eyeBlinkLeft: amount, eyeBlinkRight: amount },
  right: { upper: line(0.3 + 0.1 * amount), lower: line(0.4) },
  left: { upper: line(0.3 + 0.1 * amount), lower: line(0.4) },
});
type Lids = Record<string, unknown>;
const { right: rest } = stage(0);
const lids = (): Lids => ({
  x: 10,
  y: 20,
  width: 60,
  height: 30,
  rest: { right: rest, left: rest },
  stages: [stage(0.5), stage(1)],
});

function filesOf(text: string | Lids, height = 60): Map<string, Uint8Array> {
  const json = typeof text === 'string' ? text : JSON.stringify({ formatVersion: 1, lids: text });
  return new Map([
    [PLATES, Buffer.from(json)],
    [LID_PLATES, encodeRgbPng({ width: 60, height, data: new Uint8Array(60 * height * 3).fill(7) })],
    [LASH_PLATES, encodeGreyPng({ width: 60, height, data: new Uint8Array(60 * height).fill(255) })],
  ]);
}

function rejection(files: ReadonlyMap<string, Uint8Array>): VisavisError {
  try {
    parsePlates(files, PORTRAIT);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(VisavisError);
    return thrown as VisavisError;
  }
  throw new Error('was not rejected');
}

describe('Plates of a package', () => {
  it('are none where none are listed', () => {
    expect(parsePlates(new Map(), PORTRAIT)).toBeUndefined();
  });

  it('say where they lie, how far the eyes are closed and where the lids are', () => {
    const plates = parsePlates(filesOf(lids()), PORTRAIT);
    expect(plates?.lids).toMatchObject({ x: 10, y: 20, width: 60, height: 30 });
    expect(plates?.lids.stages.map(({ amount }) => amount)).toEqual([0.5, 1]);
    expect(plates?.lids.stages[1]?.right.upper[0]).toEqual([0.2, 0.4]);
    expect(plates?.lids.skin).toMatchObject({ width: 60, height: 60 });
  });

  const wrong: [string, (of: Lids) => Lids, string][] = [
    ['beyond the portrait', (of) => ({ ...of, x: 41 }), 'plates.json.lids'],
    ['of a size that is no number of pixels', (of) => ({ ...of, width: 59.5 }), 'plates.json.lids.width'],
    ['of no stage', (of) => ({ ...of, stages: [] }), 'plates.json.lids.stages'],
    ['that open again', (of) => ({ ...of, stages: [stage(1), stage(0.5)] }), 'plates.json.lids.stages'],
    ['that never close', (of) => ({ ...of, stages: [stage(0.5), stage(0.8)] }), 'plates.json.lids.stages'],
    [
      'of a coefficient that does not exist',
      (of) => ({ ...of, stages: [stage(0.5), { ...stage(1), coefficients: { ...stage(1).coefficients, blink: 1 } }] }),
      'plates.json.lids.stages.1.coefficients',
    ],
    [
      'of other coefficients than the lids’',
      (of) => ({ ...of, stages: [stage(0.5), { ...stage(1), coefficients: { jawOpen: 1, eyeBlinkLeft: 1 } }] }),
      'plates.json.lids.stages.1.coefficients.eyeBlinkRight',
    ],
    [
      'of one eye',
      (of) => ({ ...of, stages: [{ ...stage(1), coefficients: { eyeBlinkLeft: 1, eyeBlinkRight: 0.5 } }] }),
      'plates.json.lids.stages.0.coefficients',
    ],
    [
      'whose lid runs backwards',
      (of) => ({ ...of, stages: [{ ...stage(1), left: { upper: line(0.4).reverse(), lower: line(0.4) } }] }),
      'plates.json.lids.stages.0.left.upper',
    ],
  ];
  it.each(wrong)('are refused %s', (_what, change, field) => {
    expect(rejection(filesOf(change(lids())))).toMatchObject({ code: 'bad-request', field });
  });

  it('are refused that are no JSON or of another format', () => {
    expect(rejection(filesOf('{'))).toMatchObject({ code: 'bad-request', field: 'plates.json' });
    expect(rejection(filesOf('{"formatVersion":2}'))).toMatchObject({ field: 'plates.json.formatVersion' });
  });

  it('are refused where a picture is missing, is of another size or of another kind', () => {
    for (const name of [LID_PLATES, LASH_PLATES]) {
      const missing = filesOf(lids());
      missing.delete(name);
      expect(rejection(missing)).toMatchObject({ code: 'bad-request', field: `files.${name}` });
    }
    expect(rejection(filesOf(lids(), 61)).message).toContain('60 × 61 pixels, not 60 × 60');
    const swapped = filesOf(lids());
    swapped.set(LID_PLATES, swapped.get(LASH_PLATES)!);
    expect(rejection(swapped)).toMatchObject({ code: 'bad-request', field: 'plate-lids' });
  });

  it('lie where they lay in a picture that is cut', () => {
    const plates = parsePlates(filesOf(lids()), PORTRAIT)!;
    const part = { left: 10, top: 0, width: 80, height: 100 };
    const cut = cropPlates(plates, PORTRAIT, part).lids;
    expect(cut).toMatchObject({ x: 0, y: 20, width: 60, height: 30 });
    const [x, y] = cut.stages[1]!.right.upper[0]!;
    expect(x * part.width + part.left).toBeCloseTo(20, 6);
    expect(y * part.height).toBeCloseTo(40, 6);
    expect(cut.rest.left.upper[0]![0] * part.width + part.left).toBeCloseTo(20, 6);
  });

  it('are refused where only the pictures are there', () => {
    const files = filesOf(lids());
    files.delete(PLATES);
    expect(rejection(files)).toMatchObject({ field: 'files.plates.json' });
  });
});
