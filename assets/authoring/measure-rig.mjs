/**
 * Measures what each ARKit coefficient does to each MediaPipe landmark on a 3-D head and writes the table that the portrait
 * renderer moves faces by: `node assets/authoring/measure-rig.mjs ICT_FACEKIT FACE_MESH [PLOT.svg]`.
 *
 * ICT_FACEKIT: folder with the head (neutral.obj) and its shapes (deltas.json, deltas.i16.gz). FACE_MESH: folder of the unpacked
 * npm package `@mediapipe/face_mesh`. Writes `assets/rig/arkit-landmarks.{json,bin}` and prints residuals. PLOT.svg: landmarks on the head.
 */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { alongPath, closestOnTriangles, distance, mix, shortestPath, thinPlateSpline } from './fit-mesh.mjs';
import { readCanonicalMesh, readHead } from './head-mesh.mjs';
import { BLENDSHAPES, IBUG_ANCHORS, LIDS, LIPS } from './rig-anchors.mjs';

const LANDMARKS = 478;
const SURFACE = 468;
/** How far the eyes turn for a look coefficient of 1: the comfortable range, about two thirds of what the muscles can do. */
const LOOK_ANGLE = { In: 30, Out: 30, Up: 22, Down: 26 };
/** ICT-FaceKit's eyeballs: first vertex, one past the last. */
const EYEBALLS = { right: [23021, 24591], left: [21451, 23021] };
/** Radius of the visible iris in cm (mean of adults). */
const IRIS_RADIUS = 0.59;
/** The head's jaw lets the lower lip fall by more than this (cm), the upper one by less. */
const LOWER_LIP_FALLS = 1.0;

const [ictFolder, meshFolder, plot] = process.argv.slice(2);
if (ictFolder === undefined || meshFolder === undefined) {
  console.error('usage: node assets/authoring/measure-rig.mjs ICT_FACEKIT FACE_MESH [PLOT.svg]');
  process.exit(2);
}
const head = await readHead(ictFolder);
const canonical = await readCanonicalMesh(meshFolder);
const mirrorOf = canonical.map((p) => nearest([-p[0], p[1], p[2]], canonical));
const places = placeLandmarks();
const irises = ['right', 'left'].map(placeIris);
const scale = 1 / distance(irises[0].points[0], irises[1].points[0]);
const origin = mix([irises[0].points[0], irises[1].points[0]], [0.5, 0.5]);
const mirror = [...mirrorOf, 473, 476, 475, 474, 477].concat([468, 471, 470, 469, 472]);
mirror.splice(SURFACE, 10, 473, 476, 475, 474, 477, 468, 471, 470, 469, 472);

const neutral = symmetric([null], neutralPoints)[0];
const measured = BLENDSHAPES.map((name) => measure(name));
const table = symmetric(BLENDSHAPES, (i) => measured[i]);
report();
await write();
if (plot !== undefined) await writeFile(plot, drawPlot());

/** Where each surface landmark lies on the head: corners of a triangle or edge, and their weights. */
function placeLandmarks() {
  const anchors = new Map(Object.entries(IBUG_ANCHORS).map(([i, v]) => [Number(i), { corners: [v], weights: [1] }]));
  const position = (place) =>
    mix(
      place.corners.map((v) => head.vertices[v]),
      place.weights,
    );
  // The landmarks between them on lids and lips follow the head's own lines from anchor to anchor.
  const roads = head.roads();
  for (const ring of [...LIDS, LIPS.upper.inner, LIPS.lower.inner, LIPS.upper.outer, LIPS.lower.outer]) {
    const fixed = ring.flatMap((i, k) => (i in IBUG_ANCHORS ? [k] : []));
    for (let f = 0; f + 1 < fixed.length; f++) {
      const stretch = ring.slice(fixed[f], fixed[f + 1] + 1);
      const path = shortestPath(roads, head.vertices, IBUG_ANCHORS[stretch[0]], IBUG_ANCHORS[stretch.at(-1)]);
      const lengths = stretch.map((i, k) => (k === 0 ? 0 : distance(canonical[i], canonical[stretch[k - 1]])));
      const total = lengths.reduce((a, b) => a + b);
      let gone = 0;
      stretch.forEach((i, k) => {
        gone += lengths[k];
        if (!anchors.has(i)) anchors.set(i, alongPath(path, head.vertices, gone / total));
      });
    }
  }
  const jaw = (v) => -head.delta('jawOpen', v)[1];
  const list = [...anchors];
  const warped = thinPlateSpline(
    list.map(([i]) => canonical[i]),
    list.map(([, place]) => position(place)),
  );
  const upper = new Set(Object.values(LIPS.upper).flatMap((ring) => ring.slice(1, -1)));
  const lower = new Set(Object.values(LIPS.lower).flatMap((ring) => ring.slice(1, -1)));
  return canonical.map((p, i) => {
    const anchor = anchors.get(i);
    if (anchor !== undefined) return { ...anchor, distance: 0, warped: warped(p) };
    const side = upper.has(i) ? (v) => jaw(v) < LOWER_LIP_FALLS : lower.has(i) ? (v) => jaw(v) > LOWER_LIP_FALLS / 2 : () => true;
    return { ...closestOnTriangles(warped(p), head.vertices, head.triangles, (t) => t.every(side)), warped: warped(p) };
  });
}

/** Centre of the eyeball and the five iris landmarks, in MediaPipe's order: middle, then around it from the side of positive x. */
function placeIris(side) {
  const centre = head.centre(...EYEBALLS[side]);
  let front = -Infinity;
  for (let v = EYEBALLS[side][0]; v < EYEBALLS[side][1]; v++) front = Math.max(front, head.vertices[v][2] - centre[2]);
  const z = Math.sqrt(front ** 2 - IRIS_RADIUS ** 2);
  const at = (x, y) => [centre[0] + x * IRIS_RADIUS, centre[1] + y * IRIS_RADIUS, centre[2] + z];
  return { centre, points: [at(0, 0), at(1, 0), at(0, 1), at(-1, 0), at(0, -1)] };
}

function neutralPoints() {
  const surface = places.map(({ corners, weights }) =>
    mix(
      corners.map((v) => head.vertices[v]),
      weights,
    ),
  );
  return [...surface, ...irises.flatMap((iris) => iris.points)].map((p) => toTable(p.map((value, k) => value - origin[k])));
}

/** To the table's axes (x to the head's left, y down, z away from the viewer) in distances between the irises. */
function toTable([x, y, z]) {
  return [x * scale, -y * scale, -z * scale];
}

/** Displacements of all landmarks for one ARKit coefficient of 1. */
function measure(name) {
  const side = /(Left|Right)$/.exec(name)?.[1];
  const bare = name.replace(/(Left|Right)$/, '');
  const sided = side !== undefined && name !== 'jawLeft' && name !== 'jawRight' && name !== 'mouthLeft' && name !== 'mouthRight';
  const shapes = sided ? [`${bare}_${side[0]}`] : ['browInnerUp', 'cheekPuff'].includes(name) ? [`${name}_L`, `${name}_R`] : [name];
  // The head has no shape for the tongue, which is painted.
  const surface = places.map(({ corners, weights }) =>
    name === 'tongueOut'
      ? [0, 0, 0]
      : mix(
          corners.map((v) => sum(shapes.map((shape) => head.delta(shape, v)))),
          weights,
        ),
  );
  const look = /^eyeLook(In|Out|Up|Down)(Left|Right)$/.exec(name);
  const eyes = irises.flatMap((iris, e) => {
    if (look === null || (look[2] === 'Right') !== (e === 0)) return iris.points.map(() => [0, 0, 0]);
    const angle = (LOOK_ANGLE[look[1]] * Math.PI) / 180;
    // Out is to the head's left for the left eye, to its right for the right one.
    const outward = e === 1 ? 1 : -1;
    const turn = { Out: [outward, 0], In: [-outward, 0], Up: [0, 1], Down: [0, -1] }[look[1]];
    return iris.points.map((p) => rotateEye(p, iris.centre, angle, turn));
  });
  return [...surface, ...eyes].map(toTable);
}

function rotateEye(p, centre, angle, [right, up]) {
  const r = p.map((value, k) => value - centre[k]);
  const along = r[0] * right + r[1] * up;
  const turned = along * Math.cos(angle) + r[2] * Math.sin(angle);
  const z = r[2] * Math.cos(angle) - along * Math.sin(angle);
  return [(turned - along) * right, (turned - along) * up, z - r[2]];
}

/** Left and right exchanged must give the mirror image: the mean of what was measured and of the mirrored measurement. */
function symmetric(names, valuesOf) {
  return names.map((name, i) => {
    const other = name === null ? 0 : names.indexOf(mirrorName(name));
    const [own, theirs] = [valuesOf(i), valuesOf(other)];
    return own.map((p, l) => [(p[0] - theirs[mirror[l]][0]) / 2, (p[1] + theirs[mirror[l]][1]) / 2, (p[2] + theirs[mirror[l]][2]) / 2]);
  });
}

function mirrorName(name) {
  return name.replace(/(Left|Right)$/, (side) => (side === 'Left' ? 'Right' : 'Left'));
}

function report() {
  const gaps = places.map((place) => place.distance);
  const moved = places.filter((place) => place.distance > 0);
  const rms = Math.sqrt(moved.reduce((total, place) => total + place.distance ** 2, 0) / moved.length);
  const cm = (value) => `${(value * 10).toFixed(2)} mm`;
  console.log(`${SURFACE - moved.length} anchors, ${moved.length} landmarks brought to the surface by ${cm(rms)} rms, at most ${cm(Math.max(...gaps))}`);
  const worst = gaps.map((gap, i) => [gap, i]).sort((a, b) => b[0] - a[0]);
  console.log('farthest:', worst.slice(0, 12).map(([gap, i]) => `${i} ${cm(gap)}`).join(', '));
  const lopsided = measured.flatMap((shape, c) => shape.map((p, l) => distance(p, table[c][l]) / scale));
  console.log(`left and right differed by at most ${cm(Math.max(...lopsided))} before they were made equal`);
  console.log(`distance between the irises ${(1 / scale).toFixed(2)} cm`);
}

/** 16-bit integers, little-endian: the neutral positions, then one block a coefficient; landmark by landmark x, y, z. */
async function write() {
  const blocks = [neutral, ...table];
  const scales = blocks.map((block) => Number((Math.max(1e-6, ...block.flat().map(Math.abs)) / 32767).toPrecision(8)));
  const values = Int16Array.from(blocks.flatMap((block, b) => block.flat().map((value) => Math.round(value / scales[b]))));
  const bytes = Buffer.from(values.buffer);
  const header = {
    formatVersion: 1,
    landmarks: LANDMARKS,
    unit: 'distance between the irises; x to the avatar’s left, y down, z away from the viewer; origin between the irises',
    source:
      'Measured on ICT-FaceKit (Copyright (c) 2020 USC Institute for Creative Technologies, MIT licence); landmarks placed by the ' +
      'canonical face mesh of MediaPipe (Apache-2.0). Made by assets/authoring/measure-rig.mjs.',
    sha256: createHash('sha256').update(bytes).digest('hex'),
    neutralScale: scales[0],
    coefficients: BLENDSHAPES.map((name, i) => ({ name, scale: scales[i + 1] })),
  };
  const folder = fileURLToPath(new URL('../rig/', import.meta.url));
  await writeFile(`${folder}arkit-landmarks.bin`, bytes);
  await writeFile(`${folder}arkit-landmarks.json`, `${JSON.stringify(header, null, 1)}\n`);
  console.log(`${bytes.length} bytes`);
}

/** Front and side view: the head's vertices grey, landmarks red, where the warp had put them blue. */
function drawPlot() {
  const dots = [];
  const view = (p, offset, colour, r) => dots.push(`<circle cx="${(offset + p[0] * 40).toFixed(1)}" cy="${(560 - p[1] * 40).toFixed(1)}" r="${r}" fill="${colour}"/>`);
  for (const v of new Set(head.triangles.flat())) {
    const p = head.vertices[v];
    if (p[2] > -2 && p[1] > -12) for (const [q, at] of [[p, 420], [[p[2], p[1]], 800]]) view(q, at, '#bbb', 1);
  }
  places.forEach((place) => {
    const p = mix(place.corners.map((v) => head.vertices[v]), place.weights);
    for (const [q, at] of [[p, 420], [[p[2], p[1]], 800]]) view(q, at, '#d00', 2.2);
    view(place.warped, 420, '#00f', 1.2);
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="1440" height="1100"><rect width="100%" height="100%" fill="#fff"/>${dots.join('')}</svg>`;
}

function nearest(p, points) {
  return points.reduce((best, q, i) => (distance(p, q) < distance(p, points[best]) ? i : best), 0);
}

function sum(vectors) {
  return [0, 1, 2].map((k) => vectors.reduce((total, vector) => total + vector[k], 0));
}
