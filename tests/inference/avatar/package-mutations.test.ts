import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VisavisError } from '../../../src/errors.js';
import { Random } from '../../../src/inference/avatar/motion/random.js';
import { loadAvatarPackage, parseManifest } from '../../../src/inference/avatar/package.js';
import { writeAvatarPackage } from '../../../src/inference/avatar/package-writer.js';
import { encodeGreyPng, encodeRgbPng } from '../../../src/png.js';
import { stockFolder } from './stock.js';

const SIDE = 32;
/** Values that no field expects, and some that almost fit. */
const STRANGE: unknown[] = [
  ...[null, true, -1, 0, 1e308, Number.MAX_SAFE_INTEGER, '', ' ', 'x'.repeat(5_000), '../..', 'a\0b', [], {}],
  ...[[[]], { ground: 'own' }, { __proto__: { id: 'x' } }, 'constructor', '1', 25.5, '\u202e', 'portrait.png'],
];

let base = '';
let good: Record<string, unknown> & { files: Record<string, { sha256: string; bytes: number }> };
let folder = '';

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'visavis-mutations-'));
  const manifest = JSON.parse(await readFile(join(stockFolder('mara'), 'avatar.json'), 'utf8'));
  const { files: _files, ...given } = manifest;
  const grey = { width: SIDE, height: SIDE, data: new Uint8Array(SIDE * SIDE).map((_, i) => i) };
  const rgb = { width: SIDE, height: SIDE, data: new Uint8Array(SIDE * SIDE * 3).map((_, i) => i * 7) };
  const rig = await readFile(join(stockFolder('mara'), 'rig.json'));
  const files = new Map<string, Uint8Array>([
    ['portrait.png', encodeRgbPng(rgb)],
    ['background.png', encodeRgbPng(rgb)],
    ['matte.png', encodeGreyPng(grey)],
    ['rig.json', rig],
  ]);
  folder = await writeAvatarPackage(base, { ...given, id: 'small' }, files);
  good = JSON.parse(await readFile(join(folder, 'avatar.json'), 'utf8'));
});

afterAll(() => rm(base, { recursive: true, force: true }));

/** A copy of the good package in which something is changed; it is loaded and thrown away. */
async function outcome(change: (folder: string) => Promise<void>): Promise<VisavisError | undefined> {
  const copy = join(base, 'copy');
  await rm(copy, { recursive: true, force: true });
  await cp(folder, copy, { recursive: true });
  await change(copy);
  const thrown = await loadAvatarPackage(copy).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown === undefined) return undefined;
  expect(thrown).toBeInstanceOf(VisavisError);
  expect(['bad-request', 'not-found']).toContain((thrown as VisavisError).code);
  expect((thrown as VisavisError).field).toBeDefined();
  return thrown as VisavisError;
}

/** Puts a file in with the sums that belong to it, so that only what it holds can be wrong. */
async function put(copy: string, name: string, content: Uint8Array): Promise<void> {
  await writeFile(join(copy, name), content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const files = { ...good.files, [name]: { sha256, bytes: content.length } };
  await writeFile(join(copy, 'avatar.json'), JSON.stringify({ ...good, files }));
}

/** All places in a JSON value. */
function placesIn(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries = Object.entries(value);
  return [path, ...entries.flatMap(([key, inner]) => placesIn(inner, [...path, key]))];
}

function withValue(value: unknown, path: (string | number)[], to: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return to;
  const copy = structuredClone(value) as Record<string | number, unknown>;
  if (rest.length === 0 && to === undefined) delete copy[key];
  else copy[key] = withValue(copy[key], rest, to);
  return copy;
}

describe('a good package that is changed at random', () => {
  it('loads as it is', async () => {
    expect(await outcome(async () => {})).toBeUndefined();
  });

  it('is refused with a typed error when any bit of any listed file flips', async () => {
    const random = new Random(11);
    for (let run = 0; run < 120; run++) {
      const names = Object.keys(good.files);
      const name = names[Math.floor(random.uniform() * names.length)]!;
      const error = await outcome(async (copy) => {
        const content = await readFile(join(copy, name));
        const at = Math.floor(random.uniform() * content.length);
        content[at]! ^= 1 << Math.floor(random.uniform() * 8);
        await writeFile(join(copy, name), content);
      });
      expect(error, `${run}: ${name}`).toMatchObject({ code: 'bad-request', field: `files.${name}` });
    }
  });

  it('is refused or loads whole, never anything else, when files are damaged and their sums agree', async () => {
    const random = new Random(12);
    for (let run = 0; run < 250; run++) {
      const names = Object.keys(good.files);
      const name = names[Math.floor(random.uniform() * names.length)]!;
      await outcome(async (copy) => {
        const content = await readFile(join(copy, name));
        const what = random.uniform();
        // Most damage near the start, where sizes and counts stand.
        const at = Math.floor(content.length * random.uniform() ** 4);
        if (what < 0.3) return put(copy, name, content.subarray(0, at));
        if (what < 0.6) content[at] = Math.floor(256 * random.uniform());
        else if (what < 0.8) content.fill(Math.floor(256 * random.uniform()), at, at + 8);
        else return put(copy, name, Buffer.concat([content.subarray(0, at), content]));
        return put(copy, name, content);
      });
    }
  });

  it('is refused with the field that is wrong when any value of the manifest is strange or missing', async () => {
    const random = new Random(13);
    for (const place of placesIn(good)) {
      for (const value of [undefined, ...STRANGE.toSorted(() => random.uniform() - 0.5).slice(0, 4)]) {
        const changed = withValue(good, place, value);
        let accepted: unknown;
        try {
          accepted = parseManifest(changed);
        } catch (thrown) {
          expect(thrown, place.join('.')).toMatchObject({
            code: 'bad-request',
            field: expect.stringContaining('avatar.json'),
          });
          continue;
        }
        // What is accepted is what was given: nothing is dropped or replaced on the way.
        expect(accepted).toEqual(changed);
      }
    }
  });

  it('is refused when a rig value is strange or missing', async () => {
    const rig = JSON.parse(await readFile(join(folder, 'rig.json'), 'utf8'));
    const measured = {
      rest: { mouthOpenness: 0, teeth: 0 },
      light: { skin: [1, 2, 3], direction: [0, 0, -1], strength: 0 },
    };
    const places = [
      ...[
        ['landmarks'],
        ['landmarks', 5],
        ['landmarks', 5, 1],
        ['triangles'],
        ['triangles', 7],
        ['formatVersion'],
        ['topology'],
      ],
      ...[
        ['rest'],
        ['rest', 'teeth'],
        ['rest', 'teethColour'],
        ['light'],
        ['light', 'skin', 0],
        ['light', 'direction'],
        ['more'],
      ],
    ];
    for (const place of places) {
      for (const value of [null, -7, 'x', {}, [[]], 1e9]) {
        const error = await outcome((copy) =>
          put(copy, 'rig.json', Buffer.from(JSON.stringify(withValue({ ...rig, ...measured }, place, value)))),
        );
        expect(error?.field, `${place.join('.')} = ${JSON.stringify(value)}`).toMatch(/^rig/);
      }
    }
    expect(
      await outcome((copy) => put(copy, 'rig.json', Buffer.from(JSON.stringify({ ...rig, ...measured })))),
    ).toBeUndefined();
  });

  it('is refused when files are missing, are links, or are folders', async () => {
    for (const name of await readdir(folder)) {
      expect((await outcome((copy) => rm(join(copy, name))))?.code, name).toBe('not-found');
      const linked = await outcome(async (copy) => {
        await rm(join(copy, name));
        await symlink(join(folder, name), join(copy, name));
      });
      expect(linked?.message, name).toContain('not a regular file');
    }
  });

  it.each(['own', 'none', '', 'SYNTHETIC', undefined])('is refused with the ground of likeness %s', async (ground) => {
    const error = await outcome((copy) =>
      writeFile(join(copy, 'avatar.json'), JSON.stringify({ ...good, likeness: { ground, statement: 'x' } })),
    );
    expect(error).toMatchObject({ code: 'bad-request', field: 'avatar.json.likeness.ground' });
    expect(error?.message).toContain('synthetic, licence or consent');
  });

  it('is refused without a likeness, and with an empty or endless statement', async () => {
    for (const likeness of [
      undefined,
      { ground: 'consent' },
      { ground: 'consent', statement: '' },
      { ground: 'licence', statement: 'x'.repeat(2_001) },
    ]) {
      const error = await outcome((copy) =>
        writeFile(join(copy, 'avatar.json'), JSON.stringify({ ...good, likeness })),
      );
      expect(error?.field).toMatch(/^avatar\.json\.likeness/);
    }
  });
});
