import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { MAKING_OPTIONS, type MakingConfig, makingRequest, untilStopped } from './avatar-making-command.js';
import { VisavisError } from './errors.js';
import { type CreatedAvatar, createAvatar, STEPS, type Step } from './inference/avatar/maker/create-avatar.js';
import { MAX_FILE_BYTES } from './inference/vision/image.js';

const USAGE = `visavis avatar create PHOTO --name NAME (--synthetic | --licence FILE | --consent FILE) [options]

Makes an avatar of the face in a JPEG, PNG or WebP picture. A likeness needs a ground, which is written into the avatar:
  --synthetic      nobody's face: drawn or generated
  --licence FILE   the picture's licence allows it; FILE is its text (UTF-8, 2,000 characters at most)
  --consent FILE   the person agreed; FILE says who, when, and to what

${MAKING_OPTIONS}`;

const DOING: Record<Step, string> = {
  read: 'reading the picture',
  face: 'looking for the face',
  frame: 'straightening and cropping',
  'cut-out': 'cutting the person out',
  background: 'filling the background, measuring light and mouth',
  write: 'writing and checking the package',
};

/** `visavis avatar create …`, given what follows `avatar`. */
export async function main(args: readonly string[], config: MakingConfig): Promise<void> {
  const request = await makingRequest(args, config, { action: 'create', source: 'PHOTO', usage: USAGE });
  if (request === undefined) {
    process.stdout.write(USAGE);
    return;
  }
  const { source: photo, options } = request;
  const { made, seconds } = await untilStopped(async (signal) =>
    createAvatar(await readPhoto(photo), { ...options, declared: basename(photo) }, { signal, onProgress: report }),
  );
  process.stdout.write(describe(made, { ...options, seconds }));
}

function report(step: Step): void {
  process.stdout.write(`[${STEPS.indexOf(step) + 1}/${STEPS.length}] ${DOING[step]} …\n`);
}

function describe(
  { folder, framing, remarks }: CreatedAvatar,
  { id, name, seconds }: { id: string; name: string; seconds: string },
): string {
  const { region, width, height } = framing;
  return [
    `${name} (${id}) was made in ${seconds} s: ${folder}`,
    `  picture     ${width}×${height} pixels of ${Math.round(region.side)}×${Math.round(region.height)} in the photo`,
    ...remarks.map((remark) => `  note: ${remark}`),
    `  look at it  visavis avatar preview ${folder} --sheet sheet.png`,
    '',
  ].join('\n');
}

/** The file's bytes. Rejects with `bad-request` or `too-large`, field `image`. */
export async function readPhoto(path: string): Promise<Uint8Array> {
  try {
    const info = await stat(path);
    if (!info.isFile()) throw new VisavisError('bad-request', `${path} is not a file`, { field: 'image' });
    if (info.size > MAX_FILE_BYTES) {
      const limit = `at most ${MAX_FILE_BYTES / 1e6} MB are read`;
      throw new VisavisError('too-large', `${path} has ${Math.round(info.size / 1e6)} MB: ${limit}`, {
        field: 'image',
      });
    }
    return await readFile(path);
  } catch (thrown) {
    if (thrown instanceof VisavisError) throw thrown;
    const reason = (thrown as NodeJS.ErrnoException).code ?? String(thrown);
    throw new VisavisError('bad-request', `${path} cannot be read: ${reason}`, { field: 'image', cause: thrown });
  }
}
