/**
 * A child process for supervision. --mode (or MODE): ready (ready, then echoes messages), mute (never ready), fail (exits with 7 at once),
 * stubborn (ready, ignores shutdown). --count FILE: appends a line at each start.
 */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ strict: false, options: { mode: { type: 'string' }, count: { type: 'string' } } });
const mode = values.mode ?? process.env.MODE;
if (values.count !== undefined) appendFileSync(values.count, `${process.pid}\n`);
if (mode === 'fail') process.exit(7);
process.on('message', (message) => {
  if (message.type === 'shutdown') {
    if (mode !== 'stubborn') process.exit(0);
  } else if (message.type === 'die') process.exit(message.code);
  else process.send({ type: 'echo', message, environment: process.env.MARK ?? null });
});
process.on('disconnect', () => process.exit(0));
if (mode !== 'mute') process.send({ type: 'ready', engines: ['one'] });
