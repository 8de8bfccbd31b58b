// Runs inside the page, before the page's own code. The microphone becomes a bus that the bench plays clips into; one audio context
// records that bus (left) and the avatar's track (right), so that both lie on one clock. Noise and the avatar's echo can be added behind
// the bus; what the microphone then sends is a third channel. Nothing of the product is changed.
(() => {
  const RATE = 48_000;
  const WORKLET = `
    class Tap extends AudioWorkletProcessor {
      constructor({ numberOfInputs }) { super(); this.blocks = Array.from({ length: numberOfInputs }, () => []); this.first = 0; }
      process(inputs) {
        const silence = new Float32Array(128);
        if (this.blocks[0].length === 0) this.first = currentFrame;
        this.blocks.forEach((list, i) => list.push((inputs[i][0] || silence).slice()));
        if (this.blocks[0].length === 75) {
          const join = (list) => { const out = new Float32Array(list.length * 128); list.forEach((b, i) => out.set(b, i * 128)); return out; };
          this.port.postMessage({ first: this.first, channels: this.blocks.map(join) });
          this.blocks = this.blocks.map(() => []);
        }
        return true;
      }
    }
    registerProcessor('tap', Tap);`;

  let context;
  let bus;
  let microphone;
  let sum;
  let tap;
  let avatar;
  let channels = 2;
  const blocks = [];

  function open() {
    if (context) return;
    context = new AudioContext({ sampleRate: RATE, latencyHint: 'interactive' });
    bus = context.createGain();
    microphone = context.createMediaStreamDestination();
    microphone.channelCount = 1;
    sum = context.createGain();
    bus.connect(sum).connect(microphone);
    // A real microphone never stops sending: an idle audio graph would, at the end of a clip. Noise at −80 dBFS keeps it going.
    const noise = context.createBuffer(1, RATE, RATE);
    noise.getChannelData(0).forEach((_, i, data) => {
      data[i] = (Math.random() - 0.5) * 3.5e-4;
    });
    const room = context.createBufferSource();
    room.buffer = noise;
    room.loop = true;
    room.connect(bus);
    room.start();
  }

  navigator.mediaDevices.getUserMedia = async () => {
    open();
    await context.resume();
    // A clone, so that a microphone that the page stops can be asked for again.
    return microphone.stream.clone();
  };

  /**
   * Begins to record; the avatar's stream must be there. `third`: another channel, of what is sent into the microphone with noise and echo
   * (`sent`), or of the microphone's track as the page gets it (`track`).
   */
  async function record(third) {
    open();
    channels = third === undefined ? 2 : 3;
    await context.resume();
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([WORKLET], { type: 'text/javascript' })));
    tap = new AudioWorkletNode(context, 'tap', {
      numberOfInputs: channels,
      numberOfOutputs: 1,
      outputChannelCount: [1],
    });
    bus.connect(tap, 0, 0);
    avatar = context.createMediaStreamSource(new MediaStream(window.visavis.avatarStream.getAudioTracks()));
    avatar.connect(tap, 0, 1);
    if (third === 'sent') sum.connect(tap, 0, 2);
    if (third === 'track') context.createMediaStreamSource(window.visavis.microphoneStream).connect(tap, 0, 2);
    const silent = context.createGain();
    silent.gain.value = 0;
    tap.connect(silent).connect(context.destination);
    tap.port.onmessage = ({ data }) => blocks.push(data);
  }

  function bufferOf(base64, rate) {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const pcm = new Int16Array(bytes.buffer);
    const buffer = context.createBuffer(1, pcm.length, rate);
    buffer.copyToChannel(
      Float32Array.from(pcm, (v) => v / 32_768),
      0,
    );
    return buffer;
  }

  /** From now on this sound comes into the microphone without end, beside the visitor. */
  function surround(base64, rate) {
    const source = context.createBufferSource();
    source.buffer = bufferOf(base64, rate);
    source.loop = true;
    source.connect(sum);
    source.start();
  }

  /** From now on the avatar's voice comes back into the microphone through a room, of which `base64` is the response; `gain` on top. */
  function echo(base64, rate, gain) {
    const room = context.createConvolver();
    room.normalize = false;
    room.buffer = bufferOf(base64, rate);
    const level = context.createGain();
    level.gain.value = gain;
    avatar.connect(room).connect(level).connect(sum);
  }

  /** Plays 16-bit PCM (base64) into the microphone; resolves at its end with the frames of its first and last sample. */
  async function play(base64, rate) {
    const buffer = bufferOf(base64, rate);
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(bus);
    const at = context.currentTime + 0.02;
    source.start(at);
    await new Promise((resolve) => {
      source.onended = resolve;
    });
    return { first: Math.round(at * RATE), last: Math.round((at + buffer.duration) * RATE) };
  }

  /** Everything recorded since the last call: base64 of interleaved 16-bit PCM, and the frame number of its first sample. */
  function take() {
    const list = blocks.splice(0);
    const frames = list.reduce((n, b) => n + b.channels[0].length, 0);
    const out = new Int16Array(frames * channels);
    const clip = (v) => Math.max(-32_768, Math.min(32_767, Math.round(v * 32_767)));
    let at = 0;
    for (const block of list) {
      for (let i = 0; i < block.channels[0].length; i++)
        for (const channel of block.channels) out[at++] = clip(channel[i]);
    }
    let text = '';
    const bytes = new Uint8Array(out.buffer);
    for (let i = 0; i < bytes.length; i += 32_768) text += String.fromCharCode(...bytes.subarray(i, i + 32_768));
    return { first: list[0]?.first ?? 0, base64: btoa(text) };
  }

  const frames = [];
  /** Watches the pictures: RTP time, presentation, and the mean luma and darkness of a box given in shares of the picture. */
  function watch(box) {
    const video = document.querySelector('video');
    const canvas = new OffscreenCanvas(64, 48);
    const paint = canvas.getContext('2d', { willReadFrequently: true });
    const look = (_now, meta) => {
      video.requestVideoFrameCallback(look);
      const { videoWidth: w, videoHeight: h } = video;
      paint.drawImage(video, box.x * w, box.y * h, box.width * w, box.height * h, 0, 0, 64, 48);
      const pixels = paint.getImageData(0, 0, 64, 48).data;
      let sum = 0;
      let dark = 0;
      for (let i = 0; i < pixels.length; i += 4) {
        const luma = 0.299 * pixels[i] + 0.587 * pixels[i + 1] + 0.114 * pixels[i + 2];
        sum += luma;
        if (luma < box.darkBelow) dark++;
      }
      frames.push({
        rtp: meta.rtpTimestamp,
        presentedAt: performance.timeOrigin + meta.presentationTime,
        displayAt: performance.timeOrigin + meta.expectedDisplayTime,
        receivedAt: meta.receiveTime === undefined ? undefined : performance.timeOrigin + meta.receiveTime,
        luma: sum / 3072,
        dark: dark / 3072,
      });
    };
    video.requestVideoFrameCallback(look);
  }

  /** Pairs the audio clock with the wall clock. */
  function clock() {
    const { contextTime, performanceTime } = context.getOutputTimestamp();
    return {
      frame: contextTime * RATE,
      wallMs: performance.timeOrigin + performanceTime,
      nowFrame: context.currentTime * RATE,
      nowWallMs: performance.timeOrigin + performance.now(),
    };
  }

  /** A picture of what is seen now, as a data URL. */
  function picture() {
    const video = document.querySelector('video');
    const canvas = document.createElement('canvas');
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext('2d').drawImage(video, 0, 0);
    return canvas.toDataURL('image/png');
  }

  window.bench = { record, play, surround, echo, take, watch, clock, picture, frames: () => frames.splice(0) };
})();
