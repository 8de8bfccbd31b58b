import { parseArgs } from 'node:util';
import { VisavisError } from '../../errors.js';
import { SYNTHESISERS, type SynthesiserName } from './protocol.js';
import type { StandardVoice } from './standard-voice.js';

export interface SpeechWorkerArguments {
  /** Path of the Unix socket to listen on. */
  socketPath: string;
  recognitionThreads: number;
  synthesisThreads: number;
  preload: SynthesiserName[];
  /** What an earlier worker on this machine chose: nothing is measured then. */
  standardVoice: StandardVoice | undefined;
}

/**
 * Reads `--socket PATH [--synthesisers kokoro,piper] [--recognition-threads N] [--synthesis-threads N] [--standard NAME --kokoro-ms MS]`;
 * an empty list of synthesisers loads none at the start. Throws `bad-request` that names the argument.
 */
export function parseArguments(
  args: readonly string[],
  defaults: { preload: SynthesiserName[]; cores: number },
): SpeechWorkerArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      socket: { type: 'string' },
      synthesisers: { type: 'string' },
      'recognition-threads': { type: 'string' },
      'synthesis-threads': { type: 'string' },
      standard: { type: 'string' },
      'kokoro-ms': { type: 'string' },
    },
  });
  if (values.socket === undefined) {
    throw new VisavisError('bad-request', 'the speech worker needs --socket PATH', { field: 'socket' });
  }
  const standardVoice = voiceOf(values.standard, values['kokoro-ms']);
  const preload = standardVoice === undefined ? defaults.preload : [standardVoice.standard];
  return {
    standardVoice,
    socketPath: values.socket,
    recognitionThreads: count('recognition-threads', values['recognition-threads']) ?? 1,
    synthesisThreads: count('synthesis-threads', values['synthesis-threads']) ?? (defaults.cores <= 4 ? 2 : 4),
    preload: values.synthesisers === undefined ? preload : names(values.synthesisers),
  };
}

function voiceOf(standard: string | undefined, kokoroMs: string | undefined): StandardVoice | undefined {
  if (standard === undefined) return undefined;
  const [name] = names(standard);
  const measuredMs = Number(kokoroMs);
  if (name !== undefined && measuredMs >= 0) return { standard: name, kokoroMs: measuredMs };
  throw new VisavisError('bad-request', `expected the milliseconds that Kokoro took, got "${kokoroMs}"`, {
    field: 'kokoro-ms',
  });
}

function count(field: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= 64) return number;
  throw new VisavisError('bad-request', `expected a whole number from 1 to 64, got "${value}"`, { field });
}

function names(value: string): SynthesiserName[] {
  return value
    .split(',')
    .filter((item) => item !== '')
    .map((item) => {
      const name = SYNTHESISERS.find((known) => known === item);
      if (name) return name;
      throw new VisavisError('bad-request', `expected some of ${SYNTHESISERS.join(', ')}, got "${item}"`, {
        field: 'synthesisers',
      });
    });
}
