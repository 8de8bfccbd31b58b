import { VisavisError } from '../errors.js';
import type { SpeechPosition } from '../inference/engines.js';
import { OUTPUT_RATE_HZ, type SpeechSegment } from './output-protocol.js';

/** Something that becomes true `offsetSamples` into the rendered block. */
export type SpeechEvent = { offsetSamples: number } & (
  | { type: 'segment-started'; segmentId: number; utteranceId: number }
  | { type: 'word'; segmentId: number; utteranceId: number; index: number; text: string }
  | { type: 'utterance-sent'; utteranceId: number }
  /** The queue ran dry inside an utterance. */
  | { type: 'underrun'; utteranceId: number }
);

export const MAX_QUEUED_SAMPLES = 120 * OUTPUT_RATE_HZ;
const MAX_ENTRIES = 4096;

interface QueuedSegment {
  segment: SpeechSegment;
  /** Sorted by their first sample. */
  words: SpeechSegment['words'];
  position: number;
  nextWord: number;
}

type Entry = { kind: 'segment'; queued: QueuedSegment } | { kind: 'utterance-end'; utteranceId: number };

const samplesToMs = (samples: number): number => (samples * 1000) / OUTPUT_RATE_HZ;
const msToSamples = (ms: number): number => Math.round((ms * OUTPUT_RATE_HZ) / 1000);

/** Half a period of a cosine, from 1 at `phase` 0 to 0 at 1: no step in value or slope at either end. */
const raisedCosine = (phase: number): number => 0.5 + 0.5 * Math.cos(Math.PI * phase);

/**
 * The speech waiting to be sent, to the sample: segments play one after another without a gap, under a gain that ramps. Pure; one
 * per conversation. Bounded to `MAX_QUEUED_SAMPLES`.
 */
export class SpeechQueue {
  readonly #entries: Entry[] = [];
  #queuedSamples = 0;
  /** What still sounds of cleared speech. */
  #tail: Int16Array = new Int16Array(0);
  #tailPosition = 0;
  /** The last speech heard of an utterance that has not ended. */
  #heard: { segmentId: number; utteranceId: number; samples: number } | null = null;
  #starved = false;
  #gain = { from: 1, to: 1, position: 0, length: 0 };

  /** Samples queued and not yet rendered. */
  get queuedSamples(): number {
    return this.#queuedSamples;
  }

  get queuedMs(): number {
    return samplesToMs(this.#queuedSamples);
  }

  /** @throws VisavisError `too-large` when more than 120 s would wait; the segment is then not queued. */
  add(segment: SpeechSegment): void {
    if (this.#queuedSamples + segment.samples.length > MAX_QUEUED_SAMPLES || this.#entries.length >= MAX_ENTRIES) {
      throw new VisavisError('too-large', 'more than 120 s of speech would wait to be sent', { field: 'segment' });
    }
    const words = [...segment.words].sort((a, b) => a.startSample - b.startSample);
    this.#entries.push({ kind: 'segment', queued: { segment, words, position: 0, nextWord: 0 } });
    this.#queuedSamples += segment.samples.length;
  }

  /** Marks the end of an utterance: everything of it has been added. */
  complete(utteranceId: number): void {
    if (this.#entries.length >= MAX_ENTRIES) throw new VisavisError('too-large', 'too many queued utterances');
    this.#entries.push({ kind: 'utterance-end', utteranceId });
  }

  /** Ramps the gain of the voice from where it is to `gain` over `rampMs`, along a raised cosine. */
  setGain(gain: number, rampMs: number): void {
    this.#gain = { from: this.#gainNow(), to: gain, position: 0, length: msToSamples(Math.max(0, rampMs)) };
  }

  /**
   * Drops everything; what is sounding fades out over `fadeMs`. Gain is 1 again for what is added later.
   * @returns the last sample that was heard before the fade, or null when nothing was.
   */
  clear(fadeMs: number): SpeechPosition | null {
    const position = this.#heardPosition();
    if (this.#tailPosition >= this.#tail.length) this.#tail = this.#fadingTail(msToSamples(Math.max(0, fadeMs)));
    else this.#tail = this.#tail.slice(this.#tailPosition);
    this.#tailPosition = 0;
    this.#entries.length = 0;
    this.#queuedSamples = 0;
    this.#heard = null;
    this.#starved = false;
    this.#gain = { from: 1, to: 1, position: 0, length: 0 };
    return position;
  }

  /** Fills `out` with the next samples and appends what happens in them to `events`. Silence where there is no speech. */
  render(out: Int16Array, events: SpeechEvent[]): void {
    let offset = this.#renderTail(out);
    for (;;) {
      const entry = this.#entries[0];
      if (entry?.kind === 'utterance-end') {
        this.#entries.shift();
        events.push({ type: 'utterance-sent', utteranceId: entry.utteranceId, offsetSamples: offset });
        if (this.#heard?.utteranceId === entry.utteranceId) this.#heard = null;
      } else if (offset >= out.length) {
        return;
      } else if (entry === undefined) {
        this.#reportUnderrun(offset, events);
        out.fill(0, offset);
        this.#skipGain(out.length - offset);
        return;
      } else {
        offset += this.#renderSegment(entry.queued, out, offset, events);
      }
    }
  }

  /** What will be heard `samples` from now if nothing changes; null for silence and for the fade of cleared speech. */
  positionAfter(samples: number): SpeechPosition | null {
    let ahead = samples - (this.#tail.length - this.#tailPosition);
    if (ahead < 0) return null;
    for (const entry of this.#entries) {
      if (entry.kind !== 'segment') continue;
      const { segment, position } = entry.queued;
      const remaining = segment.samples.length - position;
      if (ahead < remaining) return { segmentId: segment.segmentId, positionMs: samplesToMs(position + ahead) };
      ahead -= remaining;
    }
    return null;
  }

  #heardPosition(): SpeechPosition | null {
    const heard = this.#heard;
    return heard === null ? null : { segmentId: heard.segmentId, positionMs: samplesToMs(heard.samples) };
  }

  #renderTail(out: Int16Array): number {
    const count = Math.min(out.length, this.#tail.length - this.#tailPosition);
    out.set(this.#tail.subarray(this.#tailPosition, this.#tailPosition + count));
    this.#tailPosition += count;
    return count;
  }

  #renderSegment(queued: QueuedSegment, out: Int16Array, offset: number, events: SpeechEvent[]): number {
    const { segment } = queued;
    const { segmentId, utteranceId } = segment;
    if (queued.position === 0) events.push({ type: 'segment-started', segmentId, utteranceId, offsetSamples: offset });
    const count = Math.min(out.length - offset, segment.samples.length - queued.position);
    const source = segment.samples.subarray(queued.position, queued.position + count);
    this.#mix(source, out, offset);
    const end = queued.position + count;
    const last = end === segment.samples.length;
    for (let word = queued.words[queued.nextWord]; word !== undefined; word = queued.words[queued.nextWord]) {
      // A word said to begin after the segment's end is reported with its last samples.
      if (word.startSample >= end && !last) break;
      const wordOffset = offset + Math.min(Math.max(word.startSample - queued.position, 0), Math.max(0, count - 1));
      const { index, text } = word;
      events.push({ type: 'word', segmentId, utteranceId, index, text, offsetSamples: wordOffset });
      queued.nextWord++;
    }
    queued.position = end;
    this.#queuedSamples -= count;
    this.#heard = { segmentId, utteranceId, samples: end };
    this.#starved = false;
    if (last) this.#entries.shift();
    return count;
  }

  #mix(source: Int16Array, out: Int16Array, offset: number): void {
    const ramp = this.#gain;
    if (ramp.position >= ramp.length && ramp.to === 1) {
      out.set(source, offset);
      return;
    }
    for (let i = 0; i < source.length; i++) {
      out[offset + i] = clamp16((source[i] ?? 0) * this.#gainNow());
      if (ramp.position < ramp.length) ramp.position++;
    }
  }

  #gainNow(): number {
    const { from, to, position, length } = this.#gain;
    return position >= length ? to : to + (from - to) * raisedCosine(position / length);
  }

  #skipGain(samples: number): void {
    this.#gain.position = Math.min(this.#gain.length, this.#gain.position + samples);
  }

  #reportUnderrun(offset: number, events: SpeechEvent[]): void {
    if (this.#heard === null || this.#starved) return;
    this.#starved = true;
    events.push({ type: 'underrun', utteranceId: this.#heard.utteranceId, offsetSamples: offset });
  }

  /** The next samples of what is being heard, under the present gain and a fade. Nothing that was not heard yet begins to sound. */
  #fadingTail(length: number): Int16Array {
    const heard = this.#heard;
    const tail = new Int16Array(length);
    let filled = 0;
    for (const entry of this.#entries) {
      if (entry.kind !== 'segment' || entry.queued.segment.utteranceId !== heard?.utteranceId || filled === length)
        break;
      const { segment, position } = entry.queued;
      const count = Math.min(length - filled, segment.samples.length - position);
      this.#mix(segment.samples.subarray(position, position + count), tail, filled);
      filled += count;
    }
    for (let i = 0; i < filled; i++) tail[i] = Math.round((tail[i] ?? 0) * raisedCosine((i + 1) / length));
    return tail.slice(0, filled);
  }
}

function clamp16(value: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(value)));
}
