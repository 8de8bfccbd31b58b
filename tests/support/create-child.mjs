// Stands for the process that makes avatars: does what the name of the ordered avatar says, with the photo's own bytes as portrait.
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const photo = [];
const ordered = new Promise((resolve) => process.once('message', resolve));
for await (const chunk of process.stdin) photo.push(chunk);
const { kind, avatars, id: givenId, name: givenName, ...order } = await ordered;
const content = Buffer.concat(photo);
// A package's own id and name are its text.
const id = givenId ?? content.toString();
const name = givenName ?? content.toString('latin1', 0, 40);
const standard = {
  ...{ size: { width: 512, height: 512 }, voices: { kokoro: 'af_heart', piper: 'libritts-840' } },
  likeness: { ground: 'synthetic', statement: 'Nobody.' },
};
const { voices, manner, likeness, size } = kind === 'package' ? standard : order;
appendFileSync(join(dirname(avatars), '..', 'runs.txt'), `${process.pid} ${id}\n`);
const say = (message) => new Promise((resolve) => process.send(message, resolve));
const fail = (error) => say({ type: 'failed', error: { retryable: false, ...error } });
process.once('disconnect', () => process.exit(1));

await say({ type: 'progress', step: 'read', fraction: 0.1 });
mkdirSync(join(avatars, id));
if (name.startsWith('Endless')) {
  setInterval(() => {}, 1000);
  await new Promise(() => {});
}
if (name.startsWith('Faceless')) {
  await fail({ code: 'bad-request', message: 'the image shows no face', field: 'image', reason: 'no-face' });
  process.exit(0);
}
if (name.startsWith('broken')) {
  const problem = { field: 'package', reason: 'zip-damaged' };
  await fail({ code: 'bad-request', message: 'the zip file is cut off', ...problem });
  process.exit(0);
}
if (name.startsWith('Crash')) process.abort();
await say({ type: 'progress', step: 'write', fraction: 0.8 });
writeFileSync(join(avatars, id, 'portrait.png'), content);
const manifest = {
  ...{ formatVersion: 1, id, name, renderer: 'portrait', ...size, frameRate: 25, voices, manner },
  ...{ licence: 'not stated', provenance: 'A test.', likeness, files: {} },
};
writeFileSync(join(avatars, id, 'avatar.json'), JSON.stringify(manifest));
await say({ type: 'done', id, remarks: ['The eyes are closed.'] });
process.exit(0);
