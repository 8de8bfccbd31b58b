import { beforeAll, describe, expect, it } from 'vitest';
import { loadLandmarkTable } from '../../../../src/inference/avatar/landmark-table.js';
import { PhonemeMotion } from '../../../../src/inference/avatar/motion/phoneme-motion.js';
import { Random } from '../../../../src/inference/avatar/motion/random.js';
import { MOTION_FRAME_LENGTH } from '../../../../src/inference/avatar/motion-frame.js';
import { loadAvatarPackage } from '../../../../src/inference/avatar/package.js';
import { Expression } from '../../../../src/inference/avatar/renderer/expression.js';
import { type FaceGeometry, measureFace } from '../../../../src/inference/avatar/renderer/face-geometry.js';
import { SHAPES } from '../../../../src/inference/avatar/renderer/shapes.js';
import { coverFit } from '../../../../src/inference/avatar/renderer/texture.js';
import { SURFACE_COUNT } from '../../../../src/inference/avatar/rig.js';
import { SENTENCE, STOCK, speechOf, stockFolder } from '../stock.js';

const FRAME_MS = 40;
const UPRIGHT = { pitch: 0, yaw: 0, roll: 0 };
const VOWELS = ['ɑ', 'æ', 'i', 'u', 'ɔ', 'ɛ', 'O', 'A', 'W', 'I', 'ə', 'ɪ'];
const CONSONANTS = ['p', 'b', 'm', 'f', 'v', 'w', 's', 'ʃ', 't', 'l', 'θ', 'k', 'ɹ', 'n'];

/** Syllables at the tempo of fast speech, many of them with lips that close. */
function babble(seed: number): string {
  const random = new Random(seed);
  const next = () => random.uniform();
  const pick = (list: readonly string[], among = list.length) => list[Math.floor(next() * among)]!;
  return Array.from({ length: 25 }, (_, k) => {
    const consonant = `${pick(CONSONANTS, k % 3 === 0 ? 5 : undefined)}:${Math.round(45 + 50 * next())}`;
    return `${consonant} ${pick(VOWELS)}:${Math.round(60 + 140 * next())}`;
  }).join(' ');
}

describe.each(STOCK)('steps from frame to frame: %s', (id) => {
  let face: FaceGeometry;
  let expression: Expression;

  beforeAll(async () => {
    const pkg = await loadAvatarPackage(stockFolder(id));
    face = measureFace(pkg.rig, coverFit(pkg.portrait, 512, 512));
    expression = new Expression(face, loadLandmarkTable(), SHAPES);
  });

  /** Where the points of the face are, in per cent of its width. */
  const placesOf = (motion: Float32Array) => {
    const x = face.x.slice(0, SURFACE_COUNT);
    const y = face.y.slice(0, SURFACE_COUNT);
    expression.apply(motion, UPRIGHT, x, y);
    return { x: x.map((v) => (v * 100) / face.faceWidth), y: y.map((v) => (v * 100) / face.faceWidth) };
  };
  type Places = ReturnType<typeof placesOf>;
  const step = (a: Places, b: Places) => {
    let most = 0;
    for (let i = 0; i < SURFACE_COUNT; i++) most = Math.max(most, Math.hypot(a.x[i]! - b.x[i]!, a.y[i]! - b.y[i]!));
    return most;
  };

  it.each([1, 2, 3, 4])(
    'stays below 3.6 %% of the face’s width in fast speech, closures included (seed %i)',
    (seed) => {
      const speech = speechOf(1, seed === 1 ? SENTENCE : babble(seed));
      const stream = new PhonemeMotion().open({ frameRate: 25, seed });
      stream.addSpeech(speech);
      const frames: { ms: number; places: Places }[] = [];
      for (let ms = seed * 9; ms < speech.durationMs; ms += FRAME_MS) {
        const motion = new Float32Array(MOTION_FRAME_LENGTH);
        stream.next({ segmentId: 1, positionMs: ms }, motion);
        frames.push({ ms, places: placesOf(motion) });
      }
      const steps = frames.slice(1).map(({ places }, i) => step(frames[i]!.places, places));
      expect(Math.max(...steps)).toBeLessThan(3.6);
      expect(Math.max(...steps)).toBeGreaterThan(1.5);
      for (const { symbol, startMs, endMs } of speech.phonemes!.filter((p) => 'pbm'.includes(p.symbol))) {
        const gaps = frames
          .filter(({ ms }) => ms > startMs - FRAME_MS / 2 && ms < endMs + FRAME_MS / 2)
          .map(({ places }) => places.y[14]! - places.y[13]!);
        expect(Math.min(...gaps), `${symbol} at ${startMs}`).toBeLessThan(0.1);
      }
    },
  );

  it('stays below 4 % at an interruption at any moment', () => {
    for (let cut = 3; cut < 34; cut++) {
      const stream = new PhonemeMotion().open({ frameRate: 25, seed: 3 });
      stream.addSpeech(speechOf(1, SENTENCE));
      const motion = new Float32Array(MOTION_FRAME_LENGTH);
      for (let i = 0; i < cut; i++) stream.next({ segmentId: 1, positionMs: i * FRAME_MS }, motion);
      let last = placesOf(motion);
      stream.interrupt();
      for (let k = 0; k < 4; k++) {
        stream.next(null, motion);
        const now = placesOf(motion);
        expect(step(last, now)).toBeLessThan(4);
        last = now;
      }
    }
  });
});
