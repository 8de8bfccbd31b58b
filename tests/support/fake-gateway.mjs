/** A gateway process for tests of the guardian alone: loaded at once, ready as soon as it is activated, gone when it is told so. */
const say = (message) => process.send(message);
process.on('message', ({ type, activation }) => {
  if (type === 'setup') say({ type: 'loaded' });
  else if (type === 'shutdown') process.exit(0);
  else if (type === 'activate') {
    say({ type: 'listening', port: activation.port ?? 1 });
    say({ type: 'ready', report: { url: `http://127.0.0.1:${activation.port ?? 1}/` } });
  }
});
process.on('disconnect', () => process.exit(0));
setInterval(() => say({ type: 'beat' }), 1_000);
