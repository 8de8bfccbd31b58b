import { VisavisError } from '../../errors.js';
import {
  RECOGNITION_RATE_HZ,
  type RecognitionStream,
  type SpeechRecogniser,
  type Transcript,
} from '../../inference/engines.js';
import { TurnAudio } from '../../inference/speech/recognition-audio.js';
import { AUTO_LANGUAGE, isEnglish, requireRecognisable } from '../../inference/speech/recognition-language.js';
import { MAX_TURN_MS, type Pass } from '../../inference/speech/recognition-turn.js';
import type { SpeechLink } from './client-link.js';
import { MAX_STREAMS } from './protocol.js';

/** Audio goes out in messages of 100 ms, or at once when a text is asked for. */
const PUSH_SAMPLES = RECOGNITION_RATE_HZ / 10;
const MAX_TURN_SAMPLES = (MAX_TURN_MS / 1000) * RECOGNITION_RATE_HZ;

/** Recognition in the speech worker. Closing it closes its streams; the link stays. */
export class RemoteRecogniser implements SpeechRecogniser {
  readonly #link: SpeechLink;
  readonly #numbers: StreamNumbers;
  readonly #streams = new Set<RemoteStream>();

  constructor(link: SpeechLink, numbers: StreamNumbers) {
    this.#link = link;
    this.#numbers = numbers;
  }

  open(o: { language?: string | undefined } = {}): RecognitionStream {
    requireRecognisable(o.language);
    const number = this.#numbers.take();
    const stream = new RemoteStream(this.#link, number, isEnglish(o.language) ? undefined : o.language, () => {
      this.#numbers.release();
      this.#streams.delete(stream);
    });
    this.#streams.add(stream);
    return stream;
  }

  async close(): Promise<void> {
    for (const stream of [...this.#streams]) stream.close();
  }
}

/** Numbers of the streams of one connection, and how many are open. */
export class StreamNumbers {
  #next = 0;
  #open = 0;

  take(): number {
    if (this.#open >= MAX_STREAMS) {
      throw new VisavisError('too-many-requests', `expected at most ${MAX_STREAMS} open recognition streams`);
    }
    this.#open += 1;
    return this.#next++;
  }

  release(): void {
    this.#open -= 1;
  }
}

/**
 * A turn whose audio lies in the speech worker, with a copy of its last 30 s here: after a reconnection the new worker is
 * given that copy, so that the turn goes on. A language that was found out in one turn holds for those after it.
 */
class RemoteStream implements RecognitionStream {
  readonly #link: SpeechLink;
  readonly #number: number;
  readonly #onClose: () => void;
  readonly #audio = new TurnAudio(MAX_TURN_SAMPLES);
  readonly #stopListening: () => void;
  #language: string | undefined;
  /** Of the turn under way, where it was to be found out. */
  #heard: string | undefined;
  /** Sample number up to which the worker has the audio. */
  #sent = 0;
  #closed = false;

  constructor(link: SpeechLink, number: number, language: string | undefined, onClose: () => void) {
    this.#language = language;
    this.#link = link;
    this.#number = number;
    this.#onClose = onClose;
    this.#stopListening = link.onReconnect(() => this.#restore());
    this.#open();
  }

  push(samples: Float32Array): void {
    if (this.#closed) return;
    this.#audio.push(samples);
    if (this.#audio.end - this.#sent >= PUSH_SAMPLES) this.#flush();
  }

  partial(o: { signal: AbortSignal }): Promise<Transcript> {
    return this.#recognise('partial', o.signal);
  }

  final(o: { signal: AbortSignal }): Promise<Transcript> {
    return this.#recognise('final', o.signal);
  }

  reset(): void {
    this.#audio.reset();
    this.#sent = 0;
    this.#language = this.#heard ?? this.#language;
    this.#heard = undefined;
    if (!this.#closed) this.#link.send({ type: 'stream-reset', stream: this.#number, language: this.#language });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#audio.reset();
    this.#stopListening();
    this.#link.send({ type: 'stream-close', stream: this.#number });
    this.#onClose();
  }

  async #recognise(pass: Pass, signal: AbortSignal): Promise<Transcript> {
    if (this.#closed) throw new VisavisError('conflict', 'recognition stream is closed');
    this.#flush();
    const audioMs = (this.#audio.end / RECOGNITION_RATE_HZ) * 1000;
    const reply = await this.#link.call({ type: 'recognise', stream: this.#number, pass }, { signal });
    if (reply.type !== 'transcript') throw new VisavisError('internal', `unexpected answer ${reply.type}`);
    const { transcript } = reply;
    // A word or two may be of any language.
    const isCertain = pass === 'final' && /\S\s+\S|\p{Lo}{4}/u.test(transcript.text);
    if (this.#language === AUTO_LANGUAGE && isCertain) this.#heard = transcript.language;
    return { ...transcript, audioMs };
  }

  #flush(): void {
    if (!this.#link.isConnected || this.#sent === this.#audio.end) return;
    this.#link.send({
      type: 'stream-push',
      stream: this.#number,
      samples: this.#audio.read(this.#sent, this.#audio.end),
    });
    this.#sent = this.#audio.end;
  }

  #open(): void {
    this.#link.send({ type: 'stream-open', stream: this.#number, language: this.#language });
  }

  #restore(): void {
    this.#open();
    this.#sent = this.#audio.start;
    this.#flush();
  }
}
