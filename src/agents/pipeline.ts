/**
 * The way of the sound, in the order in which it travels:
 *
 *   microphone → voice activity → turn → speech recognition      listener.ts, turn.ts
 *     → agent → segments → speech synthesis                      reply.ts, segments.ts
 *     → motion and frames, pacing                                voice.ts (avatar thread, pacer thread)
 *     → SFU → viewers
 *
 * The pipeline holds one conversation's turn-taking: what each visitor's listener reports becomes a reply that is prepared, heard,
 * ducked, stopped or thrown away.
 */
import type { VisavisError } from '../errors.js';
import type {
  AgentEvent,
  ReplyOptions as AgentOptions,
  AgentState,
  Message,
  Transcript,
} from '../inference/engines.js';
import { isEnglish } from '../inference/speech/recognition-language.js';
import type { TurnLatency } from './events.js';
import type { ListenerEvent } from './listener.js';
import { permittedEvent } from './moderation/heard.js';
import { apology as agentApology } from './openai-agent.js';
import type { PendingReply, PipelineOptions, Turn } from './pipeline-options.js';
import { Reply, verbatim } from './reply.js';

import { SpokenReply } from './spoken-reply.js';
import { isBackchannel } from './turn-text.js';
import { latencyOf, spokenTimes } from './turn-times.js';
import { UtteranceSources } from './utterance-sources.js';
import type { VoiceEvent } from './voice.js';

type TurnEnd = Extract<ListenerEvent, { type: 'turn-end' }>;

/** What is said unasked. */
const NO_TURN = { id: 0, participantId: '' };

export class Pipeline {
  readonly #o: PipelineOptions;
  readonly #now: () => number;
  #state: AgentState = 'idle';
  #nextTurn = 1;
  /** The visitor who holds the floor, from the onset to the end of the turn. */
  #turn: Turn | undefined;
  /** Prepared while the visitor may still go on; not yet in the history, not heard. */
  #prepared: PendingReply | undefined;
  /** Decided; being synthesised or heard. */
  #current: PendingReply | undefined;
  readonly #queue: string[] = [];
  /** Utterances that do not become part of the history. */
  readonly #asides = new Set<number>();
  readonly #sources = new UtteranceSources();
  /** A turn was not understood, or a reply not spoken, because an engine failed. */
  #owesApology = false;
  #speech: { language?: string | undefined; voice?: string | undefined; apology: string };

  constructor(options: PipelineOptions) {
    this.#o = options;
    const { language, speechVoice, apology = '' } = options;
    this.#speech = { language, voice: speechVoice, apology };
    this.#now = options.now ?? (() => performance.timeOrigin + performance.now());
  }

  get state(): AgentState {
    return this.#state;
  }

  /** The avatar has the floor: its reply is being heard or is about to be. */
  get hasFloor(): boolean {
    return this.#current !== undefined;
  }

  /** The first to speak holds the floor until their turn ends. */
  mayBegin(participantId: string): boolean {
    return this.#turn === undefined || this.#turn.participantId === participantId;
  }

  // ------------------------------------------------------------ from the listeners

  handleListener(participantId: string, heard: ListenerEvent): void {
    const { voice, moderation } = this.#o;
    const event = moderation === undefined ? heard : permittedEvent(heard, moderation);
    switch (event.type) {
      case 'onset':
        this.#turn ??= { id: this.#nextTurn++, participantId, hasPartial: false, begunAtMs: this.#now() };
        if (!event.overVoice) this.#setState('listening');
        break;
      case 'duck':
        voice.duck();
        this.#emitInterruption('ducked', event.sinceOnsetMs);
        break;
      case 'stop':
        this.#emitInterruption('stopped', event.sinceOnsetMs);
        this.#stopReply();
        this.#setState('listening');
        break;
      case 'resume':
        voice.restore();
        this.#emitInterruption('resumed', event.sinceOnsetMs);
        break;
      case 'partial':
        if (this.#turn === undefined) break;
        this.#turn.hasPartial = true;
        this.#emitTranscript(this.#turn, event.text, false);
        break;
      case 'candidate':
        if (event.transcript.text !== '') this.#o.onVisitorPause();
        if (!this.hasFloor) this.#prepare(event.transcript);
        break;
      case 'candidate-void':
        this.#dropPrepared();
        break;
      case 'turn-end':
        this.#handleTurnEnd(event);
        break;
      case 'discard':
        this.#dropPrepared();
        voice.restore();
        if (this.#turn?.hasPartial) this.#emitTranscript(this.#turn, '', true);
        this.#endTurn();
        break;
      case 'failed':
        this.#owesApology = true;
        this.#emitError(event.error as VisavisError);
        break;
    }
  }

  #handleTurnEnd({ transcript, lastVoicedAtMs, marks, overVoice }: TurnEnd): void {
    const turn = this.#turn ?? { id: this.#nextTurn++, participantId: '', hasPartial: false };
    this.#turn = undefined;
    this.#owesApology = false;
    this.#o.voice.restore();
    if (overVoice && isBackchannel(transcript.text)) {
      this.#emitTranscript(turn, transcript.text, true, lastVoicedAtMs);
      this.#dropPrepared();
      this.#settle();
      return;
    }
    this.#stopReply();
    this.#emitTranscript(turn, transcript.text, true, lastVoicedAtMs);
    this.#mirror(this.#o.history.addUser(transcript.text));
    const usable = this.#prepared !== undefined && this.#prepared.text === transcript.text;
    if (!usable) this.#prepare(transcript, true);
    this.#answer(turn, lastVoicedAtMs, { ...marks, speculationUsed: usable });
  }

  /** What was prepared is the answer to `turn`, and is heard from now on. */
  #answer(turn: Turn, lastVoicedAtMs: number, latency: TurnLatency): void {
    const pending = this.#prepared;
    this.#prepared = undefined;
    if (pending !== undefined) this.#letSpeak({ ...pending, turn, latency, lastVoicedAtMs });
  }

  // ------------------------------------------------------------ replies

  #prepare(transcript: Pick<Transcript, 'text' | 'language'>, committed = false): void {
    if (this.#prepared?.text === transcript.text) return;
    const { language } = transcript;
    const spoken = language === undefined ? undefined : this.#o.spokenIn?.[language];
    if (spoken !== undefined) this.#speech = { language, ...spoken };
    this.#dropPrepared();
    if (transcript.text.length === 0) return;
    const history = committed ? this.#o.history.messages : this.#o.history.withUser(transcript.text);
    this.#prepared = {
      reply: this.#createAnswer(history),
      turn: NO_TURN,
      text: transcript.text,
      latency: {},
    };
  }

  #createAnswer(history: readonly Message[]): Reply | SpokenReply {
    const { agent, dialogue, voice } = this.#o;
    if (dialogue === undefined) return this.#createReply((options) => agent.reply(history, options));
    const answer = (options: AgentOptions) => dialogue.answer(history, options);
    return new SpokenReply({ answer, voice, onError: (error) => this.#emitError(error), now: this.#now });
  }

  #createReply(text: (o: AgentOptions) => AsyncIterable<AgentEvent>, aside = false): Reply {
    return new Reply({
      text,
      synthesiser: this.#o.synthesiser,
      voice: this.#o.voice,
      pace: this.#o.pace,
      speechVoice: this.#speech.voice,
      speechRate: this.#o.speechRate,
      apology: isEnglish(this.#speech.language) ? agentApology : () => this.#speech.apology,
      // The apology is the service's own.
      moderation: aside ? undefined : this.#o.moderation,
      // What an apology is about was reported, and why it cannot be spoken is most often the same.
      onError: (error) => aside || this.#emitError(error),
      onSilence: (utteranceId) => this.#current?.reply.utteranceId === utteranceId && this.#setState('thinking'),
      onToolUse: (call, result) => this.#mirror(this.#o.history.addToolUse(call, result)),
      onSources: (utteranceId, sources) => this.#sources.add(utteranceId, sources),
      now: this.#now,
    });
  }

  #letSpeak(pending: PendingReply): void {
    this.#current = pending;
    this.#setState('thinking');
    const utteranceId = pending.reply.release();
    if (pending.aside === true) this.#asides.add(utteranceId);
  }

  #dropPrepared(): void {
    this.#prepared?.reply.cancel();
    this.#prepared = undefined;
  }

  /** Ends what is being said or about to be said; the voice reports what was heard. */
  #stopReply(): void {
    this.#queue.length = 0;
    const reply = this.#current?.reply;
    reply?.cancel();
    if (reply !== undefined) {
      const tell = (heardMs: number) => reply instanceof SpokenReply && reply.cutAt(heardMs);
      this.#o.voice.stop({ utteranceId: reply.utteranceId, tell });
    }
    this.#current = undefined;
  }

  // ------------------------------------------------------------ from the voice

  handleVoice(event: VoiceEvent): void {
    if (event.type === 'started') {
      this.#setState('speaking');
      this.#emitLatency(event.utteranceId, event.atMs);
    } else if (event.type === 'went-on') {
      if (this.#state === 'thinking') this.#setState('speaking');
    } else if (event.type === 'word') {
      const { utteranceId, index, word, atMs } = event;
      const aside = this.#asides.has(utteranceId) ? { aside: true } : {};
      const agoMs = Math.max(0, this.#now() - atMs);
      this.#o.emit({ type: 'caption', utteranceId, index, word, agoMs, ...aside });
    } else {
      const aside = this.#asides.delete(event.utteranceId);
      const sources = this.#sources.take(event.utteranceId);
      if (event.heard !== '' && sources.length > 0)
        this.#o.emit({ type: 'sources', utteranceId: event.utteranceId, sources });
      if (!aside) {
        const message = this.#o.history.commitReply(event.heard, { interrupted: event.interrupted });
        this.#mirror(message);
        // What it said itself it knows.
        if (message !== null && !(this.#current?.reply instanceof SpokenReply)) this.#o.dialogue?.note(message);
      }
      this.#o.emit({
        type: 'utterance-end',
        utteranceId: event.utteranceId,
        text: event.heard,
        interrupted: event.interrupted,
      });
      if (this.#current?.reply.utteranceId === event.utteranceId) {
        this.#owesApology ||= this.#current.reply.isUnspoken && !aside;
        this.#current = undefined;
      }
      // An apology that could not be spoken is not tried again at once.
      if (!aside) this.#payApology();
      if (!event.interrupted) this.#speakQueued();
      this.#settle();
    }
  }

  #emitLatency(utteranceId: number, firstSentAtMs: number): void {
    const pending = this.#current;
    if (pending?.reply.utteranceId !== utteranceId || pending.lastVoicedAtMs === undefined) return;
    const { lastVoicedAtMs, turn } = pending;
    const latency = latencyOf(pending.latency, pending.reply.marks, lastVoicedAtMs, firstSentAtMs);
    const { id: turnId, participantId } = turn;
    this.#o.emit({ type: 'latency', turnId, participantId, utteranceId, lastVoicedAtMs, latency });
  }

  // ------------------------------------------------------------ said and typed

  /** Speaks `text` word for word, after what is being said. Returns false when too much is waiting. */
  say(text: string): boolean {
    if (this.#queue.length >= 8) return false;
    this.#queue.push(text);
    this.#speakQueued();
    return true;
  }

  /** Says that something went wrong, unless someone has the floor: then the conversation goes on without. */
  apologise(): void {
    this.#owesApology = false;
    const { apology } = this.#speech;
    if (apology === '' || this.#current !== undefined || this.#turn !== undefined) return;
    const reply = this.#createReply(verbatim(apology), true);
    this.#letSpeak({ reply, turn: NO_TURN, text: '', latency: {}, aside: true });
  }

  #payApology(): void {
    if (this.#owesApology) this.apologise();
  }

  #speakQueued(): void {
    if (this.#current !== undefined || this.#turn !== undefined) return;
    const text = this.#queue.shift();
    if (text === undefined) return;
    const reply = this.#createReply(verbatim(text));
    this.#letSpeak({ reply, turn: NO_TURN, text: '', latency: {} });
  }

  /** Answers typed text as a turn of its own; what is being said gives way. */
  ask(participantId: string, typed: string): void {
    const text = this.#o.moderation?.visitorText(typed, 'final') ?? typed;
    this.#dropPrepared();
    this.#stopReply();
    const turn: Turn = { id: this.#nextTurn++, participantId, hasPartial: false };
    this.#turn = undefined;
    this.#owesApology = false;
    this.#emitTranscript(turn, text, true);
    this.#mirror(this.#o.history.addUser(text));
    const askedAtMs = this.#now();
    this.#prepare({ text }, true);
    this.#answer(turn, askedAtMs, {});
  }

  /** Stops the voice at once, as a visitor's button does. */
  interrupt(): void {
    this.#dropPrepared();
    this.#stopReply();
    this.#settle();
  }

  close(): void {
    this.#dropPrepared();
    this.#stopReply();
  }

  // ------------------------------------------------------------ helpers

  #endTurn(): void {
    this.#turn = undefined;
    this.#payApology();
    this.#speakQueued();
    this.#settle();
  }

  /** The state that follows from what is going on. */
  #settle(): void {
    if (this.#current !== undefined) this.#setState(this.#o.voice.audible ? 'speaking' : 'thinking');
    else this.#setState(this.#turn === undefined ? 'idle' : 'listening');
  }

  #setState(state: AgentState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#o.onState(state);
    this.#o.emit({ type: 'state', state });
  }

  #mirror(message: Message | null): void {
    if (message !== null) this.#o.emit({ type: 'history', message });
  }

  #emitTranscript(
    { id: turnId, participantId, begunAtMs }: Turn,
    text: string,
    final: boolean,
    endedAtMs?: number,
  ): void {
    const spoken = spokenTimes(begunAtMs, endedAtMs, this.#now());
    this.#o.emit({ type: 'transcript', turnId, participantId, text, final, ...spoken });
  }

  #emitInterruption(phase: 'ducked' | 'stopped' | 'resumed', sinceOnsetMs: number): void {
    const utteranceId = this.#current?.reply.utteranceId;
    if (utteranceId !== undefined) this.#o.emit({ type: 'interruption', phase, utteranceId, sinceOnsetMs });
  }

  #emitError(error: VisavisError): void {
    this.#o.emit({ type: 'error', error: error.toBody() });
  }
}
