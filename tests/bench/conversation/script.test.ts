import { describe, expect, it } from 'vitest';
import {
  FULL,
  PARTS,
  pausesOf,
  QUICK,
  type Scene,
  type ScriptOptions,
  writeScript,
} from '../../../src/bench/conversation/script.js';

const OPTIONS: ScriptOptions = {
  seed: 1,
  size: FULL,
  parts: PARTS,
  piperVoices: Array.from({ length: 900 }, (_, i) => `libritts-${i}`),
  kokoroVoices: ['af_sky', 'bm_daniel'],
};
const turns = (scenes: readonly Scene[]) =>
  scenes.flatMap(({ steps }) => steps.flatMap((step) => (step.kind === 'turn' ? [step.utterance] : [])));
const overlaps = (scenes: readonly Scene[]) =>
  scenes.flatMap(({ steps }) => steps.flatMap((step) => (step.kind === 'overlap' ? [step.sound] : [])));

describe('a script', () => {
  const script = writeScript(OPTIONS);

  it('is the same for the same seed, and another for another', () => {
    expect(writeScript(OPTIONS)).toEqual(script);
    expect(writeScript({ ...OPTIONS, seed: 2 })).not.toEqual(script);
  });

  it('has at least 300 pauses in mid-turn without noise, said by a hundred voices or more', () => {
    const quiet = script.filter(({ part }) => part === 'turns');
    expect(pausesOf(quiet)).toBeGreaterThanOrEqual(300);
    expect(new Set(turns(quiet).map(({ voice }) => voice.name)).size).toBeGreaterThanOrEqual(100);
    expect(new Set(turns(quiet).map(({ kind }) => kind))).toEqual(
      new Set(['whole', 'pause', 'hesitation', 'correction']),
    );
  });

  it('has one pause between any two phrases, of 200 to 1500 ms', () => {
    for (const { phrases, pausesMs } of turns(script)) {
      expect(pausesMs).toHaveLength(phrases.length - 1);
      for (const ms of pausesMs) expect(ms >= 200 && ms <= 1_500).toBe(true);
    }
  });

  it('has about 30 pauses when it is to be quick', () => {
    const pauses = pausesOf(writeScript({ ...OPTIONS, size: QUICK, parts: ['turns'] }));
    expect(pauses).toBeGreaterThanOrEqual(30);
    expect(pauses).toBeLessThan(35);
  });

  it('has words, noises and interruptions over the voice, two that must not stop it for each that must', () => {
    const sounds = overlaps(script.filter(({ part }) => part === 'overlap'));
    const count = (kind: string) => sounds.filter((sound) => sound.kind === kind).length;
    expect(count('interruption')).toBe(FULL.interruptions);
    expect(count('backchannel') + count('noise')).toBe(2 * FULL.interruptions);
    expect(count('noise')).toBeGreaterThan(20);
    expect(count('backchannel')).toBeGreaterThan(40);
  });

  it('has noise at 20, 10 and 5 dB, echo at three levels, and two more languages', () => {
    expect(new Set(script.flatMap(({ background }) => background?.snrDb ?? []))).toEqual(new Set([20, 10, 5]));
    expect(new Set(script.flatMap(({ echo }) => echo?.levelDb ?? []))).toEqual(new Set([-6, -12, -24]));
    expect(new Set(script.map(({ language }) => language))).toEqual(new Set(['en', 'es', 'de']));
  });

  it('keeps the rest as it is when parts are left out', () => {
    const alone = writeScript({ ...OPTIONS, parts: ['echo'] });
    expect(alone).toEqual(script.filter(({ part }) => part === 'echo'));
  });

  it('names every scene once', () => {
    expect(new Set(script.map(({ id }) => id)).size).toBe(script.length);
  });

  it('takes all voices from Piper where Kokoro has none', () => {
    const scenes = writeScript({ ...OPTIONS, kokoroVoices: [], parts: ['turns', 'overlap'] });
    expect(new Set(turns(scenes).map(({ voice }) => voice.engine))).toEqual(new Set(['piper']));
  });
});
