/** Entry of an avatar's thread: draws and encodes the frames that the pacer asks for. Pixels never leave it. */
import { type MessagePort, parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { PhonemeMotion } from '../../inference/avatar/motion/phoneme-motion.js';
import { FRAME_RATE } from '../../inference/avatar/motion-frame.js';
import { loadAvatarPackage } from '../../inference/avatar/package.js';
import { Badge } from '../../inference/avatar/renderer/badge.js';
import { openAvatar } from '../../inference/avatar/renderer/portrait.js';
import { ProbeAvatar, ProbeMotion } from '../../inference/avatar/renderer/probe.js';
import { i420Bytes, Vp8Encoder } from '../../media/codecs.js';
import type { EncodedFrame, FrameRequest, FromAvatarThread, ToAvatarThread } from '../../media/output-protocol.js';
import { postToPacer } from '../../media/pacer-priority.js';
import { FrameMaker } from './frame-maker.js';

const STATS_FRAMES = 25;

const port = parentPort;
if (port === null) throw new Error('avatar-thread.js runs as a worker thread only');
let maker: FrameMaker | undefined;
let framePort: MessagePort | undefined;
const renderMs: number[] = [];
const encodeMs: number[] = [];

function send(message: FromAvatarThread): void {
  port?.postMessage(message);
}

async function open(o: Extract<ToAvatarThread, { type: 'open' }>): Promise<void> {
  const avatar = await loadAvatarPackage(o.avatarPath);
  maker = new FrameMaker({
    ...(avatar.manifest.renderer === 'probe'
      ? { avatar: new ProbeAvatar(o), motion: new ProbeMotion() }
      : {
          avatar: openAvatar(avatar, { width: o.width, height: o.height }),
          motion: new PhonemeMotion().open({ frameRate: FRAME_RATE, seed: o.seed }),
        }),
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
