import { writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readPhoto } from './avatar-create-command.js';
import { VisavisError } from './errors.js';
import { annotateFace } from './inference/vision/annotate.js';
import { decodeImage } from './inference/vision/image.js';
import { inspectPortrait, openVision, type PortraitInspection } from './inference/vision/inspect-portrait.js';
import { encodePng } from './png.js';

const USAGE = `visavis avatar inspect PHOTO [--json] [--out ANNOTATED.png]

Says whether an avatar can be made of the face in a JPEG, PNG or WebP picture, and what was found. Ends with 1 when it cannot.
  --json   the findings with all 478 landmarks, or the error, as JSON
  --out    also writes the picture with the landmarks drawn in
`;

/** `visavis avatar …`, given what follows the word. */
export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parse(args);
  if (values.help === true) {
    process.stdout.write(USAGE);
    return;
  }
  const [action, photo, ...rest] = positionals;
  if (action !== 'inspect' || photo === undefined || rest.length > 0) throw usage('expected: inspect PHOTO');
  if (values.out !== undefined && resolve(values.out) === resolve(photo))
    throw usage('--out would replace the photo itself');
  try {
    const image = await decodeImage(await readPhoto(photo), { declared: basename(photo) });
    const found = await inspectPortrait(image, await openVision());
    if (values.out !== undefined)
      await writeAnnotated(values.out, encodePng(annotateFace(image, found.face.landmarks)));
    process.stdout.write(values.json === true ? `${JSON.stringify(toJson(found))}\n` : describe(photo, found));
  } catch (thrown) {
    if (values.json !== true) throw thrown;
    process.stdout.write(`${JSON.stringify({ error: VisavisError.from(thrown).toBody() })}\n`);
    process.exitCode = 1;
  }
}

function parse(args: string[]) {
  try {
    const options = {
      json: { type: 'boolean' },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    } as const;
    return parseArgs({ args, options, allowPositionals: true });
  } catch (thrown) {
    throw usage(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function usage(problem: string): VisavisError {
  return new VisavisError('bad-request', `${problem}\n\n${USAGE}`);
}

async function writeAnnotated(path: string, png: Uint8Array): Promise<void> {
  await writeFile(path, png).catch((thrown: unknown) => {
    throw new VisavisError('bad-request', `${path} cannot be written: ${reasonOf(thrown)}`, {
      field: 'out',
      cause: thrown,
    });
  });
}

function reasonOf(thrown: unknown): string {
  return (thrown as NodeJS.ErrnoException).code ?? String(thrown);
}

function describe(photo: string, { width, height, face, otherFaces, remarks }: PortraitInspection): string {
  const degrees = (value: number) => `${value < 0 ? '−' : ''}${Math.abs(value).toFixed(0)}°`;
  const share = (value: number) => value.toFixed(2);
  const { box, size, pose } = face;
  return [
    `${photo}: ${width}×${height} pixels, a face an avatar can be made of`,
    `  face        ${size.width.toFixed(0)}×${size.height.toFixed(0)} pixels, at ${box.x.toFixed(0)}, ${box.y.toFixed(0)}, certain to ${(100 * face.confidence).toFixed(0)} %`,
    `  head        pitch ${degrees(pose.pitch)}, yaw ${degrees(pose.yaw)}, roll ${degrees(pose.roll)} (positive: up, to the person's left, tilted to the person's left)`,
    `  eyes        open ${share(face.eyeOpenness.right)} (right), ${share(face.eyeOpenness.left)} (left)`,
    `  mouth       open ${share(face.mouthOpenness)}`,
    `  sharpness   ${share(face.sharpness)}`,
    ...(otherFaces > 0 ? [`  ${otherFaces} smaller face(s) left aside`] : []),
    ...remarks.map((remark) => `  note: ${remark}`),
    '',
  ].join('\n');
}

/** Landmarks as [x, y, z] in hundredths of a pixel's precision. */
function toJson(found: PortraitInspection) {
  const { landmarks, ...face } = found.face;
  const round = (value: number) => Math.round(value * 100) / 100;
  const points = Array.from({ length: landmarks.length / 3 }, (_, i) =>
    [...landmarks.subarray(3 * i, 3 * i + 3)].map(round),
  );
  return { ...found, face: { ...face, landmarks: points } };
}
