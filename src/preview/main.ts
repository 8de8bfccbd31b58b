import { writeFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { parseArgs } from 'node:util';
import { VisavisError } from '../errors.js';
import { avatarFolder } from '../inference/avatar/folders.js';
import { loadAvatarPackage } from '../inference/avatar/package.js';
import { encodePng } from '../media/png.js';
import { sheetPoses } from './poses.js';
import { drawSheet } from './sheet.js';

const CELL = 150;
const SMALLEST_CELL = 32;
const LARGEST_CELL = 512;
const USAGE = `visavis avatar preview AVATAR --sheet OUT.png [--cell PIXELS]

  AVATAR        folder of an avatar package, or the id of an avatar of this service
  --sheet FILE  draws the face at rest, each of the 52 ARKit coefficients at 1, and the mouth shapes of speech
  --cell N      side of each face in pixels, ${SMALLEST_CELL} to ${LARGEST_CELL} (default ${CELL})
`;

/** `visavis avatar …`: see `USAGE`. `avatars` are the folders in which avatars are looked for by name. Rejects with a typed error on bad input. */
export async function main(argv: readonly string[], avatars: readonly string[]): Promise<void> {
  const { positionals, values } = parse(argv);
  if (values.help === true) {
    process.stdout.write(USAGE);
    return;
  }
  const [command, avatar, ...more] = positionals;
  if (command !== 'preview' || avatar === undefined || more.length > 0) {
    throw new VisavisError(
      'bad-request',
      `expected "avatar preview AVATAR", got "avatar ${positionals.join(' ')}"\n\n${USAGE}`,
    );
  }
  if (values.sheet === undefined)
    throw new VisavisError('bad-request', `--sheet is missing\n\n${USAGE}`, { field: 'sheet' });
  const cell = values.cell === undefined ? CELL : Number(values.cell);
  if (!Number.isInteger(cell) || cell < SMALLEST_CELL || cell > LARGEST_CELL) {
    throw new VisavisError(
      'bad-request',
      `--cell: got "${values.cell}", expected a whole number of pixels from ${SMALLEST_CELL} to ${LARGEST_CELL}`,
      { field: 'cell' },
    );
  }
  const folder = isAbsolute(avatar) || /[/\\.]/.test(avatar) ? avatar : avatarFolder(avatars, avatar);
  const sheet = drawSheet(await loadAvatarPackage(folder), sheetPoses(), cell);
  await writeFile(values.sheet, encodePng(sheet.data, sheet.width, sheet.height));
  process.stdout.write(`${values.sheet}: ${sheet.width} × ${sheet.height} pixels\n`);
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' }, sheet: { type: 'string' }, cell: { type: 'string' } },
    });
  } catch (cause) {
    throw new VisavisError('bad-request', `${cause instanceof Error ? cause.message : 'wrong options'}\n\n${USAGE}`, {
      cause,
    });
  }
}
