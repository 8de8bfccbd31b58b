/**
 * Writes `matte.png` and `background.png` of stock avatars: `node assets/authoring/matte.mjs [ID …]` (all without one; `npm run build`
 * first). Their portraits stand before a plain, evenly lit wall, so the wall is a smooth function of the place, and what
 * differs from it is the person: no network is needed, and single hairs are found.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodePng } from '../../dist/inference/avatar/png.js';
import { encodeGreyPng, encodeRgbPng } from '../../dist/png.js';

const AVATARS = fileURLToPath(new URL('../avatars/', import.meta.url));
/** Degree of the polynomial in x and y that the wall follows. */
const DEGREE = 4;
/** Steps of 8-bit colour by which a pixel of the wall may differ from the polynomial: grain and rounding. */
const GRAIN = 5;
/** A pixel is wholly of the person when it differs from the wall by this share of what the person inside does. */
const FULL = 0.5;
/** Farther inside than this, in pixels, everything is of the person, whatever its colour. */
const FRINGE = 12;
const PASSES = 6;

for (const id of process.argv.length > 2 ? process.argv.slice(2) : ['mara', 'sam', 'ines']) {
  const folder = join(AVATARS, id);
  const portrait = decodePng(await readFile(join(folder, 'portrait.png')), { maxSide: 2048 });
  const { matte, background } = part(portrait);
  await writeFile(join(folder, 'matte.png'), encodeGreyPng(matte));
  await writeFile(join(folder, 'background.png'), encodeRgbPng(background));
  const share = matte.data.reduce((sum, a) => sum + a, 0) / matte.data.length / 255;
  console.log(`${id}: ${(share * 100).toFixed(1)} % of the picture is the person`);
}

function part(image) {
  const { width, height, data } = image;
  let wallAt = borderOf(width, height);
  let model;
  let difference;
  for (let pass = 0; pass < PASSES; pass++) {
    model = fitWall(image, wallAt);
    difference = differenceTo(data, model, width * height);
    wallAt = flood(difference, width, height);
  }
  const inside = distanceFrom(wallAt, width, height);
  const contrast = insideContrast(difference, inside, width, height);
  const alpha = new Uint8Array(width * height);
  for (let i = 0; i < alpha.length; i++) {
    const soft = Math.min(1, Math.max(0, (difference[i] - GRAIN) / Math.max(GRAIN, FULL * contrast[i] - GRAIN)));
    alpha[i] = Math.round(255 * (inside[i] >= FRINGE ? 1 : Math.max(soft, inside[i] / FRINGE > 0.75 ? 1 : 0)));
  }
  const background = new Uint8Array(data.length);
  const rest = restOf(data, model, alpha, width, height);
  let noise = 1;
  for (let i = 0; i < data.length; i++) {
    // The portrait's own wall where it is seen; elsewhere the polynomial, dithered, or its steps would show as bands.
    noise = (Math.imul(noise, 1_664_525) + 1_013_904_223) >>> 0;
    const invented = Math.floor(model[i] + rest(i) + noise / 2 ** 32);
    const share = alpha[(i / 3) | 0] / 255;
    background[i] = share === 0 ? data[i] : Math.min(255, Math.max(0, invented));
  }
  return { matte: { width, height, data: alpha }, background: { width, height, data: background } };
}

/** What the polynomial leaves of the wall, in blocks, carried on behind the person by averaging, so that no outline is left of them. */
function restOf(data, model, alpha, width, height) {
  const block = 24;
  const [columns, rows] = [Math.ceil(width / block) + 1, Math.ceil(height / block) + 1];
  let values = new Float64Array(columns * rows * 3);
  const known = new Float64Array(columns * rows);
  for (let i = 0; i < alpha.length; i++) {
    if (alpha[i] > 0) continue;
    const at = Math.round(Math.floor(i / width) / block) * columns + Math.round((i % width) / block);
    known[at]++;
    for (let k = 0; k < 3; k++) values[at * 3 + k] += data[i * 3 + k] - model[i * 3 + k];
  }
  for (let i = 0; i < values.length; i++) values[i] /= Math.max(1, known[(i / 3) | 0]);
  for (let pass = 0; pass < 600; pass++) {
    const next = values.slice();
    for (let at = 0; at < known.length; at++) {
      if (known[at] > 0) continue;
      const [x, y] = [at % columns, Math.floor(at / columns)];
      const around = [x > 0 && at - 1, x < columns - 1 && at + 1, y > 0 && at - columns, y < rows - 1 && at + columns];
      const there = around.filter((j) => j !== false);
      for (let k = 0; k < 3; k++) next[at * 3 + k] = there.reduce((sum, j) => sum + values[j * 3 + k], 0) / there.length;
    }
    values = next;
  }
  return (i) => {
    const [pixel, k] = [Math.floor(i / 3), i % 3];
    const [x, y] = [(pixel % width) / block, Math.floor(pixel / width) / block];
    const [bx, by] = [Math.floor(x), Math.floor(y)];
    const at = (by * columns + bx) * 3 + k;
    const [fx, fy] = [x - bx, y - by];
    const above = values[at] * (1 - fx) + values[at + 3] * fx;
    return above * (1 - fy) + (values[at + columns * 3] * (1 - fx) + values[at + columns * 3 + 3] * fx) * fy;
  };
}

function borderOf(width, height) {
  const at = new Uint8Array(width * height);
  // The upper edge and the upper parts of the sides: no one's shoulders reach there.
  for (let y = 0; y < height * 0.7; y++) for (let x = 0; x < width; x++) if (y < 16 || x < 16 || x >= width - 16) at[y * width + x] = 1;
  return at;
}

/** Least squares for every channel; returns the polynomial at every sample. */
function fitWall({ width, height, data }, at) {
  const terms = [];
  for (let a = 0; a <= DEGREE; a++) for (let b = 0; a + b <= DEGREE; b++) terms.push([a, b]);
  const n = terms.length;
  const powers = (i) => {
    const x = ((i % width) / width) * 2 - 1;
    const y = (Math.floor(i / width) / height) * 2 - 1;
    return terms.map(([a, b]) => x ** a * y ** b);
  };
  const normal = Array.from({ length: n }, () => new Float64Array(n + 3));
  for (let i = 0; i < at.length; i += 7) {
    if (at[i] === 0) continue;
    const p = powers(i);
    for (let r = 0; r < n; r++) {
      for (let c = 0; c < n; c++) normal[r][c] += p[r] * p[c];
      for (let k = 0; k < 3; k++) normal[r][n + k] += p[r] * data[i * 3 + k];
    }
  }
  for (let r = 0; r < n; r++) normal[r][r] += 1e-3;
  solve(normal, n);
  const model = new Float32Array(data.length);
  for (let i = 0; i < at.length; i++) {
    const p = powers(i);
    for (let k = 0; k < 3; k++) model[i * 3 + k] = p.reduce((sum, value, t) => sum + value * normal[t][n + k], 0);
  }
  return model;
}

/** Gauss–Jordan with pivoting, in place. */
function solve(rows, n) {
  for (let c = 0; c < n; c++) {
    let best = c;
    for (let r = c; r < n; r++) if (Math.abs(rows[r][c]) > Math.abs(rows[best][c])) best = r;
    [rows[c], rows[best]] = [rows[best], rows[c]];
    for (let r = 0; r < n; r++) {
      if (r === c) continue;
      const f = rows[r][c] / rows[c][c];
      for (let k = c; k < rows[r].length; k++) rows[r][k] -= f * rows[c][k];
    }
  }
  for (let r = 0; r < n; r++) for (let k = n; k < rows[r].length; k++) rows[r][k] /= rows[r][r];
}

function differenceTo(data, model, count) {
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    out[i] = Math.max(...[0, 1, 2].map((k) => Math.abs(data[i * 3 + k] - model[i * 3 + k])));
  }
  return out;
}

/** The wall: what hardly differs from the polynomial and hangs together with the upper edge. */
function flood(difference, width, height) {
  const wall = new Uint8Array(difference.length);
  const todo = [];
  for (let x = 0; x < width; x++) todo.push(x);
  while (todo.length > 0) {
    const i = todo.pop();
    if (wall[i] === 1 || difference[i] > GRAIN) continue;
    wall[i] = 1;
    const x = i % width;
    if (x > 0) todo.push(i - 1);
    if (x < width - 1) todo.push(i + 1);
    if (i >= width) todo.push(i - width);
    if (i < difference.length - width) todo.push(i + width);
  }
  return wall;
}

/** Distance to the nearest wall pixel (chamfer 3-4, Borgefors 1986), in pixels. */
function distanceFrom(wall, width, height) {
  const d = Float32Array.from(wall, (w) => (w === 1 ? 0 : 1e6));
  const relax = (i, j, by) => {
    if (d[j] + by < d[i]) d[i] = d[j] + by;
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (x > 0) relax(i, i - 1, 1);
      if (y > 0) relax(i, i - width, 1);
      if (x > 0 && y > 0) relax(i, i - width - 1, 4 / 3);
      if (x < width - 1 && y > 0) relax(i, i - width + 1, 4 / 3);
    }
  }
  for (let y = height - 1; y >= 0; y--) {
    for (let x = width - 1; x >= 0; x--) {
      const i = y * width + x;
      if (x < width - 1) relax(i, i + 1, 1);
      if (y < height - 1) relax(i, i + width, 1);
      if (x < width - 1 && y < height - 1) relax(i, i + width + 1, 4 / 3);
      if (x > 0 && y < height - 1) relax(i, i + width - 1, 4 / 3);
    }
  }
  return d;
}

/** How much the person differs from the wall near each place: the mean over the pixels of a block and its neighbours that lie well inside. */
function insideContrast(difference, inside, width, height) {
  const block = 16;
  const [columns, rows] = [Math.ceil(width / block), Math.ceil(height / block)];
  const sum = new Float64Array(columns * rows);
  const count = new Float64Array(columns * rows);
  let [allSum, all] = [0, 0];
  for (let i = 0; i < difference.length; i++) {
    if (inside[i] < 6 || inside[i] > 40) continue;
    const at = Math.floor(Math.floor(i / width) / block) * columns + Math.floor((i % width) / block);
    sum[at] += difference[i];
    count[at]++;
    allSum += difference[i];
    all++;
  }
  return Float32Array.from(difference, (_, i) => {
    const [bx, by] = [Math.floor((i % width) / block), Math.floor(Math.floor(i / width) / block)];
    let [s, n] = [(allSum / all) * 20, 20];
    for (let y = Math.max(0, by - 2); y <= Math.min(rows - 1, by + 2); y++) {
      for (let x = Math.max(0, bx - 2); x <= Math.min(columns - 1, bx + 2); x++) {
        s += sum[y * columns + x];
        n += count[y * columns + x];
      }
    }
    return s / n;
  });
}
