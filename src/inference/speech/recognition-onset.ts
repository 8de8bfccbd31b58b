import { VAD_WINDOW, type VoiceActivityStream } from '../engines.js';

/** Low, because a missed word costs more here than a little silence too much: turn-taking has already heard speech. */
const SPEECH = 0.3;
/** Kept before the first voiced window: Silero needs a window or two to be sure, and consonants begin softly. */
const LEAD_WINDOWS = 8;
/** A pause of this many windows (0.3 s) begins a new onset. */
const PAUSE_WINDOWS = 10;

/**
 * The sample numbers, about 0.25 s before a voice sets in, from which `samples` can be recognised: the first speech, then
 * the first after every pause of 0.3 s. Scans no further than it is asked to, so the usual call, for the first onset only,
 * costs 0.15 ms for each 32 ms of silence before the speech. `stream` must be fresh.
 */
export async function* speechOnsets(samples: Float32Array, stream: VoiceActivityStream): AsyncGenerator<number> {
  let quietWindows = PAUSE_WINDOWS;
  for (let window = 0; (window + 1) * VAD_WINDOW <= samples.length; window += 1) {
    const from = window * VAD_WINDOW;
    const probability = await stream.process(samples.subarray(from, from + VAD_WINDOW));
    if (probability < SPEECH) {
      quietWindows += 1;
      continue;
    }
    if (quietWindows >= PAUSE_WINDOWS) yield Math.max(0, from - LEAD_WINDOWS * VAD_WINDOW);
    quietWindows = 0;
  }
}
