/**
 * Writes `avatar.json` of the stock avatars: `node assets/authoring/pack.mjs`. Run it after any of their files changed.
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const AVATARS = fileURLToPath(new URL('../avatars/', import.meta.url));
const STOCK = [
  { id: 'mara', name: 'Mara', voices: { kokoro: 'af_heart', piper: 'libritts-840' } },
  { id: 'sam', name: 'Sam', voices: { kokoro: 'am_michael', piper: 'libritts-680' } },
  { id: 'ines', name: 'Ines', voices: { kokoro: 'af_bella', piper: 'libritts-783' } },
];

for (const { id, name, voices } of STOCK) {
  const files = {};
  for (const file of ['portrait.png', 'rig.json', 'matte.png', 'background.png']) {
    const content = await readFile(join(AVATARS, id, file));
    files[file] = { sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length };
  }
  const manifest = {
    formatVersion: 1,
    id,
    name,
    renderer: 'portrait',
    width: 512,
    height: 512,
    frameRate: 25,
    voices,
    licence: 'Apache-2.0',
    provenance:
      'Modelled and rendered for this project in Blender, from a generic head model (ICT-FaceKit, MIT licence). ' +
      'Landmarks found with MediaPipe Face Mesh (Apache-2.0).',
    likeness: { ground: 'synthetic', statement: 'A person who does not exist; any likeness is accidental.' },
    files,
  };
  await writeFile(join(AVATARS, id, 'avatar.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}
