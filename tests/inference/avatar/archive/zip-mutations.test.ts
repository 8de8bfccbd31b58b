import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VisavisError } from '../../../../src/errors.js';
import { importPackageZip } from '../../../../src/inference/avatar/archive/package-zip.js';
import { Random } from '../../../../src/inference/avatar/motion/random.js';
import { entriesOf, smallPackage, sumsOf } from '../../../support/small-package.js';
import { writeZip, type ZipEnd, type ZipEntry } from '../../../support/zip-writer.js';

const good = await smallPackage();
const NAMES = [
  ...['../../escaped.json', '/tmp/escaped.json', 'C:\\escaped.json', '..\\escaped', 'a/../../escaped', 'avatar.json'],
  ...['AVATAR.JSON', 'portrait.png', '.', '..', '', 'a\0b', 'small/', '.removed', 'con', 'aux.png', '__proto__'],
  ...[Buffer.from([0x2e, 0x2e, 0xc0, 0xaf, 0x78]), Buffer.alloc(0xffff, 'x'), 'ｒig.json', '~/x', 'constructor'],
];
const NUMBERS = [0, 1, 2, 7, 8, 12, 22, 30, 46, 255, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0xfffffffe, 0xffffffff];

let base = '';
let avatars = '';
/** What lies beside the folder of avatars, which nothing may touch. */
const BYSTANDERS = ['escaped.json', 'small'];

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'visavis-zip-mutations-'));
  avatars = join(base, 'avatars');
  await mkdir(avatars);
  for (const name of BYSTANDERS) await writeFile(join(base, name), 'mine');
});
afterAll(() => rm(base, { recursive: true, force: true }));

/** Imports a zip file that may be anything: it is whole afterwards, or a typed error was told and nothing is there. */
async function outcome(zip: Buffer): Promise<'taken' | 'refused'> {
  const thrown = await importPackageZip(zip, { avatars }).then(
    ({ folder, manifest }) => void expect(folder).toBe(join(avatars, manifest.id)),
    (error: unknown) => error,
  );
  const left = await readdir(avatars);
  expect((await readdir(base)).toSorted()).toEqual(['avatars', ...BYSTANDERS].toSorted());
  for (const name of BYSTANDERS) expect(await readFile(join(base, name), 'utf8')).toBe('mine');
  for (const name of left) await rm(join(avatars, name), { recursive: true });
  if (thrown === undefined) {
    expect(left).toHaveLength(1);
    return 'taken';
  }
  expect(thrown).toBeInstanceOf(VisavisError);
  const error = thrown as VisavisError;
  expect(['bad-request', 'too-large'], error.message).toContain(error.code);
  expect(error.field, error.message).toBeDefined();
  expect(error.message).not.toMatch(/\p{Cc}/u);
  expect(left).toEqual([]);
  return 'refused';
}

async function outcomes(runs: number, make: (pick: Picker) => Buffer): Promise<Record<'taken' | 'refused', number>> {
  const counts = { taken: 0, refused: 0 };
  for (let run = 0; run < runs; run++) counts[await outcome(make(new Picker(1_000 + run)))]++;
  return counts;
}

class Picker {
  readonly #random: Random;
  constructor(seed: number) {
    this.#random = new Random(seed);
  }
  below(limit: number): number {
    return Math.floor(this.#random.uniform() * limit);
  }
  chance(share: number): boolean {
    return this.#random.uniform() < share;
  }
  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
  number(): number {
    return this.chance(0.6) ? this.of(NUMBERS) : this.below(2 ** 32);
  }
}

describe('a good zip file of a package that is changed at random', () => {
  it('is taken as it is', async () => {
    expect(await outcome(writeZip(entriesOf(good)))).toBe('taken');
  });

  it('is refused when any byte of it is another one', async () => {
    const zip = writeZip(entriesOf(good));
    // Versions, times and attributes say nothing of the contents: with these changed it is still the same package.
    const counts = await outcomes(350, (pick) => {
      const changed = Buffer.from(zip);
      const at = pick.chance(0.5) ? pick.below(zip.length) : zip.length - 1 - pick.below(420);
      changed[at]! ^= 1 << pick.below(8);
      return changed;
    });
    expect(counts.refused).toBeGreaterThan(250);
  });

  it('is refused when it is cut, spliced or filled', async () => {
    const zip = writeZip(entriesOf(good));
    const counts = await outcomes(250, (pick) => {
      const at = pick.below(zip.length);
      const from = pick.below(zip.length);
      const what = pick.below(5);
      if (what === 0) return zip.subarray(0, at);
      if (what === 1) return zip.subarray(1 + at);
      if (what === 2) return Buffer.concat([zip.subarray(0, at), zip.subarray(from)]);
      if (what === 3)
        return Buffer.concat([zip.subarray(0, at), zip.subarray(from, from + 1 + pick.below(99)), zip.subarray(at)]);
      return Buffer.from(zip).fill(pick.of([0, 255, 80]), at, at + 1 + pick.below(40));
    });
    expect(counts.refused).toBeGreaterThan(238);
  });

  it('is refused or taken whole when its headers tell other names, numbers and places', async () => {
    const counts = await outcomes(500, (pick) => {
      const entries = entriesOf(good);
      const end: Partial<ZipEnd> = {};
      for (let count = 1 + pick.below(3); count > 0; count--) {
        const index = pick.below(entries.length);
        entries[index] = changedEntry(entries[index]!, pick);
        if (pick.chance(0.1))
          Object.assign(end, { [pick.of(['disk', 'count', 'countOnDisk'])]: pick.number() % 0x10000 });
        if (pick.chance(0.1)) Object.assign(end, { [pick.of(['directoryBytes', 'directoryStart'])]: pick.number() });
        if (pick.chance(0.1)) entries.push(changedEntry(pick.of(entries), pick));
        if (pick.chance(0.1)) entries.splice(pick.below(entries.length), 1);
        if (pick.chance(0.1)) entries.reverse();
        if (entries.length === 0) break;
      }
      return writeZip(entries, end);
    });
    expect(counts.refused).toBeGreaterThan(250);
    expect(counts.taken).toBeGreaterThan(10);
  });

  it('is refused or taken whole when its files are damaged and all sums agree', async () => {
    const counts = await outcomes(200, (pick) => {
      const files = new Map(good.files);
      const name = pick.of([...files.keys()]);
      const content = Buffer.from(files.get(name)!);
      const at = Math.floor(content.length * (pick.below(1_000) / 1_000) ** 4);
      if (pick.chance(0.3)) files.set(name, content.subarray(0, at));
      else if (pick.chance(0.2)) files.delete(name);
      else files.set(name, content.fill(pick.below(256), at, Math.min(content.length, at + 1 + pick.below(6))));
      return writeZip(entriesOf({ manifest: { ...good.manifest, files: sumsOf(files) }, files }));
    });
    expect(counts.refused).toBeGreaterThan(100);
  });
});

function changedEntry(entry: ZipEntry, pick: Picker): ZipEntry {
  const claim = () => ({
    [pick.of(['crc32', 'packedBytes', 'bytes', 'offset'])]: pick.number(),
    ...(pick.chance(0.2) ? { method: pick.number() % 100 } : {}),
  });
  switch (pick.below(9)) {
    case 0:
      return { ...entry, name: pick.of(NAMES) };
    case 1:
      return { ...entry, central: claim() };
    case 2:
      return { ...entry, local: claim() };
    case 3: {
      const both = claim();
      return { ...entry, central: both, local: both };
    }
    case 4:
      return { ...entry, flags: 1 << pick.below(16) };
    case 5:
      return { ...entry, mode: pick.number() % 0x10000 };
    case 6:
      return { ...entry, method: pick.of([0, 8, 8, 9, 12, 14, 93, 99]) };
    case 7:
      return { ...entry, descriptor: pick.of(['plain', 'signed'] as const) };
    default:
      return { ...entry, extra: Buffer.alloc(pick.below(40), pick.of([0, 1, 0x75])) };
  }
}
