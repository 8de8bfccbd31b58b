/**
 * Runs the stand-in of `openai-server.ts` as a process of its own: `node tests/support/openai-server-main.mjs [--port N] [--api-key K]`.
 * Prints one line of JSON, `{"url": …}`, when it listens; scripts are queued by POST to `/_script`; ends on SIGTERM or SIGINT.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';

const { values } = parseArgs({ options: { port: { type: 'string' }, 'api-key': { type: 'string' } } });
const { module } = await runnerImport(fileURLToPath(new URL('./openai-server.ts', import.meta.url)), {
  configFile: false,
});
const server = await module.OpenAiServer.start({ port: Number(values.port ?? 0), apiKey: values['api-key'] });
process.stdout.write(`${JSON.stringify({ url: server.url })}\n`);
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => server.close().then(() => process.exit(0)));
