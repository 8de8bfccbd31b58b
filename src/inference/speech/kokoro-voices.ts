import { readFile } from 'node:fs/promises';
import { VisavisError } from '../../errors.js';
import { modelFile } from '../models.js';
import { unknownVoice } from './voices.js';

/** Values of one style vector; a voice has one for every number of input symbols. */
export const STYLE_SIZE = 256;
/** Rows of a voice file: styles for 0…509 symbols. */
export const STYLE_ROWS = 510;

/** Style vectors of the voices in use, read once each. */
export class VoiceStyles {
  readonly names: readonly string[];
  readonly #loaded = new Map<string, Promise<Float32Array>>();

  constructor(names: readonly string[]) {
    this.names = names;
  }

  /** The style for `symbols` symbols, [256]. Rejects with `bad-request` naming the field `voice` for an unknown voice. */
  async style(voice: string, symbols: number): Promise<Float32Array> {
    if (!this.names.includes(voice)) throw unknownVoice(voice, this.names);
    let styles = this.#loaded.get(voice);
    if (styles === undefined) {
      styles = readStyles(voice);
      this.#loaded.set(voice, styles);
      styles.catch(() => this.#loaded.delete(voice));
    }
    const row = Math.min(Math.max(symbols, 0), STYLE_ROWS - 1);
    return (await styles).slice(row * STYLE_SIZE, (row + 1) * STYLE_SIZE);
  }
}

async function readStyles(voice: string): Promise<Float32Array> {
  const bytes = await readFile(modelFile(`kokoro-voice-${voice}.bin`));
  if (bytes.byteLength !== STYLE_ROWS * STYLE_SIZE * 4) {
    throw new VisavisError(
      'unavailable',
      `voice file of ${voice} has ${bytes.byteLength} bytes instead of ${STYLE_ROWS * STYLE_SIZE * 4}`,
    );
  }
  return new Float32Array(new Uint8Array(bytes).buffer);
}
