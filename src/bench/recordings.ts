import { PiperSynthesiser } from '../inference/speech/piper.js';
import { floatToInt16, resample } from '../media/resample.js';

const RATE_HZ = 48_000;
/** Not the avatar's voice: the visitor must sound like somebody else. */
const VISITOR_VOICE = 'libritts-250';

/** The texts as a visitor speaks them, 48 kHz mono. Made anew in every run, so nothing recorded is needed. */
export async function speakAll(texts: readonly string[]): Promise<Int16Array[]> {
  const synthesiser = await PiperSynthesiser.create({ threads: 2 });
  const { signal } = new AbortController();
  const out: Int16Array[] = [];
  for (const text of texts) {
    const pieces: Int16Array[] = [];
    for await (const chunk of synthesiser.speak(text, { voice: VISITOR_VOICE, priority: 'first', signal })) {
      pieces.push(floatToInt16(resample(chunk.samples, chunk.sampleRateHz, RATE_HZ)));
    }
    const joined = new Int16Array(pieces.reduce((n, piece) => n + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      joined.set(piece, at);
      at += piece.length;
    }
    out.push(joined);
  }
  await synthesiser.close();
  return out;
}
