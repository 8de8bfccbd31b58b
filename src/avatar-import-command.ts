import { parseArgs } from 'node:util';
import { idOf, MAX_NAME, SIZES, voicesOf } from './avatar-create-command.js';
import type { Config } from './config.js';
import { isAbort, VisavisError } from './errors.js';
import { avatarFolderIn } from './inference/avatar/folders.js';
import {
  IMPORT_STEPS,
  type ImportedAvatar,
  type ImportStep,
  importAvatar,
} from './inference/avatar/lite/maker/import-avatar.js';
import { likenessOf } from './inference/avatar/maker/likeness.js';

const USAGE = `visavis avatar import FOLDER --name NAME (--synthetic | --licence FILE | --consent FILE) [options]

Makes an avatar of a folder of the LiteAvatar family: net_encode.onnx, net_decode.onnx, bg_video.mp4, face_box.txt, neutral_pose.npy and ref_frames.
Its parameters are calibrated to this service's own motion, so no audio model is needed. Takes about a minute, and Debian's ffmpeg. A likeness needs a
ground, which is written into the avatar:
  --synthetic      nobody's face: drawn or generated
  --licence FILE   the pack's licence allows it; FILE is its text (UTF-8, 2,000 characters at most)
  --consent FILE   the person agreed; FILE says who, when, and to what

  --name NAME      shown to visitors
  --id ID          name of its folder: lower-case letters, digits, dashes (default: made of the name)
  --size PIXELS    side of its picture: ${SIZES.join(' or ')} (default ${SIZES[0]})
  --voice VOICE    a voice of Kokoro (af_heart) or Piper (libritts-840); may be given once for each (default: the service's)
  --out FOLDER     where its folder is made (default: VISAVIS_AVATARS, else ~/.local/share/visavis/avatars)
  --replace        an avatar of this id is replaced
`;

const DOING: Record<ImportStep, string> = {
  read: 'reading networks and pictures',
  clip: 'reading the clip',
  face: 'looking for the face',
  calibrate: 'trying out what each parameter does',
  write: 'writing and checking the package',
};

/** `visavis avatar import …`, given what follows `avatar`. */
export async function main(
  args: readonly string[],
  config: Pick<Config, 'avatarsFolder' | 'avatarFolders' | 'voice'>,
): Promise<void> {
  const { values, positionals } = parse(args);
  if (values.help === true) {
    process.stdout.write(USAGE);
    return;
  }
  const [action, folder, ...rest] = positionals;
  if (action !== 'import' || folder === undefined || rest.length > 0) throw usage('expected: import FOLDER');
  const name = values.name?.trim();
  if (name === undefined || name === '' || name.length > MAX_NAME)
    throw usage(`--name is needed, at most ${MAX_NAME} characters`, 'name');
  const size = values.size === undefined ? SIZES[0]! : Number(values.size);
  if (!SIZES.includes(size)) throw usage(`--size must be ${SIZES.join(' or ')}, got "${values.size}"`, 'size');
  const id = values.id ?? idOf(name);
  const replace = values.replace === true;
  const voices = voicesOf(values.voice ?? (config.voice === undefined ? [] : [config.voice]));
  const likeness = await likenessOf(values);
  if (!replace && values.out === undefined && avatarFolderIn(config.avatarFolders, id) !== undefined) {
    throw new VisavisError('conflict', `there already is an avatar ${id}: choose another --id, or --replace it`, {
      field: 'id',
    });
  }
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const beganMs = performance.now();
  try {
    const options = { avatars: values.out ?? config.avatarsFolder, id, name, size, voices, likeness, replace };
    const made = await importAvatar(folder, options, { signal: stop.signal, onProgress: reporter() });
    const seconds = ((performance.now() - beganMs) / 1000).toFixed(1);
    process.stdout.write(describe(made, `${name} (${id}) was made in ${seconds} s: ${made.folder}`));
  } catch (thrown) {
    if (!isAbort(thrown)) throw thrown;
    throw new VisavisError('unavailable', 'stopped: no avatar was made', { cause: thrown, retryable: true });
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** One line a step, and one for every fifth of a long one. */
function reporter(): (step: ImportStep, share: number) => void {
  let shown = '';
  return (step, share) => {
    const line = share === 0 || step !== 'calibrate' ? DOING[step] : `${DOING[step]}: ${20 * Math.floor(5 * share)} %`;
    if (line === shown) return;
    shown = line;
    process.stdout.write(`[${IMPORT_STEPS.indexOf(step) + 1}/${IMPORT_STEPS.length}] ${line} …\n`);
  };
}

function describe({ folder, frames, calibration }: ImportedAvatar, title: string): string {
  const { before, after, openingCorrelation, widestClosed, closedInClip, heldOut } = calibration;
  const figure = (value: number | undefined) => (value ?? Number.NaN).toFixed(2);
  const errors = Object.keys(after).map((look) => `${look} ${figure(before[look])} → ${figure(after[look])}`);
  return [
    title,
    `  clip        ${frames} frames`,
    `  errors      ${errors.join(', ')} (per cent of the face's width, over ${heldOut} poses it was not made of; by the parameters' names → calibrated)`,
    `  opening     follows with a correlation of ${openingCorrelation.toFixed(2)}; closed lips ${figure(widestClosed)} at most, ${figure(closedInClip)} in the clip`,
    `  look at it  visavis avatar preview ${folder} --sheet sheet.png`,
    '',
  ].join('\n');
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        id: { type: 'string' },
        size: { type: 'string' },
        voice: { type: 'string', multiple: true },
        out: { type: 'string' },
        replace: { type: 'boolean' },
        synthetic: { type: 'boolean' },
        licence: { type: 'string' },
        consent: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (thrown) {
    throw usage(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function usage(problem: string, field?: string): VisavisError {
  return new VisavisError('bad-request', `${problem}\n\n${USAGE}`, field === undefined ? {} : { field });
}
