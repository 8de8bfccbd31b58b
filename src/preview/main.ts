import { writeFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { parseArgs } from 'node:util';
import { VisavisError } from '../errors.js';
import { avatarFolder } from '../inference/avatar/folders.js';
import { FRAME_RATE } from '../inference/avatar/motion-frame.js';
import { loadAvatarPackage } from '../inference/avatar/package.js';
import { encodeRgbPng } from '../png.js';
import { type ClipOptions, reciteAs, type SpeechEngine, writeClip } from './clip.js';
import { sheetPoses } from './poses.js';
import { drawSheet } from './sheet.js';
import { framesOf, liveliest } from './spoken.js';
import { drawStrip, STRIP_FRAMES, type StripPart } from './strip.js';

const CELL = 150;
const SMALLEST_CELL = 32;
const LARGEST_CELL = 512;
/** Sheets and strips show faces: the middle of a wide picture. */
const SQUARE = { size: { width: 512, height: 512 } };
const USAGE = `visavis avatar preview AVATAR --sheet OUT.png [--cell PIXELS]
visavis avatar preview AVATAR --clip OUT.webm|OUT.mp4 [--say TEXT] [--speech ENGINE]
visavis avatar preview AVATAR --strip OUT.png [--part mouth|face] [--from MS] [--say TEXT] [--speech ENGINE]

  AVATAR        folder of an avatar package, or the id of an avatar of this service
  --sheet FILE  draws the face at rest, each of the 52 ARKit coefficients at 1, and the mouth shapes of speech
  --cell N      side of each face in pixels, ${SMALLEST_CELL} to ${LARGEST_CELL} (default ${CELL})
  --clip FILE   makes a film in which the avatar speaks; .mp4 needs ffmpeg
  --strip FILE  draws ${STRIP_FRAMES} successive frames of the avatar speaking, each with its time and word
  --part NAME   what is shown there: mouth (default) or face
  --from MS     where in the speech it begins (default: where the mouth moves most)
  --say TEXT    what it says there (default: a few sentences with every mouth shape)
  --speech NAME kokoro (default) or piper: whose voice it has
`;
const SAY =
  'Hello, it is nice to meet you. I listen while you speak, I think for a moment, and then I answer. Five people moved past the window, but my voice keeps the very same rhythm. What shall we talk about?';

/**
 * `visavis avatar …`: see `USAGE`. `avatars` are the folders in which avatars are looked for by name, `badge` what stands in a film's
 * pictures (empty: nothing). Rejects with a typed error on bad input.
 */
export async function main(argv: readonly string[], avatars: readonly string[], badge = ''): Promise<void> {
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
  const folder = isAbsolute(avatar) || /[/\\.]/.test(avatar) ? avatar : avatarFolder(avatars, avatar);
  if (values.strip !== undefined) {
    expectNone(values, ['clip', 'sheet', 'cell'], 'a call of its own');
    return drawStripTo(folder, values.strip, {
      part: partOf(values.part),
      fromMs: fromOf(values.from),
      text: values.say ?? SAY,
      speech: engineOf(values.speech),
    });
  }
  expectNone(values, ['part', 'from'], '--strip');
  if (values.clip !== undefined) {
    expectNone(values, ['sheet', 'cell'], '--sheet');
    const { clip: path, say: text = SAY } = values;
    return makeClip(folder, { path, text, speech: engineOf(values.speech), badge });
  }
  if (values.sheet === undefined)
    throw new VisavisError('bad-request', `--sheet, --clip or --strip is missing\n\n${USAGE}`, { field: 'sheet' });
  expectNone(values, ['say', 'speech'], '--clip and --strip');
  return drawSheetTo(folder, values.sheet, cellOf(values.cell));
}

/** What only belongs to the other kind of preview is a mistake, not something to pass over. */
function expectNone<K extends string>(values: Partial<Record<K, unknown>>, names: readonly K[], other: string): void {
  const given = names.find((name) => values[name] !== undefined);
  if (given !== undefined)
    throw new VisavisError('bad-request', `--${given} belongs to ${other}\n\n${USAGE}`, { field: given });
}

function cellOf(given: string | undefined): number {
  const cell = given === undefined ? CELL : Number(given);
  if (Number.isInteger(cell) && cell >= SMALLEST_CELL && cell <= LARGEST_CELL) return cell;
  throw new VisavisError(
    'bad-request',
    `--cell: got "${given}", expected a whole number of pixels from ${SMALLEST_CELL} to ${LARGEST_CELL}`,
    { field: 'cell' },
  );
}

function engineOf(given = 'kokoro'): SpeechEngine {
  if (given === 'kokoro' || given === 'piper') return given;
  throw new VisavisError('bad-request', `--speech: got "${given}", expected kokoro or piper`, { field: 'speech' });
}

async function drawSheetTo(folder: string, path: string, cell: number): Promise<void> {
  const sheet = await drawSheet(await loadAvatarPackage(folder, SQUARE), sheetPoses(), cell);
  await writeFile(path, encodeRgbPng(sheet));
  process.stdout.write(`${path}: ${sheet.width} × ${sheet.height} pixels\n`);
}

function partOf(given = 'mouth'): StripPart {
  if (given === 'mouth' || given === 'face') return given;
  throw new VisavisError('bad-request', `--part: got "${given}", expected mouth or face`, { field: 'part' });
}

function fromOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const ms = Number(given);
  if (given.trim() !== '' && Number.isFinite(ms) && ms >= 0) return ms;
  throw new VisavisError('bad-request', `--from: got "${given}", expected milliseconds from 0 on`, { field: 'from' });
}

async function drawStripTo(
  folder: string,
  path: string,
  o: { part: StripPart; fromMs: number | undefined; text: string; speech: SpeechEngine },
): Promise<void> {
  const avatar = await loadAvatarPackage(folder, SQUARE);
  const recital = await reciteAs(avatar, { ...o, signal: new AbortController().signal });
  const frames = framesOf(recital, 1, avatar.manifest.manner);
  const from =
    o.fromMs === undefined
      ? liveliest(frames, STRIP_FRAMES)
      : Math.min(Math.floor((o.fromMs * FRAME_RATE) / 1_000), Math.max(0, frames.length - STRIP_FRAMES));
  const strip = await drawStrip(avatar, frames.slice(from, from + STRIP_FRAMES), o.part);
  await writeFile(path, encodeRgbPng(strip));
  process.stdout.write(`${path}: ${strip.width} × ${strip.height} pixels\n`);
}

/** Interrupted by Ctrl-C it leaves nothing behind. */
async function makeClip(folder: string, o: Omit<ClipOptions, 'signal' | 'onProgress'>): Promise<void> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  let shown = 0;
  const onProgress = (share: number) => {
    if (Math.floor(share * 10) === shown) return;
    shown = Math.floor(share * 10);
    process.stderr.write(`${shown * 10} % drawn\n`);
  };
  try {
    const { durationMs } = await writeClip(folder, { ...o, signal: stop.signal, onProgress });
    process.stdout.write(`${o.path}: ${(durationMs / 1_000).toFixed(1)} s\n`);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        sheet: { type: 'string' },
        cell: { type: 'string' },
        clip: { type: 'string' },
        say: { type: 'string' },
        speech: { type: 'string' },
        strip: { type: 'string' },
        part: { type: 'string' },
        from: { type: 'string' },
      },
    });
  } catch (cause) {
    throw new VisavisError('bad-request', `${cause instanceof Error ? cause.message : 'wrong options'}\n\n${USAGE}`, {
      cause,
    });
  }
}
