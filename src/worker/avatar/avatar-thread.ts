/** Entry of an avatar's thread: draws and encodes the frames that the pacer asks for. Pixels never leave it. */
import { type MessagePort, parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { VisavisError } from '../../errors.js';
import type { Manner } from '../../inference/avatar/manner.js';
import { AudioMotion } from '../../inference/avatar/motion/audio-motion.js';
import { PhonemeMotion } from '../../inference/avatar/motion/phoneme-motion.js';
import { FRAME_RATE, MOTION_FRAME_LENGTH } from '../../inference/avatar/motion-frame.js';
import { loadAvatarPackage } from '../../inference/avatar/package.js';
import { Badge } from '../../inference/avatar/renderer/badge.js';
import { openStream } from '../../inference/avatar/renderer/open-stream.js';
import { ProbeAvatar, ProbeMotion } from '../../inference/avatar/renderer/probe.js';
import type { AvatarStream } from '../../inference/engines.js';
import { createLogger } from '../../log.js';
import { i420Bytes, Vp8Encoder } from '../../media/codecs.js';
import {
  FRAME_MS,
  type FrameRequest,
  type FromAvatarThread,
  type ToAvatarThread,
} from '../../media/output-protocol.js';
import { postToPacer } from '../../media/pacer-priority.js';
import { FrameMaker } from './frame-maker.js';

const STATS_FRAMES = 25;
const WARM_UP_FRAMES = 5;
const log = createLogger('avatar-thread');

const port = parentPort;
if (port === null) throw new Error('avatar-thread.js runs as a worker thread only');
let maker: FrameMaker | undefined;
let framePort: MessagePort | undefined;
const renderMs: number[] = [];
const encodeMs: number[] = [];

function send(message: FromAvatarThread): void {
  port?.postMessage(message);
}

interface Picture {
  avatarPath: string;
  width: number;
  height: number;
}

interface LoadedPicture {
  of: Picture;
  avatar: AvatarStream;
  isProbe: boolean;
  manner: Manner | undefined;
}

/** What `prepare` loaded, until `open` takes it. */
let prepared: Promise<LoadedPicture> | undefined;

async function load({ avatarPath, width, height }: Picture): Promise<LoadedPicture> {
  const size = { width, height };
  const loaded = await loadAvatarPackage(avatarPath, { size });
  const isProbe = loaded.manifest.renderer === 'probe';
  const avatar = isProbe ? new ProbeAvatar(size) : await openStream(loaded, { ...size, frameMs: FRAME_MS });
  return { of: { avatarPath, width, height }, avatar, isProbe, manner: loaded.manifest.manner };
}

/** Also what every picture needs once in a thread: glyphs, and code that has run before. */
async function prepare(picture: Picture): Promise<LoadedPicture> {
  const loaded = await load(picture);
  const { width, height } = picture;
  const i420 = new Uint8Array(i420Bytes(width, height));
  Badge.create('AI', { width, height }).draw(i420);
  const motion = new Float32Array(MOTION_FRAME_LENGTH);
  for (let i = 0; i < WARM_UP_FRAMES; i++) {
    await loaded.avatar.prepare?.(motion);
    loaded.avatar.render(motion, i420);
  }
  return loaded;
}

async function pictureFor(o: Picture): Promise<LoadedPicture> {
  const ahead = await prepared?.catch(() => undefined);
  prepared = undefined;
  const { of } = ahead ?? {};
  if (ahead !== undefined && of?.avatarPath === o.avatarPath && of.width === o.width && of.height === o.height) {
    return ahead;
  }
  ahead?.avatar.close();
  return load(o);
}

/** An ear for speech without phonemes; without the network the jaw follows the loudness instead. */
async function openEar(): Promise<(() => AudioMotion) | undefined> {
  try {
    // Only here: onnxruntime need not be loaded into the threads of other avatars.
    const { AudioMotionModel } = await import('../../inference/avatar/motion/audio-motion-model.js');
    const network = await AudioMotionModel.create();
    return () => new AudioMotion(network, (error) => log.warn({ reason: error.message }, 'audio-driven motion failed'));
  } catch (thrown) {
    log.warn({ reason: VisavisError.from(thrown, 'engine-failed').message }, 'the mouth follows the loudness only');
    return undefined;
  }
}

async function open(o: Extract<ToAvatarThread, { type: 'open' }>): Promise<void> {
  const { avatar, isProbe, manner } = await pictureFor(o);
  maker = new FrameMaker({
    avatar,
    motion: isProbe
      ? new ProbeMotion()
      : new PhonemeMotion(o.listens ? await openEar() : undefined).open({
          frameRate: FRAME_RATE,
          seed: o.seed,
          manner,
        }),
    encoder: new Vp8Encoder(o.width, o.height, { bitrateKbps: o.bitrateKbps, fps: FRAME_RATE }),
    bytes: i420Bytes(o.width, o.height),
    badge: o.badge === null ? null : Badge.create(o.badge, o),
  });
  framePort = o.framePort;
  framePort.on('message', handleFrameRequest);
  send({ type: 'opened' });
}

/** Not answered yet, oldest first. */
let requests: FrameRequest[] = [];
let drawing: Promise<void> | undefined;

function handleFrameRequest(first: FrameRequest): void {
  requests.push(first);
  if (drawing !== undefined) return;
  // A frame that cannot be drawn ends the thread: nobody catches this.
  drawing = drawRequested().finally(() => {
    drawing = undefined;
  });
}

/** Requests that piled up are answered together, by the newest frame. */
async function drawRequested(): Promise<void> {
  while (requests.length > 0 && framePort !== undefined && maker !== undefined) {
    for (let more = receiveMessageOnPort(framePort); more !== undefined; more = receiveMessageOnPort(framePort)) {
      requests.push(more.message);
    }
    const asked = requests;
    requests = [];
    await drawOne(asked, framePort, maker);
  }
}

async function drawOne(asked: readonly FrameRequest[], answers: MessagePort, by: FrameMaker): Promise<void> {
  const frame = await by.make(asked);
  // Closed in the meantime.
  if (maker !== by) return;
  postToPacer(answers, frame, [frame.data.buffer]);
  renderMs.push(frame.renderMs);
  encodeMs.push(frame.encodeMs);
  if (renderMs.length >= STATS_FRAMES)
    send({ type: 'frame-stats', renderMs: renderMs.splice(0), encodeMs: encodeMs.splice(0) });
}

/** What is being drawn is drawn to its end: networks cannot be taken away while they run. */
async function close(last: FrameMaker | undefined): Promise<void> {
  maker = undefined;
  framePort?.close();
  await drawing;
  last?.close();
  port?.close();
}

port.on('message', (message: ToAvatarThread) => {
  switch (message.type) {
    case 'prepare':
      prepared = prepare(message);
      // `open` loads it again and says what is wrong with it.
      void prepared.catch(() => undefined).then(() => send({ type: 'prepared' }));
      break;
    case 'open':
      open(message).catch((error: Error) => send({ type: 'failed', message: error.message }));
      break;
    case 'speech':
      maker?.motion.addSpeech(message.motion);
      break;
    case 'state':
      maker?.motion.setState(message.state);
      break;
    case 'interrupt':
      maker?.motion.interrupt();
      break;
    case 'visitor-paused':
      maker?.motion.visitorPaused();
      break;
    case 'bitrate':
      maker?.encoder.setBitrate(message.kbps);
      break;
    case 'close':
      void close(maker);
      break;
  }
});
