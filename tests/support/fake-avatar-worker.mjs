/**
 * An avatar worker without engines: it speaks the control protocol and sends real RTP (a 440 Hz tone as Opus, a moving bar as VP8)
 * on the link that it is given. What is said to it decides what it does:
 *
 *   say "crash"    the process dies           say "refuse"   answered with an error
 *   say "hang"     never answered             say "end"      the conversation ends with an error
 *   say "linger …" its words become captions of an utterance that only an interruption ends
 *   say "endless …"   its captions come, its end does not
 *   say "options"  its words are what the conversation was opened with, as JSON in one word
 *   say "event …"  what follows is an event, as JSON, which it sends
 *   say "slowly …"    a word every 30 ms, then its end
 *   anything else  becomes captions, an utterance-end and a message of the history
 *
 * `start` answers with an utterance-end that tells the greeting and the length of the history it was opened with. The first packets of a
 * microphone become a final transcript "heard". FAKE_PORTS_TAKEN=n: the first n opens fail as if the port were in use.
 */
import { createSocket } from 'node:dgram';
import { createRequire } from 'node:module';

const { OpusEncoder, Vp8Encoder } = createRequire(import.meta.url)('../../native/build/visavis.node');

const SIZE = 128;
const MICROPHONE_PACKETS = 10;
const conversations = new Map();
let portsTaken = Number(process.env.FAKE_PORTS_TAKEN ?? 0);

const send = (message) => process.connected && process.send(message);

function rtpHeader(stream, sequence, timestamp, marker) {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header[1] = (marker ? 0x80 : 0) | stream.payloadType;
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE(timestamp >>> 0, 4);
  header.writeUInt32BE(stream.ssrc, 8);
  return header;
}

class FakeConversation {
  constructor({ conversationId, link, options, history }) {
    this.id = conversationId;
    this.link = link;
    this.options = options;
    this.historyLength = history.length;
    this.microphones = new Map();
    this.heard = new Map();
    this.tick = 0;
    this.sequence = { audio: Math.floor(Math.random() * 60_000), video: Math.floor(Math.random() * 60_000) };
    this.keyFrame = true;
    this.utterances = 0;
    this.turns = 0;
    this.opus = new OpusEncoder(48_000, 1, {});
    this.vp8 = new Vp8Encoder(SIZE, SIZE, { bitrateKbps: 200, fps: 25 });
    this.picture = new Uint8Array((SIZE * SIZE * 3) / 2).fill(128);
    this.socket = createSocket('udp4');
    this.socket.on('message', (packet) => this.handlePacket(packet));
  }

  open() {
    return new Promise((resolve, reject) => {
      this.socket.once('error', reject);
      this.socket.bind(this.link.localPort, this.link.localIp, () => {
        this.timer = setInterval(() => this.sendTick(), 20);
        resolve();
      });
    });
  }

  emit(event) {
    send({ type: 'event', conversationId: this.id, event });
  }

  sendTick() {
    const { audio, video, remotePort, remoteIp } = this.link;
    const samples = new Int16Array(960);
    for (let i = 0; i < 960; i++) samples[i] = 8000 * Math.sin((2 * Math.PI * 440 * (this.tick * 960 + i)) / 48_000);
    const voice = rtpHeader(audio, this.sequence.audio++, this.tick * 960, false);
    this.socket.send(Buffer.concat([voice, this.opus.encode(samples)]), remotePort, remoteIp);
    if (this.tick % 2 === 0) {
      this.picture.fill(128);
      this.picture.fill(235, ((this.tick / 2) % SIZE) * SIZE, ((this.tick / 2) % SIZE) * SIZE + SIZE);
      const { data } = this.vp8.encode(this.picture, this.keyFrame);
      this.keyFrame = false;
      for (let at = 0; at < data.length; at += 1000) {
        const last = at + 1000 >= data.length;
        const header = rtpHeader(video, this.sequence.video++, (this.tick / 2) * 3600, last);
        // RFC 7741: the shortest payload descriptor; S marks the start of the frame.
        const descriptor = Buffer.from([at === 0 ? 0x10 : 0x00]);
        this.socket.send(Buffer.concat([header, descriptor, data.subarray(at, at + 1000)]), remotePort, remoteIp);
      }
    }
    this.tick++;
  }

  handlePacket(packet) {
    const type = packet[1];
    if (type >= 192 && type <= 223) {
      // PLI or FIR, RFC 4585 and RFC 5104.
      if (type === 206) this.keyFrame = true;
      return;
    }
    const participantId = this.microphones.get(packet.readUInt32BE(8));
    if (participantId === undefined) return;
    const count = (this.heard.get(participantId) ?? 0) + 1;
    this.heard.set(participantId, count);
    if (count === MICROPHONE_PACKETS) {
      this.emit({ type: 'transcript', turnId: ++this.turns, participantId, text: 'heard', final: true });
      this.emit({ type: 'history', message: { role: 'user', text: 'heard' } });
    }
  }

  begin(text) {
    this.lingering = text;
    const utteranceId = ++this.utterances;
    this.emit({ type: 'state', state: 'speaking' });
    for (const [index, word] of text.split(' ').entries()) this.emit({ type: 'caption', utteranceId, index, word });
  }

  interrupt() {
    if (this.lingering === undefined) return;
    const text = this.lingering;
    this.lingering = undefined;
    this.emit({ type: 'history', message: { role: 'assistant', text, interrupted: true } });
    this.emit({ type: 'utterance-end', utteranceId: this.utterances, text, interrupted: true });
    this.emit({ type: 'state', state: 'idle' });
  }

  apologise() {
    const utteranceId = ++this.utterances;
    const text = this.options.apology;
    this.emit({ type: 'caption', utteranceId, index: 0, word: text, aside: true });
    this.emit({ type: 'utterance-end', utteranceId, text, interrupted: false });
  }

  speak(text) {
    const utteranceId = ++this.utterances;
    this.emit({ type: 'state', state: 'speaking' });
    if (text.startsWith('slowly')) return this.speakSlowly(utteranceId, text);
    for (const [index, word] of text.split(' ').entries()) this.emit({ type: 'caption', utteranceId, index, word });
    if (text.startsWith('endless')) return;
    this.emit({ type: 'history', message: { role: 'assistant', text } });
    this.emit({ type: 'utterance-end', utteranceId, text, interrupted: false });
    this.emit({ type: 'state', state: 'listening' });
  }

  speakSlowly(utteranceId, text) {
    const words = text.split(' ');
    this.speaking = setInterval(() => {
      const index = text.split(' ').length - words.length;
      const word = words.shift();
      if (word !== undefined) return this.emit({ type: 'caption', utteranceId, index, word });
      clearInterval(this.speaking);
      this.emit({ type: 'history', message: { role: 'assistant', text } });
      this.emit({ type: 'utterance-end', utteranceId, text, interrupted: false });
    }, 30);
  }

  close() {
    clearInterval(this.speaking);
    clearInterval(this.timer);
    this.socket.close();
    this.opus.close();
    this.vp8.close();
  }
}

const error = (code, message) => ({ code, message, retryable: false });

function say({ conversationId, requestId, text }) {
  const conversation = conversations.get(conversationId);
  if (conversation === undefined)
    return send({ type: 'answer', requestId, error: error('not-found', 'no such conversation') });
  if (text === 'crash') process.exit(3);
  if (text === 'hang') return;
  if (text === 'refuse') return send({ type: 'answer', requestId, error: error('engine-failed', 'refused') });
  send({ type: 'answer', requestId });
  if (text === 'end') send({ type: 'closed', conversationId, error: error('engine-failed', 'the face fell off') });
  else if (text === 'options') conversation.speak(JSON.stringify(conversation.options));
  else if (text.startsWith('event ')) conversation.emit(JSON.parse(text.slice('event '.length)));
  else if (text.startsWith('linger')) conversation.begin(text);
  else conversation.speak(text);
}

async function open(message) {
  const { conversationId } = message;
  const conversation = new FakeConversation(message);
  try {
    if (portsTaken-- > 0) throw new Error(`bind EADDRINUSE 127.0.0.1:${message.link.localPort}`);
    await conversation.open();
    conversations.set(conversationId, conversation);
    send({ type: 'opened', conversationId });
  } catch (thrown) {
    conversation.close();
    send({ type: 'open-failed', conversationId, error: error('internal', thrown.message) });
  }
}

/** Invented, but of the right form; `drawing` says that a picture costs 4 ms. */
let reports = 0;
function stats() {
  const seen = 25 * ++reports;
  const counts = (bounds) => ({ counts: [...new Array(bounds).fill(0), 0].fill(seen, 1, 2), sum: seen });
  const speech = ['recognition', 'synthesis', 'embedding'];
  return {
    pid: process.pid,
    conversations: conversations.size,
    pacerLatenessMs: { p50: 0.1, p99: 0.5, p999: 1, max: 2, count: 50, worst: [2] },
    frameMs: { renderP50: 1, renderP95: 2, encodeP50: 1, encodeP95: 2, count: 25 },
    framesDue: 25 * conversations.size,
    framesLate: Number(process.env.FAKE_FRAMES_LATE ?? 0) * conversations.size,
    underruns: 0,
    histograms: {
      ...{
        pacerLateness: counts(11),
        frameInterval: counts(14),
        frameRender: counts(12),
        frameEncode: counts(12),
        skew: counts(9),
      },
      ...Object.fromEntries(
        speech.flatMap((engine) => [`${engine}Queue`, `${engine}Compute`].map((name) => [name, counts(15)])),
      ),
    },
    perConversation: [...conversations.values()].map(({ id, tick }) => ({
      ...{ conversationId: id, framesDue: Math.floor(tick / 2), framesLate: 0, queuedSpeechMs: 0 },
    })),
    speechPending: { recognition: 0, synthesis: 0, embedding: 0 },
    drawing: { cpuMs: 4, renderMs: 3, encodeMs: 1, frames: 50 },
    rssBytes: process.memoryUsage.rss(),
  };
}

process.on('message', (message) => {
  const conversation = conversations.get(message.conversationId);
  switch (message.type) {
    case 'open':
      void open(message);
      break;
    case 'start':
      conversation?.emit({
        type: 'utterance-end',
        utteranceId: 0,
        text: `started; greeting: ${conversation.options.greeting}; history: ${conversation.historyLength}`,
        interrupted: false,
      });
      break;
    case 'microphone-added':
      conversation.microphones.set(message.stream.ssrc, message.participantId);
      conversation.heard.delete(message.participantId);
      break;
    case 'microphone-removed':
      for (const [ssrc, id] of conversation.microphones) {
        if (id === message.participantId) conversation.microphones.delete(ssrc);
      }
      break;
    case 'say':
      say(message);
      break;
    case 'ask':
      conversation.emit({
        ...{ type: 'transcript', turnId: ++conversation.turns, participantId: message.participantId },
        ...{ text: message.text, final: true },
      });
      conversation.emit({ type: 'history', message: { role: 'user', text: message.text } });
      send({ type: 'answer', requestId: message.requestId });
      conversation.speak(`you asked ${message.text}`);
      break;
    case 'talk':
      conversation.emit({
        type: 'transcript',
        turnId: 1,
        participantId: message.participantId,
        text: `${conversation.options.turnTaking}: ${message.pressed ? 'pressed' : 'released'}`,
        final: true,
      });
      break;
    case 'interrupt':
      send({ type: 'answer', requestId: message.requestId });
      conversation.interrupt();
      conversation.emit({
        type: 'interruption',
        phase: 'stopped',
        utteranceId: conversation.utterances,
        sinceOnsetMs: 0,
      });
      break;
    case 'apologise':
      conversation?.apologise();
      break;
    case 'relink':
      if (conversation !== undefined) conversation.link.remotePort = message.remotePort;
      break;
    case 'close':
      conversations.delete(message.conversationId);
      conversation?.close();
      send({ type: 'closed', conversationId: message.conversationId });
      break;
    case 'ping':
      send({
        type: 'pong',
        id: message.id,
        stats: stats(),
      });
      break;
    case 'shutdown':
      process.exit(0);
  }
});
process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => {});
send({ type: 'ready' });
