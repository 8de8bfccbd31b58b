import { describe, expect, it } from 'vitest';
import { readZip } from '../../../../src/inference/avatar/archive/zip-contents.js';
import { writeZip, type ZipEnd, type ZipEntry } from '../../../support/zip-writer.js';

const LIMITS = { archiveBytes: 4_000_000, files: 4, fileBytes: 1_000_000, totalBytes: 2_000_000 };
const text = Buffer.from('so many words, so many words, so many words');
const noise = Buffer.from(Array.from({ length: 900 }, (_, i) => (i * i * 31) % 251));
const file = (more: Partial<ZipEntry> = {}): ZipEntry => ({ name: 'a.json', content: text, method: 8, ...more });
const other: ZipEntry = { name: 'b.bin', content: noise };
const unicodeName = Buffer.concat([Buffer.from([0x75, 0x70, 6, 0, 1, 0, 0, 0, 0]), Buffer.from('x')]);
const zip64 = Buffer.concat([Buffer.from([1, 0, 8, 0]), Buffer.alloc(8)]);

/** Header and data of a file, and a second entry that claims them where they lie as the contents of another file. */
const header = writeZip([other]).subarray(0, 30 + other.name.length + noise.length);
const borrowed = (offset: number): ZipEntry => ({ ...other, isBorrowed: true, central: { offset } });

const read = (entries: ZipEntry[], end?: Partial<ZipEnd>) => readZip(writeZip(entries, end), LIMITS);

describe('readZip', () => {
  it.each([
    ['deflated and stored files', [file(), other]],
    ['sums behind the data', [file({ descriptor: 'signed' }), { ...other, descriptor: 'plain' }]],
    ['an empty file', [{ name: 'a.json', content: Buffer.alloc(0) }, other]],
    ['files without Unix modes', [file({ mode: 0 }), other]],
  ] as [string, ZipEntry[]][])('reads %s', async (_what, entries) => {
    const files = await read(entries);
    expect([...files]).toEqual(entries.map(({ name, content }) => [name, content]));
  });

  it('leaves away the one folder around everything', async () => {
    const folder = { name: 'zoe/', content: Buffer.alloc(0), mode: 0o040755 };
    const files = await read([folder, file({ name: 'zoe/a.json' }), { ...other, name: 'zoe/b.bin' }]);
    expect([...files.keys()]).toEqual(['a.json', 'b.bin']);
  });

  it('stops between files when aborted', async () => {
    const signal = AbortSignal.abort();
    await expect(readZip(writeZip([file()]), LIMITS, { signal })).rejects.toMatchObject({ name: 'AbortError' });
  });

  const name = (value: string | Buffer) => [file({ name: value }), other];
  const damaged = (entry: Partial<ZipEntry>, end?: Partial<ZipEnd>) => [[file(entry), other], end];
  it.each([
    // Names.
    ['..', 'zip-unsuitable', 'lead out of its folder', [name('../a.json')]],
    ['.. inside', 'zip-unsuitable', 'lead out of its folder', [name('x/../../a.json')]],
    ['an absolute path', 'zip-unsuitable', 'absolute path', [name('/etc/a.json')]],
    ['a backslash', 'zip-unsuitable', 'backslash', [name('..\\a.json')]],
    ['a drive', 'zip-unsuitable', 'drive', [name('C:a.json')]],
    ['a zero byte', 'zip-unsuitable', 'zero byte', [name('a.json\0.png')]],
    ['a line end in a name', 'zip-unsuitable', 'control characters', [name('a\n.json')]],
    ['a name that is not UTF-8', 'zip-unsuitable', 'not UTF-8', [name(Buffer.from([0x61, 0xff, 0xfe]))]],
    ['no name', 'zip-unsuitable', 'without a name', [name('')]],
    ['the same name twice', 'zip-unsuitable', 'twice', [[file(), file()]]],
    ['names that differ by case', 'zip-unsuitable', 'many disks', [[file(), file({ name: 'A.json' })]]],
    ['names that differ by width', 'zip-unsuitable', 'many disks', [[file(), file({ name: 'ａ.json' })]]],
    ['capitals', 'zip-unsuitable', 'plain lower-case', [name('A.json')]],
    ['a hidden file', 'zip-unsuitable', 'plain lower-case', [name('.removed')]],
    ['files of macOS', 'zip-unsuitable', 'macOS', [[file(), file({ name: '__MACOSX/._a.json' })]]],
    [
      'a folder beside files',
      'zip-unsuitable',
      'side by side',
      [[file(), { name: 'x/', content: Buffer.alloc(0), mode: 0 }]],
    ],
    ['folders in folders', 'zip-unsuitable', 'side by side', [name('x/y/a.json')]],
    ['a second name', 'zip-unsuitable', 'second name', damaged({ extra: unicodeName })],
    ['another name before the data', 'zip-damaged', 'in another place', damaged({ local: { name: 'c.json' } })],
    // Kinds.
    ['a link', 'zip-unsuitable', 'as a link', damaged({ mode: 0o120777 })],
    ['a device', 'zip-unsuitable', 'other than a file', damaged({ mode: 0o020666 })],
    ['a file that calls itself a folder', 'zip-unsuitable', 'other than a file', damaged({ mode: 0o040755 })],
    ['encryption', 'zip-unsuitable', 'encrypted', damaged({ flags: 0x1 })],
    ['hidden headers', 'zip-unsuitable', 'encrypted', damaged({ flags: 0x2000 })],
    ['a patch', 'zip-unsuitable', 'whole files', damaged({ flags: 0x20 })],
    ['bzip2', 'zip-unsuitable', 'method 12', damaged({ method: 12 })],
    ['a zip inside', 'zip-unsuitable', 'another archive', [[{ ...other, content: writeZip([other]) }]]],
    ['gzip inside', 'zip-unsuitable', 'another archive', [[{ ...other, content: Buffer.from([0x1f, 0x8b, 8]) }]]],
    // Numbers.
    ['a wrong CRC', 'zip-damaged', 'its checksum is', damaged({ central: { crc32: 1 }, local: { crc32: 1 } })],
    ['two CRCs', 'zip-damaged', 'the checksums', damaged({ local: { crc32: 1 } })],
    ['two sizes', 'zip-damaged', 'the sizes', damaged({ local: { bytes: 1 } })],
    ['two packed sizes', 'zip-damaged', 'the packed sizes', damaged({ local: { packedBytes: 1 } })],
    ['two methods', 'zip-damaged', 'the compression', damaged({ local: { method: 0 } })],
    ['two flags', 'zip-damaged', 'the flags', damaged({ local: { flags: 0x800 } })],
    ['more than declared', 'zip-too-large', 'more than the 9', damaged({ central: { bytes: 9 }, local: { bytes: 9 } })],
    ['less than declared', 'zip-damaged', 'and says 99', damaged({ central: { bytes: 99 }, local: { bytes: 99 } })],
    ['no deflate', 'zip-damaged', 'cannot be unpacked', damaged({ packed: Buffer.from([0xff, 0xff, 1, 2]) })],
    ['a large file', 'zip-too-large', 'at most 1000000', [[file({ content: Buffer.alloc(1_000_001, noise) })]]],
    ['a declared bomb', 'zip-too-large', 'at most 200:1', [[file({ content: Buffer.alloc(900_000) })]]],
    [
      'too many files',
      'zip-too-large',
      'holds 7 files',
      [Array.from({ length: 7 }, (_, i) => file({ name: `a${i}.json` }))],
    ],
    ['a million files', 'zip-too-large', 'holds 60000 files', damaged({}, { count: 60_000 })],
    ['no file', 'package-invalid', 'no file', [[]]],
    // Places.
    ['a file inside another', 'zip-damaged', 'overlap', [[{ name: 'a.bin', content: header }, borrowed(35)]]],
    [
      'a file that ends inside another',
      'zip-damaged',
      'overlap',
      [[file({ central: { packedBytes: 90 }, descriptor: 'signed' }), other]],
    ],
    ['a gap', 'zip-damaged', 'belong to no file', [[file(), { ...other, gap: Buffer.from('hidden') }]]],
    [
      'something before',
      'zip-damaged',
      'belong to no file',
      [[file({ gap: writeZip([other]).subarray(0, 40) }), other]],
    ],
    ['a header that is none', 'zip-damaged', 'is damaged', damaged({ central: { offset: 3 } })],
    ['a header beyond the end', 'zip-damaged', 'is damaged', damaged({ central: { offset: 99_999 } })],
    ['fewer files than said', 'zip-damaged', '', damaged({}, { count: 3 })],
    ['more files than said', 'zip-damaged', 'has a directory of', damaged({}, { count: 1 })],
    ['two counts', 'zip-damaged', 'says that it holds', damaged({}, { countOnDisk: 1 })],
    ['a directory elsewhere', 'zip-damaged', 'its directory lies at', damaged({}, { directoryStart: 1 })],
    ['a longer directory', 'zip-damaged', 'its directory lies at', damaged({}, { directoryBytes: 9_999 })],
    ['something before its end', 'zip-damaged', 'its directory lies at', damaged({}, { before: Buffer.from('x') })],
    ['a comment', 'zip-unsuitable', '5 bytes behind its end', damaged({}, { comment: Buffer.from('hello') })],
    ['several disks', 'zip-unsuitable', 'one part of several', damaged({}, { disk: 1 })],
    ['zip64 by count', 'zip-unsuitable', 'zip64', damaged({}, { count: 0xffff })],
    ['zip64 by place', 'zip-unsuitable', 'zip64', damaged({}, { directoryStart: 0xffffffff })],
    [
      'zip64 by size',
      'zip-unsuitable',
      'zip64',
      damaged({ central: { bytes: 0xffffffff }, local: { bytes: 0xffffffff } }),
    ],
    ['zip64 for a small file', 'zip-damaged', '', damaged({ extra: zip64, central: { packedBytes: 0xffffffff } })],
  ] as [string, string, string, [ZipEntry[], Partial<ZipEnd>?]][])(
    'refuses %s',
    async (_what, reason, message, [entries, end]) => {
      const error = await read(entries, end).then(
        () => expect.fail('was taken'),
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({
        ...{ name: 'VisavisError', field: 'package', message: expect.stringContaining(message) },
        code: reason === 'zip-too-large' ? 'too-large' : 'bad-request',
      });
      expect((error as { reason: string }).reason).toBe(reason);
    },
  );

  it.each([
    ['nothing', Buffer.alloc(0), 'is empty'],
    ['a picture', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), 'begins with 89 50 4e 47'],
    ['text', Buffer.from('PK, as they say'), 'begins with 50 4b 2c 20'],
    ['two bytes', Buffer.from('PK'), 'begins with 50 4b'],
    ['the first part of several', Buffer.from('PK\x07\x08PK\x03\x04', 'latin1'), 'one part of several'],
    ['more than is taken', Buffer.alloc(4_000_001), 'has 4000001 bytes'],
    ['a zip file with its first half alone', writeZip([file(), other]).subarray(0, 500), 'is cut off'],
    ['a zip file without its last byte', writeZip([file(), other]).subarray(0, -1), 'is cut off'],
    ['bytes behind the end', Buffer.concat([writeZip([file()]), Buffer.from('hi')]), '2 bytes behind its end'],
    ['two zip files in one', Buffer.concat([writeZip([file()]), writeZip([other])]), 'its directory lies at'],
    [
      'a promised comment',
      Buffer.concat([writeZip([file()]).subarray(0, -2), Buffer.from([9, 0])]),
      '9 bytes of a comment',
    ],
  ])('refuses %s', async (_what, bytes, message) => {
    await expect(readZip(bytes, LIMITS)).rejects.toMatchObject({
      ...{ name: 'VisavisError', field: 'package', message: expect.stringContaining(message) },
    });
  });

  it('refuses what all files together would unpack to', async () => {
    const large = (at: string) => file({ name: `${at}.json`, content: Buffer.alloc(700_000, noise), method: 0 });
    await expect(read([large('a'), large('b'), large('c')])).rejects.toMatchObject({
      ...{ code: 'too-large', message: expect.stringContaining('unpacks to 2100000 bytes') },
    });
  });

  it('stops unpacking at what a file declares', async () => {
    const bomb = file({ content: Buffer.alloc(50_000_000), central: { bytes: 100 }, local: { bytes: 100 } });
    await expect(read([bomb])).rejects.toMatchObject({
      ...{ reason: 'zip-too-large', message: expect.stringContaining('more than the 100 bytes') },
    });
  });

  it('shows no control character and no endless name of a file in its message', async () => {
    const names = ['a\u001b[31m.json', `${'x'.repeat(5_000)}/../a`, 'a\u202egnp.json'];
    for (const shown of names) {
      const error = await read([file({ name: shown })]).then(
        () => expect.fail('was taken'),
        (thrown: Error) => thrown,
      );
      expect(error.message).not.toMatch(/[\p{Cc}\u202e]/u);
      expect(error.message.length).toBeLessThan(250);
    }
  });
});
