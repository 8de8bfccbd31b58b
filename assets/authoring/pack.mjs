/**
 * Makes the packages of the stock avatars (`npm run build` first):
 *   node assets/authoring/pack.mjs --pictures FOLDER ID …   takes what `portrait/shoulders.py` wrote for these, measures the faces, writes `rig.json`
 *   node assets/authoring/pack.mjs --plates FOLDER ID …     takes what `portrait/plates.py` wrote for these
 *   node assets/authoring/pack.mjs [ID …]                   writes `avatar.json` anew; run it after any file has changed
 */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MANNERS } from '../../dist/inference/avatar/manner.js';
import { faceLight } from '../../dist/inference/avatar/maker/face-light.js';
import { restState } from '../../dist/inference/avatar/maker/rest-state.js';
import { rigFile } from '../../dist/inference/avatar/maker/rig-file.js';
import { cropImage, middleOf } from '../../dist/inference/avatar/crop.js';
import { decodePng } from '../../dist/inference/avatar/png.js';
import { canonicalFace } from '../../dist/inference/vision/canonical-face.js';
import { inspectPortrait, openVision } from '../../dist/inference/vision/inspect-portrait.js';
import { SampledImage } from '../../dist/inference/vision/sample.js';

const AVATARS = fileURLToPath(new URL('../avatars/', import.meta.url));
const STOCK = new Map([
  ['mara', { name: 'Mara', manner: MANNERS.warm, voices: { kokoro: 'af_heart', piper: 'libritts-840' } }],
  ['sam', { name: 'Sam', manner: MANNERS.calm, voices: { kokoro: 'am_michael', piper: 'libritts-680' } }],
  ['ines', { name: 'Ines', manner: MANNERS.lively, voices: { kokoro: 'af_bella', piper: 'libritts-783' } }],
  ['arthur', { name: 'Arthur', manner: MANNERS.thoughtful, voices: { kokoro: 'bm_george', piper: 'libritts-684' } }],
]);
const PLATE_FILES = ['plates.json', 'plate-lids.png', 'plate-lashes.png'];
const MAX_SIDE = 2048;

const { values, positionals } = parseArgs({
  options: { pictures: { type: 'string' }, plates: { type: 'string' } },
  allowPositionals: true,
});
const unknown = positionals.find((id) => !STOCK.has(id));
if (unknown !== undefined || ((values.pictures ?? values.plates) !== undefined && positionals.length === 0)) {
  console.error(`usage: node assets/authoring/pack.mjs [--pictures FOLDER] [--plates FOLDER] ID …, of ${[...STOCK.keys()].join(', ')}`);
  process.exit(2);
}
for (const id of positionals.length > 0 ? positionals : STOCK.keys()) {
  const folder = join(AVATARS, id);
  if (values.pictures !== undefined) {
    await mkdir(folder, { recursive: true });
    for (const [from, to] of [
      [`${id}.png`, 'portrait.png'],
      [`${id}-matte.png`, 'matte.png'],
      [`${id}-background.png`, 'background.png'],
    ]) {
      await copyFile(join(values.pictures, from), join(folder, to));
    }
    await writeFile(join(folder, 'rig.json'), await measure(join(folder, 'portrait.png')));
  }
  if (values.plates !== undefined) {
    for (const name of PLATE_FILES) await copyFile(join(values.plates, `${id}-${name}`), join(folder, name));
  }
  await writeManifest(id, folder);
}

/** The text of `rig.json`: landmarks, light and mouth, measured in the middle square of a portrait as for an avatar of a photo. */
async function measure(path) {
  const vision = await openVision();
  const whole = decodePng(await readFile(path), { maxSide: MAX_SIDE });
  const middle = middleOf(whole, { width: 1, height: 1 }) ?? { left: 0, top: 0, width: whole.width, height: whole.height };
  const portrait = cropImage(whole, middle);
  const image = { ...portrait, data: opaque(portrait) };
  const { face, remarks } = await inspectPortrait(image, vision);
  for (const remark of remarks) console.warn(`${path}: ${remark}`);
  const landmarks = await vision.mesh.refine(new SampledImage(image), face.landmarks);
  const { triangles } = canonicalFace();
  const light = faceLight(portrait, landmarks, triangles);
  const rest = restState(portrait, landmarks, light.skin);
  const { pitch, yaw, roll } = face.pose;
  console.log(`${path}: ${JSON.stringify({ pitch, yaw, roll, size: face.size, eyes: face.eyeOpenness, rest, light })}`);
  for (let i = 0; i < landmarks.length; i += 3) {
    landmarks[i] += middle.left;
    landmarks[i + 1] += middle.top;
  }
  return rigFile(landmarks, triangles, whole, { rest, light });
}

function opaque({ width, height, data }) {
  const out = new Uint8Array(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) out.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
  return out;
}

async function writeManifest(id, folder) {
  const files = {};
  const present = await readdir(folder);
  const plates = PLATE_FILES.filter((name) => present.includes(name));
  for (const file of ['portrait.png', 'rig.json', 'matte.png', 'background.png', ...plates]) {
    const content = await readFile(join(folder, file));
    files[file] = { sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length };
  }
  const { name, voices, manner } = STOCK.get(id);
  const manifest = {
    formatVersion: 1,
    id,
    name,
    renderer: 'portrait',
    width: 512,
    height: 512,
    sizes: ['1024x576'],
    frameRate: 25,
    voices,
    manner,
    licence: 'Apache-2.0',
    provenance:
      'Modelled and rendered for this project in Blender, from a generic head model (ICT-FaceKit, MIT licence). ' +
      'Landmarks found with MediaPipe Face Mesh (Apache-2.0).',
    likeness: { ground: 'synthetic', statement: 'A person who does not exist; any likeness is accidental.' },
    files,
  };
  await writeFile(join(folder, 'avatar.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}
