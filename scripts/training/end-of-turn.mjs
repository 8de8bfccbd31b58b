/**
 * Makes the network that judges whether a pause ends a turn, its report and its curve: `node scripts/training/end-of-turn.mjs [--seed 1]
 * [--data FOLDER] [--fit-only]`. Script, synthesis, recognition, listening, fitting, judging; each stage takes up what an earlier run left in
 * the data folder. `--fit-only` begins with what was heard before.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheFolder, ROOT } from '../lib/project.mjs';
import { runMain, SetupError, say } from '../lib/report.mjs';

/** Turns by split and engine; their order is part of the seed. */
const COUNTS = [
  { split: 'test', engine: 'piper', count: 600 },
  { split: 'train', engine: 'piper', count: 860 },
  { split: 'train', name: 'more', engine: 'piper', count: 280 },
];

async function readJson(path) {
  return JSON.parse(await readFile(path, 'utf8'));
}

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      data: { type: 'string', default: join(cacheFolder(), 'training', 'end-of-turn') },
      'fit-only': { type: 'boolean', default: false },
    },
  });
  const seed = Number(values.seed);
  if (!Number.isInteger(seed))
    throw new SetupError(`--seed must be a whole number, got ${JSON.stringify(values.seed)}`);
  if (!existsSync(join(ROOT, 'dist'))) throw new SetupError('there is no dist: run "node scripts/build.mjs server"');
  await mkdir(values.data, { recursive: true });
  const heard = join(values.data, 'heard.json');
  if (!values['fit-only']) {
    const { writeScript } = await import('./turns/script.mjs');
    const turns = writeScript({ seed, counts: COUNTS });
    const script = join(values.data, 'script.json');
    const content = JSON.stringify(turns, null, 1);
    if (existsSync(script) && (await readFile(script, 'utf8')) !== content) {
      throw new SetupError(
        `${values.data} holds what other settings made: name another folder with --data, or remove it`,
      );
    }
    await writeFile(script, content);
    const speech = join(values.data, 'speech');
    const { synthesise } = await import('./turns/synthesise.mjs');
    await synthesise(turns, speech);
    const { recognise } = await import('./turns/recognise.mjs');
    await recognise(turns, speech);
    const { collect } = await import('./turns/collect.mjs');
    await writeFile(heard, JSON.stringify(await collect(turns, speech)));
  }
  const turns = await readJson(heard);
  const { fitNetwork } = await import('./turns/fit.mjs');
  const train = turns.filter(({ split }) => split === 'train');
  say('fit', `${train.length} turns`);
  const weights = fitNetwork(train, { seed });
  const out = join(ROOT, 'assets', 'turns');
  await mkdir(out, { recursive: true });
  const model = `${JSON.stringify(weights)}\n`;
  await writeFile(join(out, 'end-of-turn.json'), model);
  const { evaluate } = await import('./turns/evaluate.mjs');
  const result = evaluate(turns, { weights, seed });
  await writeFile(join(values.data, 'evaluation.json'), JSON.stringify(result, null, 1));
  const { curveOf } = await import('./turns/chart.mjs');
  await writeFile(join(ROOT, 'docs', 'end-of-turn.svg'), curveOf(result));
  const { reportOf } = await import('./turns/report.mjs');
  await writeFile(join(out, 'README.md'), reportOf(result, { seed, bytes: model.length }));
  const { fixtureOf } = await import('./turns/fixture.mjs');
  await writeFile(join(ROOT, 'tests', 'fixtures', 'end-of-turn.json'), fixtureOf(turns));
  say('report', `${join(out, 'end-of-turn.json')}, its report, docs/end-of-turn.svg`);
});
