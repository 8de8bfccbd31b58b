import { expect, test } from 'vitest';
import { FrameExchange } from '../../src/media/frame-exchange.js';
import type { EncodedFrame } from '../../src/media/output-protocol.js';
import { seededRandom } from '../support/media.js';

const frame = (index: number, keyFrame = false): EncodedFrame => ({
  type: 'frame',
  index,
  keyFrame,
  data: new Uint8Array(1),
  renderMs: 0,
  encodeMs: 0,
});
const dueMs = (index: number): number => index * 40;
const indices = (frames: EncodedFrame[]): number[] => frames.map(({ index }) => index);

/** An exchange whose first key frame has been sent. */
function started(): FrameExchange {
  const exchange = new FrameExchange();
  exchange.request(0, -25);
  exchange.received(frame(0, true));
  exchange.takeDue(0, dueMs);
  return exchange;
}

test('the first frame is a key frame, the next are not', () => {
  const exchange = new FrameExchange();
  expect(exchange.request(0, -25)).toEqual({ keyFrame: true });
  exchange.received(frame(0, true));
  expect(exchange.request(1, 15)).toEqual({ keyFrame: false });
});

test('a frame waits for its time; a late one leaves at once', () => {
  const exchange = started();
  exchange.request(1, 15);
  exchange.received(frame(1));
  expect(exchange.nextPendingIndex).toBe(1);
  expect(exchange.takeDue(39.9, dueMs)).toEqual([]);
  expect(indices(exchange.takeDue(40, dueMs))).toEqual([1]);
  exchange.request(2, 55);
  exchange.received(frame(2));
  expect(indices(exchange.takeDue(95, dueMs))).toEqual([2]);
});

test('a viewer that cannot decode gets a key frame with the next request', () => {
  const exchange = started();
  expect(exchange.request(6, 215)).toEqual({ keyFrame: false });
  exchange.wantKeyFrame();
  expect(exchange.request(7, 255)).toEqual({ keyFrame: true });
  // One that is on its way serves everyone who asks meanwhile.
  exchange.wantKeyFrame();
  exchange.received(frame(6));
  exchange.received(frame(7, true));
  exchange.wantKeyFrame();
  expect(exchange.request(8, 500)).toEqual({ keyFrame: false });
});

test('key frames come at most every 200 ms, and a wish is not forgotten meanwhile', () => {
  const exchange = started();
  exchange.wantKeyFrame();
  const asked: number[] = [];
  for (let n = 1; n < 30; n++) {
    const request = exchange.request(n, dueMs(n) - 25)!;
    if (request.keyFrame) asked.push(dueMs(n) - 25);
    exchange.received(frame(n, request.keyFrame));
    exchange.takeDue(dueMs(n), dueMs);
    exchange.wantKeyFrame();
  }
  expect(asked[0]).toBeGreaterThanOrEqual(175);
  for (let i = 1; i < asked.length; i++) expect(asked[i]! - asked[i - 1]!).toBeGreaterThanOrEqual(200);
  expect(exchange.keyFramesRequested).toBe(asked.length + 1);
});

test('viewers that never stop asking get four key frames in two seconds, not more', () => {
  const exchange = started();
  const asked: number[] = [];
  for (let n = 1; n < 500; n++) {
    exchange.wantKeyFrame();
    const request = exchange.request(n, dueMs(n) - 25)!;
    if (request.keyFrame) asked.push(dueMs(n) - 25);
    exchange.received(frame(n, request.keyFrame));
    exchange.takeDue(dueMs(n), dueMs);
  }
  for (let i = 4; i < asked.length; i++) expect(asked[i]! - asked[i - 4]!).toBeGreaterThanOrEqual(2_000);
  expect(asked.length).toBeGreaterThan(30);
});

test('an avatar thread that is behind is asked no further, until it answers or a second passes', () => {
  const exchange = started();
  expect(exchange.request(1, 15)).not.toBeNull();
  expect(exchange.request(2, 55)).not.toBeNull();
  expect(exchange.request(3, 95)).toBeNull();
  exchange.received(frame(1));
  expect(exchange.request(4, 135)).not.toBeNull();
  expect(exchange.request(5, 175)).toBeNull();
  expect(exchange.request(30, 1200)).not.toBeNull();
});

test('a key frame that was not delivered is asked for again', () => {
  const exchange = new FrameExchange();
  exchange.request(0, 0);
  expect(exchange.request(26, 1040)).toEqual({ keyFrame: true });
  exchange.received(frame(26, false));
  expect(exchange.takeDue(5000, dueMs)).toEqual([]);
  expect(exchange.request(40, 1600)).toEqual({ keyFrame: true });
});

test('too many frames at once are dropped together, and a key frame mends it', () => {
  const exchange = started();
  for (let n = 1; n <= 5; n++) exchange.received(frame(n));
  expect(exchange.takeDue(5000, dueMs)).toEqual([]);
  expect(exchange.framesDropped).toBe(5);
  exchange.received(frame(6));
  expect(exchange.takeDue(5000, dueMs)).toEqual([]);
  expect(exchange.request(7, 5000)).toEqual({ keyFrame: true });
  exchange.received(frame(7, true));
  expect(indices(exchange.takeDue(5000, dueMs))).toEqual([7]);
});

test('a flood keeps what begins with its newest key frame', () => {
  const exchange = started();
  for (let n = 1; n <= 5; n++) exchange.received(frame(n, n === 4));
  expect(indices(exchange.takeDue(5000, dueMs))).toEqual([4, 5]);
});

test.each([1, 2, 3, 4])('no frame is ever sent without the one it refers to (seed %i)', (seed) => {
  const random = seededRandom(seed);
  const exchange = new FrameExchange();
  // Answers of the avatar thread with a random delay, in order, some never.
  const answers: { atMs: number; index: number; keyFrame: boolean }[] = [];
  let encoded: number | null = null;
  const refersTo = new Map<number, number | null>();
  let sent: number | null = null;
  let count = 0;
  let busyUntil = 0;
  for (let nowMs = 0; nowMs < 60_000; nowMs += 5) {
    if (nowMs % 40 === 15) {
      const index = Math.ceil(nowMs / 40);
      const request = exchange.request(index, nowMs);
      busyUntil = Math.max(busyUntil, nowMs) + (random() < 0.03 ? random() * 600 : random() * 30);
      if (request !== null && random() > 0.01) answers.push({ atMs: busyUntil, index, keyFrame: request.keyFrame });
    }
    if (random() < 0.005) exchange.wantKeyFrame();
    while (answers[0] !== undefined && answers[0].atMs <= nowMs) {
      const { index, keyFrame } = answers.shift()!;
      refersTo.set(index, keyFrame ? null : encoded);
      encoded = index;
      exchange.received(frame(index, keyFrame));
    }
    for (const { index } of exchange.takeDue(nowMs, dueMs)) {
      expect([null, sent]).toContain(refersTo.get(index));
      sent = index;
      count++;
    }
  }
  expect(count).toBeGreaterThan(800);
});
