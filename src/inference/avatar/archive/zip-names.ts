import { quoted, zipProblem } from './zip-problem.js';

/** One entry of a zip file, as far as its name goes. */
export interface NamedEntry {
  /** As it stands in the file. */
  raw: Uint8Array;
  isFolder: boolean;
}

/** What macOS puts beside the files that it packs. */
const OF_MACOS = /^__MACOSX\/|(^|\/)\.(_|DS_Store$)/;
const PLAIN = /^[a-z0-9][a-z0-9_-]*(\.[a-z0-9]+)+$/;

/**
 * The name of an entry, read as UTF-8, of which nothing can lead out of a folder: no `..`, no absolute path, no drive, no backslash, no control
 * character. Throws `bad-request`, field `package`, with what is wrong with it.
 */
export function readName(raw: Uint8Array): string {
  let name: string;
  try {
    name = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw);
  } catch (cause) {
    const bytes = Buffer.from(raw.subarray(0, 30))
      .toString('latin1')
      .replace(/[^\x20-\x7e]/g, '?');
    throw unsuitable(`holds a file whose name is not UTF-8 (${quoted(bytes)}); expected plain lower-case names`, cause);
  }
  const say = (problem: string) => unsuitable(`holds a file named ${quoted(name)}: ${problem}`);
  if (name === '') throw unsuitable('holds a file without a name');
  if (name.includes('\0')) throw say('a name must not contain a zero byte');
  if (/\p{Cc}/u.test(name)) throw say('a name must not contain control characters');
  if (name.includes('\\')) throw say('a name must not contain a backslash');
  if (/^[A-Za-z]:/.test(name)) throw say('a name must not begin with a drive');
  if (name.startsWith('/')) throw say('a name must not be an absolute path');
  if (name.split('/').includes('..')) throw say('a name must not lead out of its folder');
  return name;
}

/**
 * The plain names of all files, in the order of `entries`; undefined for folders. A package is flat: either all lies at the top, or all lies in one
 * folder, whose name is left away, as file managers pack it. Throws `bad-request`, field `package`, at names that are no plain lower-case ones, that occur
 * twice, or that differ by case only.
 */
export function plainNames(entries: readonly NamedEntry[]): (string | undefined)[] {
  const names = entries.map(({ raw }) => readName(raw));
  const spellings = new Map<string, string>();
  for (const name of names) {
    const folded = name.normalize('NFKC').toLowerCase().replace(/\/$/, '');
    const before = spellings.get(folded);
    if (before === name) throw unsuitable(`holds ${quoted(name)} twice`);
    if (before !== undefined)
      throw unsuitable(`holds ${quoted(before)} and ${quoted(name)}, which many disks take for one`);
    spellings.set(folded, name);
  }
  const foreign = names.find((name) => OF_MACOS.test(name));
  if (foreign !== undefined) {
    const way = 'pack just the files of the package, or use "visavis avatar export"';
    throw unsuitable(`holds ${quoted(foreign)}, which macOS added and which belongs to no package: ${way}`);
  }
  const top = commonFolder(names);
  return names.map((name, index) => {
    const rest = name.slice(top.length);
    if (entries[index]!.isFolder) {
      if (rest === '') return undefined;
      throw unsuitable(`holds a folder ${quoted(name)}; the files of a package lie side by side`);
    }
    if (rest.includes('/')) throw unsuitable(`holds ${quoted(name)}; the files of a package lie side by side`);
    if (!PLAIN.test(rest)) throw unsuitable(`holds a file named ${quoted(name)}; expected a plain lower-case name`);
    return rest;
  });
}

/** The one folder in which everything lies, with its slash; empty where there is none. */
function commonFolder(names: readonly string[]): string {
  const first = names[0] ?? '';
  const top = first.slice(0, first.indexOf('/') + 1);
  return top !== '' && names.every((name) => name.startsWith(top)) ? top : '';
}

function unsuitable(what: string, cause?: unknown): Error {
  return zipProblem('zip-unsuitable', what, cause);
}
