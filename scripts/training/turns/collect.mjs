/** Everything that is learnt from and judged by: of every turn its pauses with the voice and the words before them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { askedKind } from '../../../dist/agents/end-of-turn/asked.js';
import { SileroVad } from '../../../dist/inference/speech/silero.js';
import { say } from '../../lib/report.mjs';
import { hear } from './hear.mjs';
import { loadTurn } from './load.mjs';

/**
 * `{ id, split, engine, voice, asked, parts: [{ endMs, nextMs, text, written }], pauses }`: `text` is what the recogniser understood of the turn
 * up to there, `written` what was really said, with the punctuation of a perfect recogniser.
 */
export async function collect(turns, folder) {
  const detector = await SileroVad.create();
  const vad = detector.open();
  const all = [];
  for (const [i, { id }] of turns.entries()) {
    const { turn, truth, sound } = await loadTurn(folder, id);
    const texts = JSON.parse(await readFile(join(folder, `${id}.texts.json`), 'utf8'));
    const { pauses } = await hear(sound, truth, vad);
    const parts = truth.map((times, part) => ({
      ...times,
      text: texts[part],
      written: written(turn.parts.slice(0, part + 1)),
    }));
    const { split, engine, voice, asked } = turn;
    all.push({ id, split, engine, voice, asked: askedKind(asked), parts, pauses });
    if ((i + 1) % 200 === 0 || i + 1 === turns.length) say('listen', `${i + 1}/${turns.length}`);
  }
  await detector.close();
  return all;
}

/** As written, without the marks that stand for the script's pauses. */
const written = (parts) => parts.join(' ').replace(/…| —/g, '').replace(/,$/, '');
