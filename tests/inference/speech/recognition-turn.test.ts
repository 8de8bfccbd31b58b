import { describe, expect, it } from 'vitest';
import { type Decode, RecognitionTurn } from '../../../src/inference/speech/recognition-turn.js';
import { concat, RATE_HZ, silence, tone } from '../../support/speech-audio.js';

/** Says how many tenths of a second it was given, and by which pass. */
function counting(): { decode: Decode; calls: string[] } {
  const calls: string[] = [];
  const decode: Decode = async (samples, pass) => {
    calls.push(`${pass} ${(samples.length / RATE_HZ).toFixed(1)}`);
    return { text: `${pass[0]}${(samples.length / RATE_HZ).toFixed(1)}`, computeMs: 5 };
  };
  return { decode, calls };
}

/** Three tones of 10 s with a pause of 0.4 s after each. */
const LONG = concat(...Array.from({ length: 3 }, () => concat(tone(9_600, 220), silence(400))));

describe('RecognitionTurn', () => {
  it('decodes a short turn whole', async () => {
    const turn = new RecognitionTurn();
    const { decode, calls } = counting();
    turn.push(tone(3_000, 220));
    expect(await turn.transcribe('final', decode)).toEqual({ text: 'f3.0', audioMs: 3_000, computeMs: 5 });
    expect(calls).toEqual(['final 3.0']);
  });

  it('goes on after a final text, and covers all audio again', async () => {
    const turn = new RecognitionTurn();
    const { decode } = counting();
    turn.push(tone(2_000, 220));
    await turn.transcribe('final', decode);
    turn.push(tone(1_000, 220));
    expect((await turn.transcribe('final', decode)).text).toBe('f3.0');
  });

  it('answers from memory while no samples come, also for a partial pass, but not the other way round', async () => {
    const turn = new RecognitionTurn();
    const { decode, calls } = counting();
    turn.push(tone(1_000, 220));
    await turn.transcribe('partial', decode);
    await turn.transcribe('final', decode);
    const again = await turn.transcribe('final', decode);
    expect(again).toEqual({ text: 'f1.0', audioMs: 1_000, computeMs: 0 });
    expect((await turn.transcribe('partial', decode)).text).toBe('f1.0');
    expect(calls).toEqual(['partial 1.0', 'final 1.0']);
  });

  it('cuts a long turn in its pauses and decodes what lies before a cut only once, with the best model', async () => {
    const turn = new RecognitionTurn();
    const { decode, calls } = counting();
    turn.push(LONG.subarray(0, 18 * RATE_HZ));
    await turn.transcribe('partial', decode);
    expect(calls).toEqual(['final 9.7', 'partial 8.3']);
    turn.push(LONG.subarray(18 * RATE_HZ));
    expect((await turn.transcribe('final', decode)).text).toBe('f9.7 f10.0 f10.3');
    expect(calls.slice(2)).toEqual(['final 10.0', 'final 10.3']);
  });

  it('keeps the text of pieces whose audio is no longer kept', async () => {
    const turn = new RecognitionTurn();
    const { decode } = counting();
    for (let part = 0; part < 4; part += 1) {
      turn.push(LONG.subarray(0, 10 * RATE_HZ));
      await turn.transcribe('partial', decode);
    }
    const { text, audioMs } = await turn.transcribe('final', decode);
    expect(audioMs).toBe(40_000);
    expect(text.split(' ').reduce((sum, piece) => sum + Number(piece.slice(1)), 0)).toBeCloseTo(40, 0);
    expect(turn.keptAudio().length).toBeLessThanOrEqual(30 * RATE_HZ);
  });

  it('forgets everything on reset, also what a pass under way finds', async () => {
    const turn = new RecognitionTurn();
    const { decode } = counting();
    turn.push(LONG);
    const underWay = turn.transcribe('final', decode);
    turn.reset();
    turn.push(tone(30_000, 220));
    await underWay;
    expect((await turn.transcribe('final', decode)).text.split(' ')[0]).not.toBe('f9.7');
    turn.reset();
    turn.push(tone(1_000, 220));
    expect((await turn.transcribe('final', decode)).text).toBe('f1.0');
  });

  it('rejects with AbortError when aborted, and can be asked again', async () => {
    const turn = new RecognitionTurn();
    const abort = new AbortController();
    turn.push(tone(1_000, 220));
    const decode: Decode = async () => {
      abort.abort('changed my mind');
      return { text: 'late', computeMs: 1 };
    };
    await expect(turn.transcribe('final', decode, abort.signal)).rejects.toMatchObject({ name: 'AbortError' });
    expect((await turn.transcribe('final', counting().decode)).text).toBe('f1.0');
  });
});
