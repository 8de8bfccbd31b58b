/**
 * Reads our own Dockerfile far enough to carry it out without a container engine: stages, ARG and ENV with their scope, RUN, COPY,
 * WORKDIR, USER and what the image says about running. What is not understood is an error, never skipped.
 * Reference: https://docs.docker.com/reference/dockerfile/
 */
import { SetupError } from './report.mjs';

const SETTINGS = ['FROM', 'ARG', 'ENV', 'COPY', 'WORKDIR', 'USER', 'EXPOSE', 'STOPSIGNAL'];
/** Their variables are the shell's, which gets ARG and ENV as its environment. */
const COMMANDS = new Set(['RUN', 'CMD', 'ENTRYPOINT', 'HEALTHCHECK']);
const KNOWN = new Set([...SETTINGS, ...COMMANDS]);

/**
 * What is in force at a step. `args` are those of the stage, `workdir` is absolute.
 * @typedef {{ text: string, env: Record<string, string>, args: Record<string, string>, workdir: string, user: string }} State
 *
 * @typedef {State & { kind: 'run', command: string[] }} RunStep
 * @typedef {State & { kind: 'copy', sources: string[], destination: string, from?: string, chown?: string, chmod?: string }} CopyStep
 *
 * @typedef {object} Image
 * @property {Record<string, string>} env
 * @property {string} workdir
 * @property {string} user
 * @property {string[]} ports number/protocol
 * @property {string} stopSignal
 * @property {{ command: string[], [flag: string]: string | string[] } | undefined} healthcheck
 * @property {string[]} entrypoint
 * @property {string[]} command
 *
 * @typedef {{ name: string, base: string, args: Map<string, string>, steps: (RunStep | CopyStep)[], image: Image }} Stage
 */

/**
 * Parses the text; `buildArguments` are the values of `--build-arg`. Returns the stages in order, each
 * `{ name, base, steps, image }`: `steps` are RUN and COPY with the state in force (env, workdir, user), all variables replaced;
 * `image` is what the stage ends with. `base` is an earlier stage's name or an image. Throws a `SetupError` that names the line.
 * @param {string} text
 * @param {Record<string, string>} [buildArguments]
 * @returns {Stage[]}
 */
export function parseDockerfile(text, buildArguments = {}) {
  const globals = new Map();
  const stages = [];
  let stage;
  for (const { line, keyword, rest } of instructions(text)) {
    const fail = (message) => {
      throw new SetupError(`Dockerfile:${line}: ${message}`);
    };
    if (!KNOWN.has(keyword)) fail(`${keyword} is not understood here`);
    // ARG before the first FROM serves the FROM lines only, and stages that declare it again.
    const outside = stage === undefined || keyword === 'FROM';
    const variables = outside ? globals : new Map([...stage.args, ...Object.entries(stage.image.env)]);
    const replaced = COMMANDS.has(keyword) ? rest : expand(rest, variables);
    if (keyword === 'ARG') {
      const [, name, fallback] = /^(\w+)(?:=(.*))?$/s.exec(replaced) ?? fail(`ARG ${rest}`);
      const inherited = stage === undefined ? undefined : globals.get(name);
      const value = buildArguments[name] ?? (fallback === undefined ? inherited : unquote(fallback));
      if (value !== undefined) (stage?.args ?? globals).set(name, value);
      continue;
    }
    if (keyword === 'FROM') {
      const [, base, , name] = /^(\S+)(\s+AS\s+(\S+))?$/i.exec(replaced) ?? fail(`FROM ${rest}`);
      const parent = stages.find((other) => other.name === base);
      stage = { name: name ?? String(stages.length), base, args: new Map(), steps: [], image: newImage(parent?.image) };
      stages.push(stage);
      continue;
    }
    if (stage === undefined) fail(`${keyword} stands before the first FROM`);
    applyTo(stage, keyword, replaced, fail);
  }
  if (stages.length === 0) throw new SetupError('Dockerfile: no FROM');
  return stages;
}

/** Arguments given that no ARG takes: a misspelt one would otherwise change nothing, silently. */
export function unusedArguments(text, buildArguments) {
  const declared = new Set(
    [...instructions(text)].filter((i) => i.keyword === 'ARG').map((i) => /^\w+/.exec(i.rest)?.[0]),
  );
  return Object.keys(buildArguments).filter((name) => !declared.has(name));
}

function newImage(parent) {
  const fresh = { env: {}, workdir: '/', user: 'root', ports: [], stopSignal: 'SIGTERM', healthcheck: undefined };
  return structuredClone(parent ?? { ...fresh, entrypoint: [], command: [] });
}

function applyTo(stage, keyword, rest, fail) {
  const { image } = stage;
  const state = () => ({
    env: { ...image.env },
    args: Object.fromEntries(stage.args),
    workdir: image.workdir,
    user: image.user,
  });
  if (keyword === 'ENV') Object.assign(image.env, assignments(rest, fail));
  else if (keyword === 'WORKDIR')
    image.workdir = rest.startsWith('/') ? rest : `${image.workdir.replace(/\/$/, '')}/${rest}`;
  else if (keyword === 'USER') image.user = rest;
  else if (keyword === 'EXPOSE')
    image.ports.push(...rest.split(/\s+/).map((port) => (port.includes('/') ? port : `${port}/tcp`)));
  else if (keyword === 'STOPSIGNAL') image.stopSignal = rest;
  else if (keyword === 'ENTRYPOINT') image.entrypoint = command(rest);
  else if (keyword === 'CMD') image.command = command(rest);
  else if (keyword === 'RUN') stage.steps.push({ kind: 'run', command: command(rest), text: rest, ...state() });
  else if (keyword === 'COPY') stage.steps.push({ kind: 'copy', ...copy(rest, fail), text: rest, ...state() });
  else image.healthcheck = healthcheck(rest, fail);
}

/** Logical lines: comments left out, continuations joined. */
function* instructions(text) {
  let line = 0;
  let began = 0;
  let joined = '';
  for (const raw of text.split('\n')) {
    line += 1;
    if (/^\s*(#|$)/.test(raw)) continue;
    if (joined === '') began = line;
    joined += raw.replace(/\\\s*$/, '');
    if (/\\\s*$/.test(raw)) continue;
    const [, keyword, rest] = /^\s*(\w+)\s*(.*?)\s*$/s.exec(joined) ?? [];
    if (/<<-?["']?\w/.test(joined)) throw new SetupError(`Dockerfile:${began}: here-documents are not understood`);
    yield { line: began, keyword: keyword?.toUpperCase() ?? joined.trim(), rest: rest ?? '' };
    joined = '';
  }
  if (joined !== '') throw new SetupError(`Dockerfile:${began}: the last line is continued`);
}

/** `$NAME`, `${NAME}`, `${NAME:-default}`. */
function expand(text, variables) {
  return text.replace(/\$(?:(\w+)|\{(\w+)(?::-([^}]*))?\})/g, (_match, plain, braced, fallback) => {
    return variables.get(plain ?? braced) || fallback || '';
  });
}

/** Exec form as it is, shell form by /bin/sh as the reference says. */
function command(text) {
  if (!text.startsWith('[')) return ['/bin/sh', '-c', text];
  return JSON.parse(text);
}

function assignments(text, fail) {
  const values = {};
  const pattern = /\s*(\w+)=("(?:[^"\\]|\\.)*"|\S*)/gy;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) values[match[1]] = unquote(match[2]);
  if (Object.keys(values).length === 0) fail(`ENV ${text}: expected NAME=VALUE`);
  return values;
}

function unquote(text) {
  return /^"(.*)"$/s.exec(text)?.[1]?.replace(/\\(.)/g, '$1') ?? text;
}

function flags(text) {
  const found = {};
  const rest = text.replace(/--([\w-]+)(?:=(\S+))?\s+/g, (_match, name, value) => {
    found[name] = value;
    return '';
  });
  return { found, rest };
}

function copy(text, fail) {
  const { found, rest } = flags(text);
  const unknown = Object.keys(found).find((name) => !['from', 'chown', 'chmod'].includes(name));
  if (unknown !== undefined) fail(`COPY --${unknown} is not understood here`);
  const paths = rest.split(/\s+/);
  const destination = paths.pop();
  if (paths.length === 0) fail(`COPY ${text}: expected sources and a destination`);
  if (paths.some((path) => /[*?[]/.test(path))) fail(`COPY ${text}: patterns are not understood here`);
  if (paths.length > 1 && !/(^\.|\/)$/.test(destination))
    fail(`COPY ${text}: several sources need a folder that ends with /`);
  return { sources: paths, destination, from: found.from, chown: found.chown, chmod: found.chmod };
}

function healthcheck(text, fail) {
  const { found, rest } = flags(text);
  const [, form] = /^CMD\s+(.*)$/s.exec(rest) ?? fail(`HEALTHCHECK ${text}`);
  return { ...found, command: command(form) };
}

/**
 * Whether `.dockerignore` keeps a path (with forward slashes, from the root of the context) out of the build.
 * @param {string} dockerignore
 * @returns {(path: string) => boolean}
 */
export function ignores(dockerignore) {
  const rules = dockerignore
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({
      keeps: line.startsWith('!'),
      pattern: patternOf(line.replace(/^!/, '').replace(/^\/|\/$/g, '')),
    }));
  return (path) => {
    const parts = path.split('/');
    const selves = parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
    // The last rule that speaks of the path or of a folder above it counts.
    return rules.reduce(
      (ignored, rule) => (selves.some((self) => rule.pattern.test(self)) ? !rule.keeps : ignored),
      false,
    );
  };
}

function patternOf(pattern) {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  const source = escaped.replace(/\*\*\/|\*\*|\*|\?/g, (wild) => {
    if (wild === '**/') return '(?:.*/)?';
    if (wild === '**') return '.*';
    return wild === '*' ? '[^/]*' : '[^/]';
  });
  return new RegExp(`^${source}$`);
}
