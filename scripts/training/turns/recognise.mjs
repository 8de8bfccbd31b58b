/** What the service's recogniser makes of every turn up to each of its pauses and its end: `ID.texts.json`, one text a part. What is there is left alone. */
import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MoonshineRecogniser } from '../../../dist/inference/speech/moonshine-recogniser.js';
import { say } from '../../lib/report.mjs';
import { loadTurn } from './load.mjs';
import { RATE_HZ } from './speak.mjs';

/** The turn machine asks for the text when this much silence has been heard. */
const HEARD_SILENCE_MS = 96;

export async function recognise(turns, folder) {
  const missing = turns.filter(({ id }) => !existsSync(join(folder, `${id}.texts.json`)));
  if (missing.length === 0) return;
  const recogniser = await MoonshineRecogniser.create({ threads: 1 });
  for (const [i, { id }] of missing.entries()) {
    const { truth, sound } = await loadTurn(folder, id);
    const texts = [];
    for (const { endMs } of truth) {
      const until = Math.round(((endMs + HEARD_SILENCE_MS) * RATE_HZ) / 1_000);
      texts.push(await recogniser.decode(sound.subarray(0, until), 'final'));
    }
    const path = join(folder, `${id}.texts.json`);
    await writeFile(`${path}.part`, JSON.stringify(texts));
    await rename(`${path}.part`, path);
    if ((i + 1) % 50 === 0 || i + 1 === missing.length) say('recognise', `${i + 1}/${missing.length}`);
  }
  await recogniser.close();
}
