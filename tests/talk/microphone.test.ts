import { describe, expect, it } from 'vitest';
import { BLOCK_SAMPLES, type MicrophoneBlock, ScriptedMicrophone } from '../../src/talk/microphone.js';

function run(microphone: ScriptedMicrophone, fromMs: number, toMs: number, stepMs = 5): MicrophoneBlock[] {
  const blocks: MicrophoneBlock[] = [];
  for (let ms = fromMs; ms <= toMs; ms += stepMs) blocks.push(...microphone.due(ms));
  return blocks;
}

describe('a scripted microphone', () => {
  it('gives one block of 10 ms every 10 ms, silent while nothing is said', () => {
    const blocks = run(new ScriptedMicrophone(0), 0, 995);
    expect(blocks).toHaveLength(100);
    for (const { samples } of blocks) expect(samples.length).toBe(BLOCK_SAMPLES);
    expect(blocks.every(({ samples }) => samples.every((sample) => sample === 0))).toBe(true);
  });

  it('speaks clips one after the other and says where each begins and ends', () => {
    const microphone = new ScriptedMicrophone(0);
    microphone.speak(7, new Int16Array(BLOCK_SAMPLES * 2 + 1).fill(70));
    microphone.speak(8, new Int16Array(BLOCK_SAMPLES).fill(80));
    const blocks = run(microphone, 0, 95);
    expect(blocks.map(({ begins, ends }) => [begins, ends])).toEqual([
      [7, undefined],
      [undefined, undefined],
      [undefined, 7],
      [8, 8],
      ...Array(6).fill([undefined, undefined]),
    ]);
    expect(blocks.flatMap(({ samples }) => [...samples]).filter((sample) => sample === 70)).toHaveLength(961);
  });

  it('catches up after a short standstill and goes on without a burst after a long one, losing nothing', () => {
    const microphone = new ScriptedMicrophone(0);
    expect(microphone.due(200)).toHaveLength(21);
    microphone.speak(1, new Int16Array(BLOCK_SAMPLES * 10).fill(1));
    expect(microphone.due(5_000).length).toBeLessThanOrEqual(2);
    const blocks = run(microphone, 5_005, 5_200);
    expect(blocks.filter(({ ends }) => ends === 1)).toHaveLength(1);
  });
});
