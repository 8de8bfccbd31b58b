/** A worker that is ready at once and writes its arguments, as JSON, to the file named in REPORT. */
import { writeFileSync } from 'node:fs';

writeFileSync(process.env.REPORT, JSON.stringify(process.argv.slice(2)));
process.on('message', ({ type }) => {
  if (type === 'shutdown') process.exit(0);
});
process.on('disconnect', () => process.exit(0));
process.send({ type: 'ready' });
