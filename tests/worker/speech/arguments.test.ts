import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../../src/worker/speech/arguments.js';

const defaults = { preload: ['kokoro' as const], cores: 2 };

describe('parseArguments', () => {
  it('needs no more than a socket', () => {
    expect(parseArguments(['--socket', '/run/s'], defaults)).toEqual({
      socketPath: '/run/s',
      recognitionThreads: 1,
      synthesisThreads: 2,
      preload: ['kokoro'],
    });
    expect(parseArguments(['--socket', '/run/s'], { ...defaults, cores: 16 }).synthesisThreads).toBe(4);
  });

  it('takes numbers of threads and a list of synthesisers, which may be empty', () => {
    const args = [
      '--socket',
      's',
      '--recognition-threads',
      '3',
      '--synthesis-threads',
      '1',
      '--synthesisers',
      'kokoro,piper',
    ];
    expect(parseArguments(args, defaults)).toEqual({
      socketPath: 's',
      recognitionThreads: 3,
      synthesisThreads: 1,
      preload: ['kokoro', 'piper'],
    });
    expect(parseArguments(['--socket', 's', '--synthesisers', ''], defaults).preload).toEqual([]);
  });

  it.each([
    [[], 'socket'],
    [['--socket', 's', '--synthesis-threads', '0'], 'synthesis-threads'],
    [['--socket', 's', '--recognition-threads', 'two'], 'recognition-threads'],
    [['--socket', 's', '--synthesisers', 'kokoro,espeak'], 'synthesisers'],
  ])('names the argument that is wrong in %j', (args, field) => {
    expect(() => parseArguments(args, defaults)).toThrow(expect.objectContaining({ code: 'bad-request', field }));
  });
});
