import { stat } from 'node:fs/promises';
import {
  MAKING_OPTIONS,
  type MakingConfig,
  makingRequest,
  makingWords,
  untilStopped,
} from './avatar-making-command.js';
import { importZip } from './avatar-zip-command.js';
import {
  IMPORT_STEPS,
  type ImportedAvatar,
  type ImportStep,
  importAvatar,
} from './inference/avatar/lite/maker/import-avatar.js';

const USAGE = `visavis avatar import FILE.zip [--id ID] [--out FOLDER] [--replace]
visavis avatar import FOLDER --name NAME (--synthetic | --licence FILE | --consent FILE) [options]

FILE.zip: puts an avatar that "visavis avatar export" packed among the avatars here, with its name, voices, manner and ground of likeness.

FOLDER: makes an avatar of a folder of the LiteAvatar family: net_encode.onnx, net_decode.onnx, bg_video.mp4, face_box.txt, neutral_pose.npy and ref_frames.
Its parameters are calibrated to this service's own motion, so no audio model is needed. Takes about a minute, and Debian's ffmpeg. A likeness needs a
ground, which is written into the avatar:
  --synthetic      nobody's face: drawn or generated
  --licence FILE   the pack's licence allows it; FILE is its text (UTF-8, 2,000 characters at most)
  --consent FILE   the person agreed; FILE says who, when, and to what

${MAKING_OPTIONS}`;

const DOING: Record<ImportStep, string> = {
  read: 'reading networks and pictures',
  clip: 'reading the clip',
  face: 'looking for the face',
  calibrate: 'trying out what each parameter does',
  write: 'writing and checking the package',
};

/** `visavis avatar import …`, given what follows `avatar`. */
export async function main(args: readonly string[], config: MakingConfig): Promise<void> {
  const o = { action: 'import', source: 'FILE.zip or FOLDER', usage: USAGE };
  const words = makingWords(args, o);
  if (!words.help && (await isFile(words.source))) return importZip(words, config);
  const request = await makingRequest(args, config, o);
  if (request === undefined) {
    process.stdout.write(USAGE);
    return;
  }
  const { source: folder, options } = request;
  const { made, seconds } = await untilStopped((signal) =>
    importAvatar(folder, options, { signal, onProgress: reporter() }),
  );
  process.stdout.write(describe(made, `${options.name} (${options.id}) was made in ${seconds} s: ${made.folder}`));
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
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
