#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { withAgentFile } from './agent-file.js';
import { programVersion } from './cache.js';
import { type Config, configVariables, describeConfig, loadConfig } from './config.js';
import { agentName } from './config-engines.js';
import { phoneSettings, phoneUrls } from './dev-network.js';
import { VisavisError } from './errors.js';

const USAGE = `visavis: a face for a language model

  visavis serve [--host ADDRESS] [--port PORT] [--dev-tls]
                                                 run the service (default)
  visavis doctor                                 check this machine and what was set up
  visavis talk                                   talk with the avatar from the terminal
  visavis avatar preview AVATAR --sheet OUT.png  draw every expression and mouth shape of an avatar on one sheet
  visavis avatar create PHOTO --name NAME --consent FILE
                                                 make an avatar of the face in a picture (create --help says more)
  visavis avatar export AVATAR FILE.zip          pack an avatar for another machine
  visavis avatar import FILE.zip                 take an avatar that was packed so
  visavis avatar import FOLDER --name NAME --licence FILE
                                                 make an avatar of a folder of the LiteAvatar family (import --help says more)
  visavis avatar preview AVATAR --clip OUT.webm  make a film in which an avatar speaks
  visavis avatar preview AVATAR --strip OUT.png  draw successive frames of an avatar's mouth while it speaks
  visavis avatar inspect PHOTO [--json] [--out FILE]
                                                 say whether an avatar can be made of the face in a picture
  visavis turns replay TRACE                     run the turn machine over a recording of turns (turns --help says more)
  visavis turns draw TRACE --out OUT.svg         draw a recording of turns
  visavis config                                 print the configuration, secrets left out
  visavis --help | --version

Settings come from the environment: ${configVariables.join(', ')}.
`;

/** A full disk or a closed terminal under the output must not end a service. */
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    args: process.argv.slice(2),
    allowPositionals: true,
    strict: false,
    options: {
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'v' },
      host: { type: 'string' },
      port: { type: 'string' },
      'dev-tls': { type: 'boolean' },
    },
  });
  const [command = 'serve'] = positionals;
  if (values.help === true && (command === 'serve' || command === 'config')) process.stdout.write(USAGE);
  else if (values.version === true) process.stdout.write(`${programVersion()}\n`);
  else if (command === 'serve') await serve(environment(values));
  else if (command === 'config') printConfig(loadConfig(environment(values)));
  else if (command === 'doctor' || command === 'talk') await runModule(command);
  else if (command === 'turns') await turns(process.argv.slice(3));
  else if (command === 'avatar') await avatar(process.argv.slice(3));
  else throw new VisavisError('bad-request', `unknown command "${command}"\n\n${USAGE}`);
}

function environment(values: Record<string, unknown>): Record<string, string | undefined> {
  const known = new Set(['help', 'version', 'host', 'port', 'dev-tls']);
  const unknown = Object.keys(values).find((name) => !known.has(name));
  if (unknown !== undefined) throw new VisavisError('bad-request', `unknown option --${unknown}\n\n${USAGE}`);
  const env = { ...process.env };
  if (typeof values['host'] === 'string') env['VISAVIS_HOST'] = values['host'];
  if (typeof values['port'] === 'string') env['VISAVIS_PORT'] = values['port'];
  if (values['dev-tls'] === true) env['VISAVIS_DEV_TLS'] = 'on';
  return env;
}

async function serve(given: Record<string, string | undefined>): Promise<void> {
  const phones = phoneSettings(given);
  const env = withAgentFile({ ...given, ...phones });
  const config = loadConfig(env);
  const { startService } = await import('./serve.js');
  const beganMs = performance.now();
  const service = startService(config, env);
  let asked = false;
  const stop = () => {
    // The first signal lets conversations end by themselves for a while; a second one does not wait.
    void service.close(!asked).then(() => process.exit(0));
    asked = true;
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  process.stdout.write('Visavis is starting: loading speech models …\n');
  try {
    const { url, mediaMs, speechMs, avatarMs, speech, kokoroMs, capacity } = await service.ready;
    const agent = agentName(config);
    const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
    process.stdout.write(
      `Visavis is ready after ${seconds(performance.now() - beganMs)}: ${url}\n` +
        `  speech ${speech} (${seconds(speechMs)}), agent ${agent}, avatar ${config.avatar} (${seconds(avatarMs)}), ` +
        `media server (${seconds(mediaMs)}), room for ${capacity} conversation${capacity === 1 ? '' : 's'} at once\n`,
    );
    if (config.tls === 'self-signed') {
      process.stdout.write('  The certificate is self-signed: each browser asks once whether to go on.\n');
      const urls = phoneUrls(url, config.host, phones.VISAVIS_API_KEYS);
      for (const phoneUrl of urls) process.stdout.write(`  For phones on this network: ${phoneUrl}\n`);
    }
    if (speech === 'piper' && kokoroMs !== undefined) {
      process.stdout.write(
        `  Kokoro, the more natural voice, needs ${Math.round(kokoroMs)} ms for its first words here; VISAVIS_SPEECH=kokoro chooses it all the same\n`,
      );
    }
  } catch (thrown) {
    await service.close();
    if (asked) process.exit(0);
    throw thrown;
  }
}

function printConfig(config: Config): void {
  process.stdout.write(`${JSON.stringify(describeConfig(config), null, 2)}\n`);
}

const MODULES = { doctor: './doctor.js', talk: './talk/main.js', inspect: './avatar-command.js' } as const;

/** Programs of their own, loaded only when they are asked for. */
async function runModule(command: keyof typeof MODULES): Promise<void> {
  const file = MODULES[command];
  const module = (await import(new URL(file, import.meta.url).href)) as { main?: (args: string[]) => Promise<void> };
  await module.main?.(process.argv.slice(3));
}

async function turns(args: string[]): Promise<void> {
  const { turns: run } = await import('./turns/main.js');
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort(new VisavisError('unavailable', 'interrupted')));
  process.exitCode = await run(args, loadConfig(process.env), {
    write: (text) => void process.stdout.write(text),
    signal: stop.signal,
  });
}

/** A preview needs no configuration but the folder of the stock avatars and what stands in the pictures. */
async function avatar(args: string[]): Promise<void> {
  if (args[0] === 'create') {
    const { main: create } = await import('./avatar-create-command.js');
    return create(args, loadConfig(process.env));
  }
  if (args[0] === 'import') {
    const { main: importAvatar } = await import('./avatar-import-command.js');
    return importAvatar(args, loadConfig(process.env));
  }
  if (args[0] === 'export') {
    const { exportAvatar } = await import('./avatar-zip-command.js');
    return exportAvatar(args, loadConfig(process.env));
  }
  if (args[0] !== 'preview') return runModule('inspect');
  const { main: preview } = await import('./preview/main.js');
  const { badgeText } = await import('./signaling/session-texts.js');
  const config = loadConfig(process.env);
  await preview(args, config.avatarFolders, badgeText(config, config.language) ?? '');
}

main().catch((thrown: unknown) => {
  const error = VisavisError.from(thrown);
  process.stderr.write(`visavis: ${error.message}\n`);
  if (error.code === 'internal' && error.cause instanceof Error) process.stderr.write(`${error.cause.stack}\n`);
  process.exit(1);
});
