/** How often a run of 1, 2, 3… tokens may follow itself before it is a loop; longer runs use the last entry. */
const REPEATS_WHILE_DECODING = [8, 6] as const;
/** A decoder that was stopped instead of ending by itself is suspect sooner. */
const REPEATS_AT_LIMIT = [3] as const;
const LONGEST_RUN = 16;

/**
 * When `tokens` ends in a run that repeats without end, the length to cut it to so that one occurrence stays; otherwise
 * null. Greedy decoders fall into such loops on noise and music. The limits leave room for what people do say ("no no no
 * no", or a sentence over and over until it is understood). `stopped`: the token limit was reached before the end token.
 */
export function loopStart(tokens: readonly number[], o: { stopped: boolean } = { stopped: false }): number | null {
  const limits = o.stopped ? REPEATS_AT_LIMIT : REPEATS_WHILE_DECODING;
  for (let run = 1; run <= LONGEST_RUN; run += 1) {
    const repeats = limits[Math.min(run, limits.length) - 1]!;
    if (tokens.length < run * repeats) continue;
    if (endsInRepeats(tokens, run, repeats)) return tokens.length - run * (repeats - 1);
  }
  return null;
}

/** A phrase has at least so many tokens. */
const SHORTEST_PHRASE = 5;

/**
 * When `tokens` ends in a phrase that was just said, and there are more of them than `plausible`, the length to cut it to so that one occurrence
 * stays; otherwise null. Whisper tells a whole sentence again and again where it does not find its end; who repeats a sentence takes the time to.
 */
export function phraseAgain(tokens: readonly number[], plausible: number): number | null {
  if (tokens.length <= plausible) return null;
  for (let run = SHORTEST_PHRASE; run * 2 <= tokens.length; run += 1) {
    if (!endsInRepeats(tokens, run, 2)) continue;
    // The last occurrence may be incomplete: it is the beginning of the repetition that counts.
    let from = tokens.length - 2 * run;
    while (from > 0 && tokens[from - 1] === tokens[from - 1 + run]) from -= 1;
    return from + run;
  }
  return null;
}

function endsInRepeats(tokens: readonly number[], run: number, repeats: number): boolean {
  const from = tokens.length - run * repeats;
  for (let i = from; i < tokens.length - run; i += 1) {
    if (tokens[i] !== tokens[i + run]) return false;
  }
  return true;
}

const FRAME = 320;
/** −70 dBFS: a muted microphone, not a quiet speaker. */
const SILENCE_RMS = 0.0003;

/** Whether any 20 ms of 16 kHz audio is louder than −70 dBFS. */
export function hasSound(samples: Float32Array): boolean {
  for (let from = 0; from < samples.length; from += FRAME) {
    if (rms(samples, from, Math.min(from + FRAME, samples.length)) >= SILENCE_RMS) return true;
  }
  return false;
}

/**
 * The middle of the quietest 100 ms between `from` and `to`: where a long turn is cut so that the cut falls between words
 * rather than into one.
 */
export function quietestPoint(samples: Float32Array, from: number, to: number): number {
  const window = FRAME * 5;
  let best = to;
  let lowest = Number.POSITIVE_INFINITY;
  for (let start = from; start + window <= to; start += FRAME) {
    const level = rms(samples, start, start + window);
    if (level < lowest) {
      lowest = level;
      best = start + window / 2;
    }
  }
  return best;
}

function rms(samples: Float32Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i += 1) sum += samples[i]! * samples[i]!;
  return Math.sqrt(sum / Math.max(1, to - from));
}
