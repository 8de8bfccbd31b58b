import { VoiceGapMeter } from '../model/voice-gap.js';

// The AudioWorkletGlobalScope is not part of TypeScript's DOM library.
declare const sampleRate: number;
declare const currentTime: number;
declare function registerProcessor(name: string, processor: new () => unknown): void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

/** RMS over all channels of one render quantum. */
function rms(channels: Float32Array[]): number {
  let sum = 0;
  let count = 0;
  for (const channel of channels) {
    for (const sample of channel) sum += sample * sample;
    count += channel.length;
  }
  return count === 0 ? 0 : Math.sqrt(sum / count);
}

/** Input 0: the visitor's microphone; input 1: the avatar. Posts every `VoiceGap`. */
class VoiceGapProcessor extends AudioWorkletProcessor {
  readonly #meter = new VoiceGapMeter();

  process([visitor = [], avatar = []]: Float32Array[][]): boolean {
    const quantumS = (visitor[0] ?? avatar[0])?.length ?? 128;
    const gap = this.#meter.push(rms(visitor), rms(avatar), currentTime, currentTime + quantumS / sampleRate);
    if (gap) this.port.postMessage(gap);
    return true;
  }
}

registerProcessor('voice-gap', VoiceGapProcessor);
