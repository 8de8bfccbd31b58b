// Stands for the process that draws idle clips: writes two small files, or does what its avatar's folder is called after.
import { appendFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const [folder, clip, still] = process.argv.slice(2);
process.once('disconnect', () => process.exit(1));
process.once('message', async () => {
  appendFileSync(join(dirname(clip), 'runs.txt'), `${basename(folder)}\n`);
  if (basename(folder) === 'broken') throw new Error('no such face');
  if (basename(folder) === 'endless') return;
  if (basename(folder) === 'slow') await new Promise((resolve) => setTimeout(resolve, 500));
  writeFileSync(still, 'still');
  writeFileSync(clip, 'clip');
  process.exit(0);
});
