/** Entry of an avatar's thread: draws and encodes the frames that the pacer asks for. Pixels never leave it. */
import { type MessagePort, parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { VisavisError } from '../../errors.js';
import { AudioMotion } from '../../inference/avatar/motion/audio-motion.js';
import { PhonemeMotion } from '../../inference/avatar/motion/phoneme-motion.js';
import { FRAME_RATE, MOTION_FRAME_LENGTH } from '../../inference/avatar/motion-frame.js';
import { loadAvatarPackage } from '../../inference/avatar/package.js';
import { Badge } from '../../inference/avatar/renderer/badge.js';
import { openAvatar } from '../../inference/avatar/renderer/portrait.js';
import { ProbeAvatar, ProbeMotion } from '../../inference/avatar/renderer/probe.js';
import type { AvatarStream } from '../../inference/engines.js';
import { createLogger } from '../../log.js';
import { i420Bytes, Vp8Encoder } from '../../media/codecs.js';
import type { EncodedFrame, FrameRequest, FromAvatarThread, ToAvatarThread } from '../../media/output-protocol.js';
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
}

/** What `prepare` loaded, until `open` takes it. */
let prepared: Promise<LoadedPicture> | undefined;

async function load({ avatarPath, width, height }: Picture): Promise<LoadedPicture> {
  const loaded = await loadAvatarPackage(avatarPath);
  const isProbe = loaded.manifest.renderer === 'probe';
  const avatar = isProbe ? new ProbeAvatar({ width, height }) : openAvatar(loaded, { width, height });
  return { of: { avatarPath, width, height }, avatar, isProbe };
}

/** Also what every picture needs once in a thread: glyphs, and code that has run before. */
async function prepare(picture: Picture): Promise<LoadedPicture> {
  const loaded = await load(picture);
  const { width, height } = picture;
  const i420 = new Uint8Array(i420Bytes(width, height));
  Badge.create('AI', { width, height }).draw(i420);
  for (let i = 0; i < WARM_UP_FRAMES; i++) loaded.avatar.render(new Float32Array(MOTION_FRAME_LENGTH), i420);
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
  const { avatar, isProbe } = await pictureFor(o);
  maker = new FrameMaker({
    avatar,
    motion: isProbe
      ? new ProbeMotion()
      : new PhonemeMotion(o.listens ? await openEar() : undefined).open({ frameRate: FRAME_RATE, seed: o.seed }),
    encoder: new Vp8Encoder(o.width, o.height, { bitrateKbps: o.bitrateKbps, fps: FRAME_RATE }),
    bytes: i420Bytes(o.width, o.height),
    badge: o.badge === null ? null : Badge.create(o.badge, o),
  });
  framePort = o.framePort;
  framePort.on('message', handleFrameRequest);
  send({ type: 'opened' });
}

/** Requests that piled up are answered together, by the newest frame. */
function handleFrameRequest(first: FrameRequest): void {
  const requests = [first];
  if (framePort === undefined || maker === undefined) return;
  for (let more = receiveMessageOnPort(framePort); more !== undefined; more = receiveMessageOnPort(framePort)) {
    requests.push(more.message);
  }
  const frame: EncodedFrame = maker.make(requests);
  postToPacer(framePort, frame, [frame.data.buffer]);
  renderMs.push(frame.renderMs);
  encodeMs.push(frame.encodeMs);
  if (renderMs.length >= STATS_FRAMES)
    send({ type: 'frame-stats', renderMs: renderMs.splice(0), encodeMs: encodeMs.splice(0) });
}

port.on('message', (message: ToAvatarThread) => {
  switch (message.type) {
    case 'prepare':
      prepared = prepare(message);
      // `open` loads it again and says what is wrong with it.
      prepared.catch(() => undefined);
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
      maker?.close();
      maker = undefined;
      framePort?.close();
      port.close();
      break;
  }
});
