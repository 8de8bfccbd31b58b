import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** What a Squoosh decoder gives: null when it cannot decode. It also ends its "program" with an exception. */
export interface Decoder {
  decode(
    file: Uint8Array,
    preserveOrientation?: boolean,
  ): { width: number; height: number; data: Uint8ClampedArray } | null;
}

interface Settings {
  noInitialRun: true;
  wasmBinary: Uint8Array;
  print(line: string): void;
  printErr(line: string): void;
}

const require = createRequire(import.meta.url);

/**
 * A fresh instance of a WebAssembly codec of the jSquash packages, given by the path of its module without the ending. What it writes on
 * its error output goes to `onWarning`. One instance serves one picture: its memory, which only ever grows, goes away with it, and bytes
 * that confuse a decoder confuse no later one.
 */
export async function codecModule<T>(path: string, onWarning: (line: string) => void): Promise<T> {
  const [wasmBinary, module] = await Promise.all([
    readFile(require.resolve(`${path}.wasm`)),
    import(pathToFileURL(require.resolve(`${path}.js`)).href) as Promise<{
      default: (settings: Settings) => Promise<T>;
    }>,
  ]);
  return module.default({ noInitialRun: true, wasmBinary, print: onWarning, printErr: onWarning });
}
