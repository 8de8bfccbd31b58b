/** `visavis serve` with workers without engines, from the last build. Prints the ready line and the ids of its gateways. */
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../dist/config.js';
import { startService } from '../../dist/serve.js';

const entry = (name) => fileURLToPath(new URL(name, import.meta.url));
const service = startService(loadConfig(process.env), process.env, {
  speechEntry: entry('./fake-speech-worker.mjs'),
  avatarEntry: entry('./fake-avatar-worker.mjs'),
  spareAfterMs: 0,
});
process.on('SIGTERM', () => void service.close(true).then(() => process.exit(0)));
const { url } = await service.ready;
while (!service.hasSpare) await new Promise((resolve) => setTimeout(resolve, 50));
process.stdout.write(`ready ${url}\n`);
