/**
 * Makes the network that moves the mouth from audio, and its report: `node scripts/training/audio-motion.mjs [--minutes 60] [--steps 4000]
 * [--seed 1] [--data FOLDER] [--python PROGRAM] [--out FOLDER]`. Synthesis, targets, features, training, export, evaluation; each
 * stage takes up what an earlier run left in the data folder.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runOrFail } from '../lib/process.mjs';
import { cacheFolder, ROOT } from '../lib/project.mjs';
import { runMain, SetupError, say } from '../lib/report.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
/** Versions of the features: one clean, the others disturbed. */
const VERSIONS = 3;
const TEST_SECONDS = 12;
/** Two processes for two cores, about equally long: a second of Kokoro costs as much as ten of the others. */
const SYNTHESIS = [
  ['kokoro:0/3', 'kokoro:1/3'],
  ['piper', 'flite', 'festival', 'kokoro:2/3'],
];

const onOutput = (text) => process.stderr.write(text);

function numberOf(values, name) {
  const value = Number(values[name]);
  if (!(value > 0)) throw new SetupError(`--${name} must be a number above 0, got ${JSON.stringify(values[name])}`);
  return value;
}

async function timed(stage, work) {
  const began = performance.now();
  const result = await work();
  say('training', `${stage}: ${((performance.now() - began) / 60_000).toFixed(1)} min`);
  return result;
}

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '60' },
      steps: { type: 'string', default: '4000' },
      seed: { type: 'string', default: '1' },
      data: { type: 'string', default: join(cacheFolder(), 'training', 'audio-motion') },
      python: { type: 'string', default: '/usr/bin/python3' },
      out: { type: 'string', default: join(ROOT, 'assets', 'motion') },
    },
  });
  const [minutes, steps, seed] = ['minutes', 'steps', 'seed'].map((name) => numberOf(values, name));
  if (!existsSync(join(ROOT, 'dist'))) throw new SetupError('there is no dist: run "node scripts/build.mjs server"');
  const { data, out } = values;
  await mkdir(data, { recursive: true });
  await mkdir(out, { recursive: true });
  const python = (script, ...args) =>
    runOrFail(values.python, ['-u', join(HERE, 'audio_motion', script), ...args], { onOutput });

  const { castVoices } = await import('./voices.mjs');
  const cast = castVoices({ minutes, testSeconds: TEST_SECONDS, seed });
  const jobs = join(data, 'jobs.json');
  const content = JSON.stringify(cast, null, 1);
  if (existsSync(jobs) && (await readFile(jobs, 'utf8')) !== content) {
    throw new SetupError(`${data} holds what other settings made: name another folder with --data, or remove it`);
  }
  await writeFile(jobs, content);
  await timed('synthesis', () =>
    Promise.all(
      SYNTHESIS.map((engines) =>
        runOrFail(process.execPath, [join(HERE, 'synthesise.mjs'), data, jobs, ...engines], { onOutput }),
      ),
    ),
  );
  const { writeTargets } = await import('./targets.mjs');
  await timed('targets', () => writeTargets(data));
  await timed('features', () => python('prepare.py', data, String(VERSIONS), String(seed)));
  const { stdout } = await timed('training', () => python('train.py', data, String(steps), String(seed)));
  await writeFile(join(data, 'training.log'), stdout, { flag: 'a' });
  const model = join(out, 'audio-motion.onnx');
  await python('export.py', data, model);

  const { cost, evaluate } = await import('./evaluate.mjs');
  const voices = await timed('evaluation', () => evaluate(data, model, (voice) => say('evaluate', voice)));
  const costMs = await cost(model);
  await writeFile(join(data, 'evaluation.json'), JSON.stringify({ voices, costMs }, null, 1));
  const { reportOf } = await import('./report.mjs');
  const { size: bytes } = await stat(model);
  const training = `${steps} steps of 32 × 3 s.`;
  await writeFile(join(out, 'README.md'), reportOf({ voices, costMs, bytes, minutes, steps, seed, cast, training }));
  say('training', `${model} and its report`);
});
