import { VAD_WINDOW, type VoiceActivityStream } from '../engines.js';

/** Low, because a missed word costs more here than a little silence too much: turn-taking has already heard speech. */
const SPEECH = 0.3;
/** Kept before the first voiced window: Silero needs a window or two to be sure, and consonants begin softly. */
const LEAD_WINDOWS = 8;
/** A pause of this many windows (0.3 s) begins a new onset. */
const PAUSE_WINDOWS = 10;

/** Silero is trained on speech of ordinary loudness; the loudest sample is brought to −6 dBFS for it. */
const SCAN_PEAK = 0.5;
/** 40 dB: beyond that it is the noise of the microphone that is amplified. */
const MAX_GAIN = 100;

/**
 * The sample numbers, about 0.25 s before a voice sets in, from which `samples` can be recognised: the first speech, then
 * the first after every pause of 0.3 s. Scans no further than it is asked to, so the usual call, for the first onset only,
 * costs 0.15 ms for each 32 ms of silence before the speech. `stream` must be fresh.
 */
export async function* speechOnsets(samples: Float32Array, stream: VoiceActivityStream): AsyncGenerator<number> {
  const gain = Math.min(MAX_GAIN, SCAN_PEAK / Math.max(peak(samples), 1e-6));
  const scaled = new Float32Array(VAD_WINDOW);
  let quietWindows = PAUSE_WINDOWS;
  for (let window = 0; (window + 1) * VAD_WINDOW <= samples.length; window += 1) {
    const from = window * VAD_WINDOW;
    for (let i = 0; i < VAD_WINDOW; i += 1) scaled[i] = samples[from + i]! * gain;
    const probability = await stream.process(scaled);
    if (probability < SPEECH) {
      quietWindows += 1;
      continue;
    }
    if (quietWindows >= PAUSE_WINDOWS) yield Math.max(0, from - LEAD_WINDOWS * VAD_WINDOW);
    quietWindows = 0;
  }
}

function peak(samples: Float32Array): number {
  let highest = 0;
  for (const sample of samples) highest = Math.max(highest, Math.abs(sample));
  return highest;
}
