/**
 * A worker that is ready at once and writes its arguments, as JSON, to the file named in REPORT, or to one of its own in REPORT_FOLDER.
 * STANDARD: the voice that it says it chose.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const { REPORT, REPORT_FOLDER, STANDARD } = process.env;
writeFileSync(REPORT ?? join(REPORT_FOLDER, `${process.pid}.json`), JSON.stringify(process.argv.slice(2)));
process.on('message', ({ type }) => {
  if (type === 'shutdown') process.exit(0);
});
process.on('disconnect', () => process.exit(0));
process.send({ type: 'ready', ...(STANDARD === undefined ? {} : { standard: STANDARD, kokoroMs: 612.5 }) });
