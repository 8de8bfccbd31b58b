/**
 * A gateway process for tests of the guardian alone: loaded at once, ready as soon as it is activated, gone when it is told so. With
 * FAKE_STARTS it adds a letter to that file, and ends while it loads unless it was the first to do so.
 */
import { appendFileSync, readFileSync } from 'node:fs';

const say = (message) => process.send(message);
process.on('message', ({ type, setup, activation }) => {
  if (type === 'setup') {
    const { FAKE_STARTS: file } = setup.env;
    if (file !== undefined) {
      appendFileSync(file, 'x');
      if (readFileSync(file, 'utf8').length > 1) process.exit(1);
    }
    say({ type: 'loaded' });
  } else if (type === 'shutdown') process.exit(0);
  else if (type === 'activate') {
    say({ type: 'listening', port: activation.port ?? 1 });
    say({ type: 'ready', report: { url: `http://127.0.0.1:${activation.port ?? 1}/` } });
  }
});
process.on('disconnect', () => process.exit(0));
setInterval(() => say({ type: 'beat' }), 1_000);
