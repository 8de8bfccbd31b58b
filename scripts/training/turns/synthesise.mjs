/** Speaks the scripted turns, shorter ones and longer ones: `ID.wav` (16 kHz) and `ID.json` (the turn and its true times). What is there is left alone. */
import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KokoroSynthesiser } from '../../../dist/inference/speech/kokoro.js';
import { PiperSynthesiser } from '../../../dist/inference/speech/piper.js';
import { encodeWav } from '../../../dist/media/wav.js';
import { say } from '../../lib/report.mjs';
import { RATE_HZ, speakTurn } from './speak.mjs';

const OPEN = {
  piper: () => PiperSynthesiser.create({ threads: 1 }),
  kokoro: () => KokoroSynthesiser.create({ threads: 1 }),
};

export async function synthesise(turns, folder) {
  await mkdir(folder, { recursive: true });
  for (const engine of new Set(turns.map((turn) => turn.engine))) {
    const mine = turns.filter((turn) => turn.engine === engine && !existsSync(join(folder, `${turn.id}.json`)));
    if (mine.length === 0) continue;
    const synthesiser = await OPEN[engine]();
    for (const [i, turn] of mine.entries()) {
      const { sound, truth } = await speakTurn(synthesiser, turn);
      await writeFile(join(folder, `${turn.id}.wav`), encodeWav({ sampleRateHz: RATE_HZ, channels: [sound] }));
      const about = join(folder, `${turn.id}.json`);
      await writeFile(`${about}.part`, JSON.stringify({ turn, truth }));
      await rename(`${about}.part`, about);
      if ((i + 1) % 50 === 0 || i + 1 === mine.length) say('synthesise', `${engine} ${i + 1}/${mine.length}`);
    }
    await synthesiser.close();
  }
}
