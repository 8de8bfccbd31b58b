import type { Config } from '../../config.js';
import { VisavisError } from '../../errors.js';
import { avatarFolder } from '../../inference/avatar/folders.js';
import { loadAvatarManifest } from '../../inference/avatar/package.js';
import type { TimedPhoneme } from '../../inference/engines.js';
import { videoKbps } from '../../media/bitrate.js';
import { type EncodedFrame, FRAME_MS, type FrameRequest } from '../../media/output-protocol.js';
import { shownIn } from '../../picture-size.js';
import type { DrawingCost } from '../control.js';
import { AvatarThread } from './avatar-thread-client.js';

/** Until the code is compiled and the caches are warm, a frame says nothing about those to come. */
const WARM_UP_FRAMES = 25;
const FRAMES = 50;
const LIMIT_MS = 5_000;
const SEGMENT_ID = 1;

/**
 * Draws and encodes some frames of the standard avatar, speaking, at the size it is shown in, one after the other. Processor time is taken of the
 * whole process, so nothing else may go on in it; unlike elapsed time it hardly depends on what other processes do.
 *
 * @throws VisavisError when the avatar cannot be drawn, or not within 5 s.
 */
export async function measureDrawing(
  config: Pick<Config, 'avatar' | 'avatarFolders' | 'pictureSize' | 'videoBitrateKbps'>,
): Promise<DrawingCost> {
  const avatarPath = avatarFolder(config.avatarFolders, config.avatar);
  const { width, height } = shownIn(await loadAvatarManifest(avatarPath), config.pictureSize);
  const thread = await AvatarThread.create({
    avatarPath,
    width,
    height,
    bitrateKbps: videoKbps(config.videoBitrateKbps, { width, height }),
    seed: 1,
    badge: 'AI',
  });
  try {
    return await drawing(thread);
  } finally {
    thread.framePort.close();
    await thread.close();
  }
}

function drawing(thread: AvatarThread): Promise<DrawingCost> {
  const total = WARM_UP_FRAMES + FRAMES;
  const durationMs = total * FRAME_MS;
  thread.setState('speaking');
  thread.speech({
    segmentId: SEGMENT_ID,
    durationMs,
    phonemes: phonemesFor(durationMs),
    loudness: new Float32Array(durationMs / 10).fill(0.1),
  });
  return new Promise((resolve, reject) => {
    const limit = setTimeout(
      () => reject(new VisavisError('engine-failed', `${total} frames were not drawn within ${LIMIT_MS} ms`)),
      LIMIT_MS,
    );
    void thread.closed.then((error) => {
      clearTimeout(limit);
      if (error !== undefined) reject(error);
    });
    let began = process.cpuUsage();
    let renderMs = 0;
    let encodeMs = 0;
    const ask = (index: number) => {
      const speech = { segmentId: SEGMENT_ID, positionMs: index * FRAME_MS };
      const request: FrameRequest = { type: 'frame', index, rtpTimestamp: 0, speech, keyFrame: index === 0 };
      thread.framePort.postMessage(request);
    };
    thread.framePort.on('message', (frame: EncodedFrame) => {
      if (frame.index >= WARM_UP_FRAMES) {
        renderMs += frame.renderMs / FRAMES;
        encodeMs += frame.encodeMs / FRAMES;
      }
      if (frame.index + 1 === WARM_UP_FRAMES) began = process.cpuUsage();
      if (frame.index + 1 < total) return ask(frame.index + 1);
      clearTimeout(limit);
      const { user, system } = process.cpuUsage(began);
      resolve({ cpuMs: (user + system) / 1000 / FRAMES, renderMs, encodeMs, frames: FRAMES });
    });
    ask(0);
  });
}

/** Open and closed in turn, four sounds a second: a mouth at work. */
function phonemesFor(durationMs: number): TimedPhoneme[] {
  const sounds = ['m', 'ɑ', 'b', 'i'];
  const eachMs = 250;
  return Array.from({ length: Math.floor(durationMs / eachMs) }, (_, i) => ({
    symbol: sounds[i % sounds.length] ?? 'ɑ',
    startMs: i * eachMs,
    endMs: (i + 1) * eachMs,
  }));
}
