/** From a folder of kept scenes to the figures and the picture. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../cache.js';
import { figuresOf, type JudgedScene, judged } from './figures.js';
import { keptScenes } from './kept.js';
import { drawSteps } from './picture.js';
import { RESULT_VERSION, type Result } from './report.js';
import { TimelineRows } from './timeline.js';

/** Draws `turns.svg` beside the recordings. Throws a typed error when there are none or one cannot be read. */
export function keptResult(folder: string, o: { seed: number; size: Result['size'] }): Result {
  const scenes: JudgedScene[] = [];
  const rows = new TimelineRows();
  for (const kept of keptScenes(folder)) {
    const scene = judged(kept);
    scenes.push(scene);
    rows.add(kept, scene.outcomes);
  }
  const speech = scenes[0]!.speech;
  writeFileSync(join(folder, 'turns.svg'), drawSteps(rows.rows, `Ten turns, ${speech}, seed ${o.seed}`));
  writeFileSync(join(folder, 'outcomes.json'), JSON.stringify(scenes, null, 1));
  const { seed, size } = o;
  return {
    version: RESULT_VERSION,
    at: new Date().toISOString(),
    commit: commit(),
    seed,
    size,
    speech,
    figures: figuresOf(scenes),
  };
}

/** Undefined where this is no git repository, or there is no git. */
function commit(): string | undefined {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      ...{ cwd: PROJECT_ROOT, encoding: 'utf8', timeout: 5_000 },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}
