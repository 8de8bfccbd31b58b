/** A speech worker without models: ready at once, ends with its parent. */
process.on('message', (message) => {
  if (message.type === 'shutdown') process.exit(0);
  if (message.type === 'ping') process.send({ type: 'pong', id: message.id });
});
process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => {});
process.send({ type: 'ready' });
