import { describe, expect, it } from 'vitest';
import { PhonemeMotion } from '../../../../src/inference/avatar/motion/phoneme-motion.js';
import { BLENDSHAPES, MOTION, MOTION_FRAME_LENGTH } from '../../../../src/inference/avatar/motion-frame.js';
import type { AgentState, MotionStream } from '../../../../src/inference/engines.js';
import { SENTENCE, speechOf } from '../stock.js';

const FRAME_MS = 40;
const MOUTH = BLENDSHAPES.filter((name) => name.startsWith('mouth') || name.startsWith('jaw'));
const open = (seed = 1) => new PhonemeMotion().open({ frameRate: 25, seed });

function frame(stream: MotionStream, at: { segmentId: number; positionMs: number } | null = null): Float32Array {
  const out = new Float32Array(MOTION_FRAME_LENGTH);
  stream.next(at, out);
  return out;
}

function speak(
  stream: MotionStream,
  items: string,
  segmentId = 1,
  phaseMs = 0,
): { ms: number; values: Float32Array }[] {
  const speech = speechOf(segmentId, items);
  stream.addSpeech(speech);
  const frames: { ms: number; values: Float32Array }[] = [];
  for (let ms = phaseMs; ms < speech.durationMs; ms += FRAME_MS) {
    frames.push({ ms, values: frame(stream, { segmentId, positionMs: ms }) });
  }
  return frames;
}

/** Height of the opening between the lips that a frame asks for. */
function opening(values: Float32Array): number {
  return values[MOTION.jawOpen]! - values[MOTION.mouthClose]! + 0.2 * values[MOTION.mouthLowerDownLeft]!;
}

function largestStep(a: Float32Array, b: Float32Array, names: readonly (keyof typeof MOTION)[]): number {
  return Math.max(...names.map((name) => Math.abs(a[MOTION[name]]! - b[MOTION[name]]!)));
}

/** How often the lids close in `minutes`. */
function blinks(stream: MotionStream, minutes: number): { count: number; lengthsMs: number[] } {
  const lengthsMs: number[] = [];
  let closedFrames = 0;
  for (let i = 0; i < minutes * 60 * 25; i++) {
    if (frame(stream)[MOTION.eyeBlinkLeft]! > 0.3) closedFrames++;
    else if (closedFrames > 0) {
      lengthsMs.push(closedFrames * FRAME_MS);
      closedFrames = 0;
    }
  }
  return { count: lengthsMs.length, lengthsMs };
}

describe('phoneme motion', () => {
  it.each<AgentState>(['idle', 'listening', 'thinking', 'speaking'])(
    'stays within the ranges of a MotionFrame while %s',
    (state) => {
      const stream = open(11);
      stream.setState(state);
      const frames = [
        ...speak(stream, SENTENCE).map((f) => f.values),
        ...Array.from({ length: 3_000 }, () => frame(stream)),
      ];
      const outside = (name: keyof typeof MOTION, low: number, high: number) =>
        frames.filter((values) => !(values[MOTION[name]]! >= low && values[MOTION[name]]! <= high)).length;
      for (const name of BLENDSHAPES) expect(outside(name, 0, 1), name).toBe(0);
      for (const [name, most] of Object.entries({ headPitch: 0.18, headYaw: 0.27, headRoll: 0.18 }))
        expect(outside(name as keyof typeof MOTION, -most, most), name).toBe(0);
      for (const name of ['gazeX', 'gazeY'] as const) expect(outside(name, -1, 1), name).toBe(0);
    },
  );

  it.each([0, 7, 13, 20, 27, 33])('closes the lips within every p, b and m, frames %i ms out of step', (phaseMs) => {
    const { phonemes } = speechOf(1, SENTENCE);
    const frames = speak(open(), SENTENCE, 1, phaseMs);
    for (const phoneme of phonemes!.filter((p) => 'pbm'.includes(p.symbol))) {
      // A stress mark lengthens the sound that follows; the closure belongs to the consonant itself.
      const within = frames.filter((f) => f.ms >= phoneme.startMs && f.ms < phoneme.endMs + 6);
      expect(Math.min(...within.map((f) => opening(f.values))), `${phoneme.symbol} at ${phoneme.startMs}`).toBeLessThan(
        0.01,
      );
      expect(Math.max(...within.map((f) => f.values[MOTION.mouthPressLeft]!))).toBeGreaterThan(0.35);
    }
  });

  it('tucks the lower lip for f and v and opens for the vowels between', () => {
    const frames = speak(open(), 'f:90 ˈ:40 ɑ:160 v:80 ɑ:160 f:90');
    const roll = (from: number, to: number) =>
      Math.max(...frames.filter((f) => f.ms >= from && f.ms <= to).map((f) => f.values[MOTION.mouthRollLower]!));
    const jaw = (from: number, to: number) =>
      Math.max(...frames.filter((f) => f.ms >= from && f.ms <= to).map((f) => f.values[MOTION.jawOpen]!));
    expect(roll(30, 120)).toBeGreaterThan(0.7);
    expect(roll(320, 400)).toBeGreaterThan(0.7);
    expect(jaw(160, 300)).toBeGreaterThan(0.16);
    expect(roll(190, 225)).toBeLessThan(0.2);
  });

  it.each([',:500', '-:500'])('lets the mouth come to rest in a pause, %s', (pause) => {
    const frames = speak(open(), `m:60 ˈ:40 ɑ:200 ${pause} ɑ:200 m:80`);
    const openingAt = (ms: number) =>
      opening(frames.reduce((a, b) => (Math.abs(b.ms - ms) < Math.abs(a.ms - ms) ? b : a)).values);
    const pauseMs = 30 + 60 + 40 + 200 + 300;
    expect(openingAt(pauseMs)).toBeLessThan(0.25 * openingAt(30 + 60 + 40 + 120));
  });

  it('rounds the lips ahead of a rounded vowel', () => {
    const frames = speak(open(), 's:100 t:90 ˈ:40 u:180 t:80');
    const plain = speak(open(), 's:100 t:90 ˈ:40 i:180 t:80');
    const at = (list: typeof frames, ms: number) => list.find((f) => f.ms === ms)!.values[MOTION.mouthPucker]!;
    // 100 ms before the vowel begins, inside the consonants.
    expect(at(frames, 120)).toBeGreaterThan(0.25);
    expect(at(frames, 120)).toBeGreaterThan(at(plain, 120) + 0.2);
    expect(at(frames, 320)).toBeGreaterThan(0.6);
  });

  it('opens the jaw less when the voice is quiet', () => {
    const loud = speechOf(1, 'ˈ:40 ɑ:360 _:200 ˈ:40 ɑ:360');
    loud.loudness = loud.loudness.map((value, i) => (i < 61 ? value : value * 0.1));
    const stream = open();
    stream.addSpeech(loud);
    const jaw: number[] = [];
    for (let ms = 0; ms < loud.durationMs; ms += FRAME_MS)
      jaw.push(frame(stream, { segmentId: 1, positionMs: ms })[MOTION.jawOpen]!);
    expect(Math.max(...jaw.slice(16))).toBeLessThan(0.8 * Math.max(...jaw.slice(0, 13)));
  });

  it('moves the jaw with the loudness when no phonemes are known', () => {
    const stream = open();
    const loudness = Float32Array.from({ length: 200 }, (_, i) => (i < 100 && i >= 50 ? 0 : 0.08));
    stream.addSpeech({ segmentId: 5, durationMs: 2_000, loudness });
    const jaw = Array.from(
      { length: 50 },
      (_, i) => frame(stream, { segmentId: 5, positionMs: i * FRAME_MS })[MOTION.jawOpen]!,
    );
    expect(jaw[8]!).toBeGreaterThan(0.2);
    expect(jaw[18]!).toBeLessThan(0.02);
    expect(jaw[30]!).toBeGreaterThan(0.2);
  });

  it('relaxes within 120 ms of an interruption, from where it is and never with a jump', () => {
    for (let cut = 3; cut < 34; cut++) {
      const stream = open(3);
      const before = speak(stream, SENTENCE).slice(0, cut);
      const restart = open(3);
      restart.addSpeech(speechOf(1, SENTENCE));
      let last = before[0]!.values;
      for (const { ms } of before) last = frame(restart, { segmentId: 1, positionMs: ms });
      restart.interrupt();
      for (let k = 1; k <= 3; k++) {
        const now = frame(restart, { segmentId: 1, positionMs: cut * FRAME_MS + k * FRAME_MS });
        expect(largestStep(last, now, MOUTH)).toBeLessThan(0.56);
        last = now;
      }
      expect(last[MOTION.jawOpen]!).toBeLessThan(0.005);
      expect(last[MOTION.mouthPucker]!).toBeLessThan(0.01);
    }
  });

  it('closes gently when the voice runs dry and goes on where it comes back', () => {
    const stream = open();
    stream.addSpeech(speechOf(1, 'ˈ:40 ɑ:800'));
    let last = frame(stream, { segmentId: 1, positionMs: 0 });
    for (let ms = 40; ms <= 320; ms += FRAME_MS) last = frame(stream, { segmentId: 1, positionMs: ms });
    const opened = last[MOTION.jawOpen]!;
    for (let k = 0; k < 5; k++) {
      const now = frame(stream, null);
      expect(Math.abs(now[MOTION.jawOpen]! - last[MOTION.jawOpen]!)).toBeLessThan(0.4 * opened + 0.01);
      last = now;
    }
    expect(last[MOTION.jawOpen]!).toBeLessThan(0.01);
    for (let ms = 360; ms <= 600; ms += FRAME_MS) last = frame(stream, { segmentId: 1, positionMs: ms });
    expect(last[MOTION.jawOpen]!).toBeGreaterThan(0.8 * opened);
  });

  it('moves no mouth coefficient by more than half its range from frame to frame in speech', () => {
    const frames = speak(open(), SENTENCE);
    for (let i = 1; i < frames.length; i++) {
      expect(largestStep(frames[i - 1]!.values, frames[i]!.values, MOUTH)).toBeLessThan(0.7);
      expect(largestStep(frames[i - 1]!.values, frames[i]!.values, ['jawOpen'])).toBeLessThan(0.25);
    }
  });

  it('opens the jaw by no more than a tenth of its range in a frame, at the joints of segments and after silence too', () => {
    const stream = open();
    let last = frame(stream);
    for (const id of [1, 2, 3]) {
      const speech = speechOf(id, 'ˈ:40 ɑ:300 p:60 ˈ:40 æ:200');
      stream.addSpeech(speech);
      for (let positionMs = 30; positionMs < speech.durationMs; positionMs += FRAME_MS) {
        const now = frame(stream, { segmentId: id, positionMs });
        expect(now[MOTION.jawOpen]! - last[MOTION.jawOpen]!).toBeLessThan(0.1 + 1e-6);
        last = now;
      }
      if (id === 2) for (let k = 0; k < 10; k++) last = frame(stream);
    }
  });

  it('is the same for the same seed and different for another', () => {
    const run = (seed: number) => Array.from({ length: 500 }, ((stream) => () => [...frame(stream)])(open(seed)));
    expect(run(42)).toEqual(run(42));
    expect(run(42)).not.toEqual(run(43));
  });

  it('lives no idle minute twice', () => {
    const stream = open(5);
    const minute = () => Array.from({ length: 1_500 }, () => frame(stream)[MOTION.headYaw]!);
    const [first, second] = [minute(), minute()];
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    const [m1, m2] = [mean(first), mean(second)];
    let [cross, v1, v2] = [0, 0, 0];
    for (let i = 0; i < first.length; i++) {
      cross += (first[i]! - m1) * (second[i]! - m2);
      v1 += (first[i]! - m1) ** 2;
      v2 += (second[i]! - m2) ** 2;
    }
    expect(v1).toBeGreaterThan(0);
    expect(Math.abs(cross / Math.sqrt(v1 * v2))).toBeLessThan(0.5);
  });

  it.each([1, 2, 3])('blinks 12 to 24 times a minute, 120 to 360 ms each (seed %i)', (seed) => {
    const { count, lengthsMs } = blinks(open(seed), 5);
    expect(count / 5).toBeGreaterThan(12);
    expect(count / 5).toBeLessThan(24);
    for (const ms of lengthsMs) {
      expect(ms).toBeGreaterThanOrEqual(120);
      expect(ms).toBeLessThanOrEqual(360);
    }
  });

  it('breathes in every state: 12 to 20 full breaths a minute, without a jump', () => {
    for (const state of ['idle', 'listening', 'thinking', 'speaking'] as const) {
      const stream = open();
      stream.setState(state);
      const exhale = Array.from({ length: 60 * 25 }, () => frame(stream)[MOTION.exhale]!);
      expect(Math.min(...exhale)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...exhale)).toBeLessThanOrEqual(1);
      const breaths = exhale.filter((value, i) => i > 0 && value >= 0.5 && exhale[i - 1]! < 0.5).length;
      expect(breaths).toBeGreaterThanOrEqual(12);
      expect(breaths).toBeLessThanOrEqual(20);
      const jumps = exhale.map((value, i) => Math.abs(value - (exhale[i - 1] ?? value)));
      expect(Math.max(...jumps)).toBeLessThan(0.06);
    }
  });

  it('nods while it listens and not while it idles', () => {
    const quickPitch = (state: AgentState) => {
      const stream = open(8);
      stream.setState(state);
      const pitch = Array.from({ length: 1_500 }, () => frame(stream)[MOTION.headPitch]!);
      // Steps of 160 ms: nods are faster than the sway.
      return pitch.slice(4).filter((value, i) => Math.abs(value - pitch[i]!) > 0.018).length;
    };
    expect(quickPitch('listening')).toBeGreaterThan(30);
    expect(quickPitch('idle')).toBeLessThan(10);
  });

  it('nods more often where the visitor pauses than by itself', () => {
    const nods = (pauses: boolean) => {
      let count = 0;
      for (let seed = 1; seed <= 4; seed++) {
        const stream = open(seed);
        stream.setState('listening');
        const pitch: number[] = [];
        for (let i = 0; i < 1_500; i++) {
          if (pauses && i % 60 === 30) stream.visitorPaused();
          pitch.push(frame(stream)[MOTION.headPitch]!);
        }
        count += pitch.slice(4).filter((value, i) => Math.abs(value - pitch[i]!) > 0.018).length;
      }
      return count;
    };
    expect(nods(true)).toBeGreaterThan(1.4 * nods(false));
  });

  it('nods where a statement ends and raises the head where a question does', () => {
    const lowest = (mark: string) => {
      let sum = 0;
      for (let seed = 1; seed <= 8; seed++) {
        const stream = open(seed);
        const frames = speak(stream, `m:80 I:200 b:80 i:300 ${mark}:700`, 1);
        const before = frames.filter((f) => f.ms < 400).at(-1)!.values[MOTION.headPitch]!;
        const after = frames.filter((f) => f.ms > 600).map((f) => f.values[MOTION.headPitch]! - before);
        sum += mark === '?' ? Math.max(...after) : Math.min(...after);
      }
      return sum / 8;
    };
    expect(lowest('.')).toBeLessThan(-0.02);
    expect(lowest('?')).toBeGreaterThan(0.01);
  });

  it('says good news with a smile and sad news with raised inner brows', () => {
    const said = (tone: number) => {
      const stream = open(3);
      stream.addSpeech({ ...speechOf(1, SENTENCE), tone });
      let last = new Float32Array(0);
      for (let ms = 0; ms < 1_600; ms += FRAME_MS) last = frame(stream, { segmentId: 1, positionMs: ms }).slice();
      return last;
    };
    const [glad, plain, sad] = [said(1), said(0), said(-1)];
    expect(glad[MOTION.mouthSmileLeft]!).toBeGreaterThan(plain[MOTION.mouthSmileLeft]! + 0.15);
    expect(sad[MOTION.mouthSmileLeft]!).toBeCloseTo(plain[MOTION.mouthSmileLeft]!, 6);
    expect(sad[MOTION.browInnerUp]!).toBeGreaterThan(plain[MOTION.browInnerUp]! + 0.2);
  });

  it('keeps the eyes on the visitor while the head turns', () => {
    const stream = open(9);
    stream.setState('speaking');
    // The eyes' aim in the room: gaze in the head plus the head's turn, ±1 being 30°.
    const aims = Array.from({ length: 3_000 }, () => {
      const values = frame(stream);
      return { aim: values[MOTION.gazeX]! + (values[MOTION.headYaw]! * 6) / Math.PI, yaw: values[MOTION.headYaw]! };
    });
    const turned = aims.filter(({ yaw }) => Math.abs(yaw) > 0.05);
    expect(turned.length).toBeGreaterThan(300);
    const onVisitor = turned.filter(({ aim }) => Math.abs(aim) < 0.14).length / turned.length;
    expect(onVisitor).toBeGreaterThan(0.7);
    expect(onVisitor).toBeLessThan(0.99);
  });

  it('never turns the head faster than 1.2° a frame, interruptions and changes of state included', () => {
    const states: AgentState[] = ['listening', 'speaking', 'thinking', 'speaking', 'idle'];
    for (let seed = 1; seed <= 5; seed++) {
      const stream = open(seed);
      let last = frame(stream);
      for (let i = 0; i < 1_000; i++) {
        if (i % 37 === 0) stream.setState(states[(i / 37) % states.length]!);
        if (i % 83 === 0) stream.interrupt();
        if (i % 61 === 0) stream.addSpeech(speechOf(i, SENTENCE));
        if (i % 29 === 0) stream.visitorPaused();
        const now = frame(stream, i % 61 < 50 ? { segmentId: i - (i % 61), positionMs: (i % 61) * FRAME_MS } : null);
        expect(largestStep(last, now, ['headPitch', 'headYaw', 'headRoll'])).toBeLessThan((1.2 * Math.PI) / 180);
        last = now;
      }
    }
  });

  it('looks away while it thinks and back at the visitor after', () => {
    const stream = open(4);
    const away = (frames: number) =>
      Array.from({ length: frames }, () => frame(stream)).filter(
        (f) => Math.hypot(f[MOTION.gazeX]!, f[MOTION.gazeY]!) > 0.3,
      ).length;
    stream.setState('thinking');
    expect(away(50)).toBeGreaterThan(30);
    stream.setState('speaking');
    away(25);
    expect(away(100)).toBeLessThan(15);
  });

  it('changes between states without a jump of head or brows', () => {
    const stream = open(6);
    const states: AgentState[] = ['listening', 'thinking', 'speaking', 'idle'];
    let last = frame(stream);
    for (let i = 0; i < 1_000; i++) {
      if (i % 50 === 0) stream.setState(states[(i / 50) % 4]!);
      const now = frame(stream);
      expect(largestStep(last, now, ['headPitch', 'headYaw', 'headRoll'])).toBeLessThan(0.02);
      expect(largestStep(last, now, ['browInnerUp', 'browOuterUpLeft', 'browDownLeft'])).toBeLessThan(0.2);
      last = now;
    }
  });

  it('forgets the oldest speech beyond its bound', () => {
    const stream = open();
    for (let id = 0; id < 100; id++) stream.addSpeech(speechOf(id, 'ˈ:40 ɑ:400'));
    const jawOf = (segmentId: number) => {
      let jaw = 0;
      for (let ms = 0; ms <= 240; ms += FRAME_MS) jaw = frame(stream, { segmentId, positionMs: ms })[MOTION.jawOpen]!;
      return jaw;
    };
    expect(jawOf(0)).toBe(0);
    expect(jawOf(99)).toBeGreaterThan(0.2);
  });
});
