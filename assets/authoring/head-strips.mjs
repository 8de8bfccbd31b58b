/**
 * Draws the strips of `docs/faces` that show an avatar's head: `node assets/authoring/head-strips.mjs AVATAR OUT_FOLDER` (`npm run build`
 * first; AVATAR: the name of a stock avatar, or a folder). Writes PNG files:
 *   AVATAR-turns.png    by row: yaw −15 … 15°, pitch −10 … 10°, roll −10 … 10°
 *   AVATAR-blink.png    both eyes, doubled, as the lids close
 *   AVATAR-interruption.png   ten frames one after the other: in the third the avatar, its mouth wide open, is interrupted
 *   AVATAR-STATE.png    twenty seconds, one picture a second, of a state (idle, listening, thinking, speaking)
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MOTION, MOTION_FRAME_LENGTH } from '../../dist/inference/avatar/motion-frame.js';
import { PhonemeMotion } from '../../dist/inference/avatar/motion/phoneme-motion.js';
import { loadAvatarPackage } from '../../dist/inference/avatar/package.js';
import { openAvatar } from '../../dist/inference/avatar/renderer/portrait.js';
import { encodeRgbPng } from '../../dist/png.js';
import { i420ToRgb } from '../../dist/media/png.js';

const SIDE = 512;
const CELL = 192;
const DEGREE = Math.PI / 180;
const FRAME_MS = 40;
const SECONDS = 20;
const SEED = 5;
const LIDS = [0, 0.2, 0.4, 0.6, 0.8, 1];
/** "My baby might move, five people work all of it here." in the timing of a voice. */
const SPOKEN =
  'm:50 ˈ:60 I:130 b:55 ˈ:40 A:120 b:50 i:90 m:60 I:110 t:50 m:65 ˈ:40 u:120 v:70 ,:260 f:70 ˈ:40 I:120 v:60 p:60 ˈ:50 ' +
  'i:70 p:50 ᵊ:40 l:90 w:60 ɜ:90 k:60 ˈ:30 O:130 v:60 ə:50 h:60 I:100 l:90 z:90 .:420';

const [name, folder] = process.argv.slice(2);
if (name === undefined || folder === undefined) {
  console.error('usage: node assets/authoring/head-strips.mjs AVATAR OUT_FOLDER');
  process.exit(2);
}
const stock = fileURLToPath(new URL(`../avatars/${name}`, import.meta.url));
const avatar = await loadAvatarPackage(/[/\\.]/.test(name) ? name : stock);
const stream = openAvatar(avatar, { width: SIDE, height: SIDE });
const out = (what) => join(folder, `${basename(name)}-${what}.png`);
await mkdir(folder, { recursive: true });

const seven = (most) => [-3, -2, -1, 0, 1, 2, 3].map((k) => (k / 3) * most * DEGREE);
const turns = [
  ...seven(15).map((headYaw) => draw({ headYaw, gazeX: -headYaw / (30 * DEGREE) })),
  ...seven(10).map((headPitch) => draw({ headPitch, gazeY: -headPitch / (30 * DEGREE) })),
  ...seven(10).map((headRoll) => draw({ headRoll })),
];
await write(out('turns'), turns.map(small), 7, CELL, CELL);
const eyes = eyeBox(avatar.rig.landmarks);
await write(
  out('blink'),
  LIDS.map((lid) => crop(draw({ eyeBlinkLeft: lid, eyeBlinkRight: lid }), eyes, 2)),
  2,
  2 * eyes.width,
  2 * eyes.height,
);
await write(out('interruption'), interruption().map(small), 5, CELL, CELL);
for (const state of ['idle', 'listening', 'thinking', 'speaking']) {
  await write(out(state), live(state).map(small), 10, CELL, CELL);
}

/** The frames around an interruption where the jaw is lowest in the sentence. */
function interruption() {
  const { phonemes, durationMs } = timed(SPOKEN);
  const speech = { segmentId: 1, durationMs, phonemes, loudness: new Float32Array(durationMs / 10).fill(0.1) };
  const count = Math.floor(durationMs / FRAME_MS);
  const run = (stopAt, frames) => {
    const motion = new PhonemeMotion().open({ frameRate: 1000 / FRAME_MS, seed: SEED });
    motion.setState('speaking');
    motion.addSpeech(speech);
    return Array.from({ length: frames }, (_, k) => {
      const frame = new Float32Array(MOTION_FRAME_LENGTH);
      if (k === stopAt) motion.interrupt();
      motion.next(k < stopAt ? { segmentId: 1, positionMs: k * FRAME_MS } : null, frame);
      return frame;
    });
  };
  const jaw = run(count, count).map((frame) => frame[MOTION.jawOpen]);
  const at = jaw.indexOf(Math.max(...jaw.slice(3))) + 1;
  return run(at, at + 8).slice(at - 2).map(picture);
}

/** One picture a second of the avatar in a state. */
function live(state) {
  const motion = new PhonemeMotion().open({ frameRate: 1000 / FRAME_MS, seed: SEED });
  const { phonemes, durationMs } = timed(SPOKEN);
  const frame = new Float32Array(MOTION_FRAME_LENGTH);
  const pictures = [];
  let segmentId = 0;
  let positionMs = durationMs;
  motion.setState(state);
  for (let k = 0; k < (SECONDS * 1000) / FRAME_MS; k++) {
    if (state === 'speaking' && positionMs >= durationMs) {
      positionMs = 0;
      motion.addSpeech({ segmentId: ++segmentId, durationMs, phonemes, loudness: new Float32Array(durationMs / 10).fill(0.1) });
    }
    if (state === 'listening' && k % 100 === 60) motion.visitorPaused();
    motion.next(state === 'speaking' ? { segmentId, positionMs } : null, frame);
    positionMs += FRAME_MS;
    if (k % (1000 / FRAME_MS) === 0) pictures.push(picture(frame));
  }
  return pictures;
}

function timed(items) {
  let at = 30;
  let stressedFromMs;
  const phonemes = [];
  for (const item of items.split(' ')) {
    const [symbol, ms] = item.split(':');
    if (symbol === 'ˈ') stressedFromMs = at;
    at += Number(ms);
    if (symbol === 'ˈ') continue;
    const stress = stressedFromMs === undefined ? {} : { stress: 'primary' };
    phonemes.push({ symbol, startMs: stressedFromMs ?? at - Number(ms), endMs: at, ...stress });
    stressedFromMs = undefined;
  }
  return { phonemes, durationMs: at + 120 };
}

function draw(values) {
  const frame = new Float32Array(MOTION_FRAME_LENGTH);
  for (const [channel, value] of Object.entries(values)) frame[MOTION[channel]] = value;
  return picture(frame);
}

function picture(frame) {
  const i420 = new Uint8Array((SIDE * SIDE * 3) / 2);
  stream.render(frame, i420);
  return i420ToRgb(i420, SIDE, SIDE);
}

/** Mean over the pixels that fall on each of the smaller picture. */
function small(rgb) {
  const result = new Uint8Array(CELL * CELL * 3);
  const from = (k) => Math.floor((k * SIDE) / CELL);
  for (let y = 0; y < CELL; y++) {
    for (let x = 0; x < CELL; x++) {
      const [x0, x1, y0, y1] = [from(x), from(x + 1), from(y), from(y + 1)];
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let py = y0; py < y1; py++) for (let px = x0; px < x1; px++) sum += rgb[(py * SIDE + px) * 3 + c];
        result[(y * CELL + x) * 3 + c] = sum / ((x1 - x0) * (y1 - y0));
      }
    }
  }
  return result;
}

function crop(rgb, box, times) {
  const [width, height] = [box.width * times, box.height * times];
  const result = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = ((box.y + Math.floor(y / times)) * SIDE + box.x + Math.floor(x / times)) * 3;
      result.set(rgb.subarray(at, at + 3), (y * width + x) * 3);
    }
  }
  return result;
}

/** Around both eyes and brows. */
function eyeBox(landmarks) {
  const points = [33, 263, 70, 300, 145, 374];
  const xs = points.map((i) => landmarks[i * 3] * SIDE);
  const ys = points.map((i) => landmarks[i * 3 + 1] * SIDE);
  const [x, y] = [Math.round(Math.min(...xs) - 24), Math.round(Math.min(...ys) - 12)];
  return { x, y, width: Math.round(Math.max(...xs) + 24) - x, height: Math.round(Math.max(...ys) + 22) - y };
}

async function write(file, cells, columns, width, height) {
  const rows = Math.ceil(cells.length / columns);
  const data = new Uint8Array(columns * width * rows * height * 3);
  cells.forEach((cell, k) => {
    for (let y = 0; y < height; y++) {
      const row = Math.floor(k / columns) * height + y;
      data.set(cell.subarray(y * width * 3, (y + 1) * width * 3), (row * columns + (k % columns)) * width * 3);
    }
  });
  await writeFile(file, encodeRgbPng({ width: columns * width, height: rows * height, data }));
  console.log(`${file}: ${columns * width} × ${rows * height}`);
}
