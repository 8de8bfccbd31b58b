import { fileURLToPath } from 'node:url';
import { MOTION, MOTION_FRAME_LENGTH } from '../../../src/inference/avatar/motion-frame.js';
import type { SpeechMotion, TimedPhoneme } from '../../../src/inference/engines.js';

export const STOCK = ['mara', 'sam', 'ines', 'arthur'] as const;

export function stockFolder(id: string): string {
  return fileURLToPath(new URL(`../../../assets/avatars/${id}`, import.meta.url));
}

/** A motion frame with the channels given; names without a side set both sides. */
export function pose(values: Record<string, number>): Float32Array {
  const frame = new Float32Array(MOTION_FRAME_LENGTH);
  for (const [name, value] of Object.entries(values)) {
    const channels = name in MOTION ? [name] : [`${name}Left`, `${name}Right`];
    for (const channel of channels) frame[MOTION[channel as keyof typeof MOTION]] = value;
  }
  return frame;
}

/** Speech from `symbol:milliseconds` items, evenly loud; `-` leaves a gap, ˈ stresses what follows. */
export function speechOf(segmentId: number, items: string): SpeechMotion {
  const phonemes: TimedPhoneme[] = [];
  let at = 30;
  let stressedFromMs: number | undefined;
  for (const item of items.split(/\s+/)) {
    const [symbol, ms] = item.split(':');
    const endMs = at + Number(ms);
    if (symbol === 'ˈ') stressedFromMs = at;
    else if (symbol !== '-') {
      const stress = stressedFromMs === undefined ? {} : { stress: 'primary' as const };
      phonemes.push({ symbol: symbol === '_' ? ' ' : symbol!, startMs: stressedFromMs ?? at, endMs, ...stress });
      stressedFromMs = undefined;
    }
    at = endMs;
  }
  const durationMs = at + 120;
  return { segmentId, durationMs, phonemes, loudness: new Float32Array(Math.ceil(durationMs / 10)).fill(0.1) };
}

/** "My baby might move, five people." with the timing of a synthesised voice. */
export const SENTENCE =
  'm:50 ˈ:60 I:130 _:25 b:55 ˈ:40 A:120 b:50 i:90 _:25 m:60 I:110 t:50 _:30 m:65 ˈ:40 u:120 v:70 ,:260 ' +
  'f:70 ˈ:40 I:120 v:60 _:30 p:60 ˈ:50 i:70 p:50 ᵊ:40 l:90 .:220';
