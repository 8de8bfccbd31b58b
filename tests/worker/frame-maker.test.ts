import { describe, expect, it } from 'vitest';
import { PhonemeMotion } from '../../src/inference/avatar/motion/phoneme-motion.js';
import { loadAvatarPackage } from '../../src/inference/avatar/package.js';
import { Badge } from '../../src/inference/avatar/renderer/badge.js';
import { openAvatar } from '../../src/inference/avatar/renderer/portrait.js';
import { ProbeAvatar, ProbeMotion } from '../../src/inference/avatar/renderer/probe.js';
import type { AvatarStream, MotionStream } from '../../src/inference/engines.js';
import type { FrameRequest } from '../../src/media/output-protocol.js';
import { FrameMaker, type PictureOverlay } from '../../src/worker/avatar/frame-maker.js';
import { SENTENCE, STOCK, speechOf, stockFolder } from '../inference/avatar/stock.js';

const SIDE = 256;
const LUMA = SIDE * SIDE;

const request = (index: number, positionMs: number | null = null): FrameRequest => ({
  type: 'frame',
  index,
  rtpTimestamp: index * 3_600,
  speech: positionMs === null ? null : { segmentId: 1, positionMs },
  keyFrame: false,
});

/** A maker whose encoder keeps the pictures that it is given. */
function makerOf(avatar: AvatarStream, motion: MotionStream, badge: PictureOverlay | null) {
  const pictures: Uint8Array[] = [];
  const encoder = {
    encode(i420: Uint8Array) {
      pictures.push(Uint8Array.from(i420));
      return { data: new Uint8Array(0), keyFrame: false };
    },
    setBitrate() {},
    close() {},
  };
  return { maker: new FrameMaker({ avatar, motion, encoder, bytes: (LUMA * 3) / 2, badge }), pictures };
}

/** Text that is brighter than its chip by far, in the top left corner. */
function showsBadge(picture: Uint8Array, badge: Badge): boolean {
  let brightest = 0;
  let dark = 0;
  for (let y = badge.y; y < badge.y + badge.height; y++) {
    for (let x = badge.x; x < badge.x + badge.width; x++) {
      const luma = picture[y * SIDE + x] ?? 0;
      brightest = Math.max(brightest, luma);
      if (luma <= 105) dark++;
    }
  }
  return brightest > 200 && dark > 0.5 * badge.width * badge.height;
}

describe('frame maker', () => {
  it.each(STOCK)('puts the badge into every picture of %s, speaking or not', async (id) => {
    const badge = Badge.create('AI', { width: SIDE, height: SIDE });
    const avatar = openAvatar(await loadAvatarPackage(stockFolder(id)), { width: SIDE, height: SIDE });
    const motion = new PhonemeMotion().open({ frameRate: 25, seed: 1 });
    motion.addSpeech(speechOf(1, SENTENCE));
    const { maker, pictures } = makerOf(avatar, motion, badge);
    for (let index = 0; index < 30; index++) await maker.make([request(index, index < 20 ? index * 40 : null)]);
    // Requests that piled up make one picture.
    await maker.make([request(30), request(31), request(40)]);
    expect(pictures).toHaveLength(31);
    expect(pictures.filter((picture) => !showsBadge(picture, badge))).toEqual([]);
    maker.close();
  });

  it('puts the badge into the measuring avatar’s pictures and leaves their lower part to be measured', async () => {
    const badge = Badge.create('Artificial Intelligence', { width: SIDE, height: SIDE });
    const motion = new ProbeMotion();
    motion.addSpeech(speechOf(1, SENTENCE));
    const { maker, pictures } = makerOf(new ProbeAvatar({ width: SIDE, height: SIDE }), motion, badge);
    for (let index = 0; index < 12; index++) await maker.make([request(index, index * 40)]);
    for (const picture of pictures) {
      expect(showsBadge(picture, badge)).toBe(true);
      expect(new Set(picture.subarray(0.2 * LUMA, LUMA)).size).toBe(1);
    }
    expect(new Set(pictures.map((picture) => picture[LUMA - 1])).size).toBe(12);
    maker.close();
  });

  it('draws nothing of its own without a badge', async () => {
    const { maker, pictures } = makerOf(new ProbeAvatar({ width: SIDE, height: SIDE }), new ProbeMotion(), null);
    await maker.make([request(0)]);
    expect(new Set(pictures[0]?.subarray(0, LUMA)).size).toBe(1);
    maker.close();
  });

  it('draws what the avatar computed of the newest motion, and nothing before it is there', async () => {
    const events: string[] = [];
    const avatar: AvatarStream = {
      width: SIDE,
      height: SIDE,
      prepare: async (motion) => {
        events.push(`computes ${motion[0]}`);
        await new Promise((resolve) => setImmediate(resolve));
        events.push('has computed');
      },
      render: (motion) => void events.push(`draws ${motion[0]}`),
      close() {},
    };
    const motion = new ProbeMotion();
    motion.addSpeech(speechOf(1, SENTENCE));
    const { maker } = makerOf(avatar, motion, null);
    await maker.make([request(0, 0)]);
    await maker.make([request(1, 40), request(2, 80)]);
    expect(events).toEqual(['computes 0', 'has computed', 'draws 0', 'computes 80', 'has computed', 'draws 80']);
    maker.close();
  });
});
