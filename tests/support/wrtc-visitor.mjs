/**
 * A visitor with a real WebRTC stack, in a process of its own: joins with the token given, sends a 300 Hz tone as microphone and
 * reports what arrives. Usage: node wrtc-visitor.mjs ORIGIN TOKEN. IPC out: { frames, width, loudSamples } when enough has come.
 * IPC in: 'reconnect' breaks the socket, resumes on a new one and restarts ICE; then `mediaKept` and `restarted` are reported too.
 */
import { Device } from 'mediasoup-client';
import { io } from 'socket.io-client';
import wrtc from 'wrtc';

for (const name of ['RTCPeerConnection', 'MediaStream', 'RTCRtpSender', 'RTCRtpReceiver', 'RTCSessionDescription']) {
  globalThis[name] = wrtc[name];
}
const { RTCAudioSink, RTCAudioSource, RTCVideoSink } = wrtc.nonstandard;
const [origin, token] = process.argv.slice(2);
let socket = io(origin, { transports: ['websocket'], forceNew: true });
const seen = { frames: 0, width: 0, loudSamples: 0 };

async function request(name, payload) {
  const answer = await socket.timeout(10_000).emitWithAck(name, payload);
  if (!answer.ok) throw new Error(`${name}: ${JSON.stringify(answer.error)}`);
  return answer.data;
}

function connectable(transport) {
  transport.on('connect', ({ dtlsParameters }, done, fail) => {
    request('connect-transport', { transportId: transport.id, dtlsParameters }).then(() => done(), fail);
  });
  return transport;
}

function startTone() {
  const source = new RTCAudioSource();
  const track = source.createTrack();
  let at = 0;
  setInterval(() => {
    const samples = new Int16Array(480);
    for (let i = 0; i < 480; i++) samples[i] = 9000 * Math.sin((2 * Math.PI * 300 * at++) / 48_000);
    source.onData({ samples, sampleRate: 48_000, bitsPerSample: 16, channelCount: 1, numberOfFrames: 480 });
  }, 10);
  return track;
}

async function main() {
  await new Promise((resolve) => socket.once('connect', resolve));
  const join = await request('join', { token });
  const device = new Device({ handlerName: 'Chrome74' });
  await device.load({ routerRtpCapabilities: join.routerRtpCapabilities });
  const receive = connectable(device.createRecvTransport(await request('create-transport', { direction: 'receive' })));
  const send = connectable(device.createSendTransport(await request('create-transport', { direction: 'send' })));
  send.on('produce', ({ rtpParameters }, done, fail) => {
    const payload = { transportId: send.id, kind: 'audio', rtpParameters };
    request('produce', payload).then(({ producerId }) => done({ id: producerId }), fail);
  });
  const { consumers } = await request('consume', {
    transportId: receive.id,
    rtpCapabilities: device.rtpCapabilities,
  });
  const sinks = [];
  for (const parameters of consumers) {
    const { track, kind } = await receive.consume(parameters);
    const sink = kind === 'audio' ? new RTCAudioSink(track) : new RTCVideoSink(track);
    sinks.push(sink);
    if (kind === 'audio') {
      sink.ondata = ({ samples }) => {
        for (const sample of samples) if (Math.abs(sample) > 2000) seen.loudSamples++;
      };
    } else {
      sink.onframe = ({ frame }) => {
        seen.frames++;
        seen.width = frame.width;
      };
    }
  }
  await request('resume', {});
  await send.produce({ track: startTone() });
  setInterval(() => process.send(seen), 200);
  process.on('message', () => {
    reconnect([receive, send]).catch(fail);
  });
}

async function reconnect(transports) {
  socket.io.reconnection(false);
  socket.io.engine.close();
  socket = io(origin, { transports: ['websocket'], forceNew: true });
  await new Promise((resolve) => socket.once('connect', resolve));
  const { mediaKept } = await request('join', { token, resume: true, received: 0 });
  seen.mediaKept = mediaKept;
  seen.restarted = 0;
  for (const transport of transports) {
    const { iceParameters } = await request('restart-ice', { transportId: transport.id });
    await transport.restartIce({ iceParameters });
    seen.restarted++;
  }
}

function fail(error) {
  process.send({ failed: String(error?.stack ?? error) });
}

process.on('disconnect', () => process.exit(0));
main().catch(fail);
