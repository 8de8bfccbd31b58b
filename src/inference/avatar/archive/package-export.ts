import { constants, createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import { VisavisError } from '../../../errors.js';
import { type AvatarManifest, MANIFEST } from '../package.js';

/** The oldest time that a zip file can give (local time, as the format has it): the same package always gives the same bytes. */
const MTIME = new Date(1980, 0, 1);
/** Pictures and films are packed already. */
const ENTRY = { mtime: MTIME, mode: 0o100644, compress: false, forceDosTimestamp: true } as const;

/** What ends what is being zipped, and the length of it all. */
export interface PackageExport {
  stream: Readable;
  bytes: number;
}

/**
 * An avatar package as a zip file, to be sent or written as it is read. The stream fails with `bad-request` when a file is missing, is a link or has another
 * length than the manifest says; sums are checked by whoever imports it. `manifest` must be that of `folder`.
 */
export async function packageZip(folder: string, manifest: AvatarManifest): Promise<PackageExport> {
  const zip = new ZipFile();
  const stream = new PassThrough();
  let current: Readable | undefined;
  zip.on('error', (cause: Error) => stream.destroy(unreadable(manifest, cause)));
  zip.addBuffer(await readFile(join(folder, MANIFEST)), MANIFEST, ENTRY);
  for (const [name, { bytes }] of Object.entries(manifest.files)) {
    zip.addReadStreamLazy(name, { ...ENTRY, size: bytes }, (give) => {
      // Never through a link.
      const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
      current = createReadStream(join(folder, name), { flags: flags as unknown as string });
      current.on('error', (cause) => zip.emit('error', cause));
      give(null, current);
    });
  }
  let bytes = 0;
  const onSize = (size: number): void => {
    bytes = size;
  };
  (zip.end as (o: object, onSize: (size: number) => void) => void).call(zip, {}, onSize);
  pipeline(zip.outputStream, stream, () => current?.destroy());
  return { stream, bytes };
}

function unreadable({ id }: AvatarManifest, cause: Error): VisavisError {
  const why = (cause as NodeJS.ErrnoException).code ?? cause.message;
  return new VisavisError('bad-request', `the avatar ${id} cannot be packed: ${why}`, { field: 'avatar', cause });
}
