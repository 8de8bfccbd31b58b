/**
 * The life of one conversation inside an avatar worker: visitors' microphones come and go, the pipeline takes the turns, the voice
 * and the face go out. Everything it opened is closed with it.
 */
import { VisavisError } from '../errors.js';
import type {
  Agent,
  SpeechDialogue,
  SpeechRecogniser,
  SpeechSynthesiser,
  VoiceActivityDetector,
} from '../inference/engines.js';
import { Lifetime } from '../lifecycle.js';
import { EchoCanceller } from '../media/echo/echo-canceller.js';
import { PlayedSpeech, reported } from '../media/echo/played-speech.js';
import { Microphone, type MicrophoneOutput } from '../media/microphone.js';
import type { PacerEvent } from '../media/pacer-client.js';
import type { TurnTaking } from '../turn-taking.js';
import { EndOfTurnEstimator } from './end-of-turn/estimator.js';
import type { EndOfTurnModel } from './end-of-turn/model.js';
import type { ConversationEvent } from './events.js';
import type { History } from './history.js';
import { Listener } from './listener.js';
import type { ConversationModeration } from './moderation/moderation.js';
import type { SynthesisPace } from './pace.js';
import { Pipeline } from './pipeline.js';
import type { SpokenIn } from './pipeline-options.js';
import { RecordedTurns } from './recorded-turns.js';
import type { TurnSettings } from './turn.js';
import type { TurnTraces } from './turn-trace.js';
import { type Face, type SpeechOutput, Voice } from './voice.js';

/** How often the microphones are checked for gaps. */
const TICK_MS = 50;
const MAX_PARTICIPANTS = 16;

export interface ConversationEngines {
  vad: VoiceActivityDetector;
  recogniser: SpeechRecogniser;
  /** What the recogniser is told that visitors speak; undefined: nothing. */
  recognitionLanguage?: string | undefined;
  synthesiser: SpeechSynthesiser;
  /** Shared by all conversations that speak with this synthesiser. */
  pace: SynthesisPace;
  /** Closed with the conversation. */
  agent: Agent;
  /** A model that hears and speaks itself, with an ear of its own: recogniser and agent are then not asked. Closed with the conversation. */
  dialogue?: SpeechDialogue;
  /** Judges whether a pause ends a turn; undefined: words and silence decide. */
  endOfTurn?: EndOfTurnModel | undefined;
  /** What visitors and the agent may say in this conversation; undefined: everything. */
  moderation?: ConversationModeration;
}

/** How a conversation listens to its microphones. */
export interface HearingOptions {
  /** Whether the avatar's own voice is looked for in the microphones and taken out of them. Default: true. */
  cancelsEcho?: boolean;
  /** Voices so much softer than the nearest one lately begin no turn. Default, null: all do. */
  farVoicesDb?: number | null;
}

export interface ConversationOptions extends HearingOptions {
  engines: ConversationEngines;
  output: SpeechOutput;
  face: Face;
  history: History;
  speechVoice?: string;
  /** Of the voice; absent: English. */
  language?: string | undefined;
  /** How the avatar goes on in each language that visitors may be heard to speak. */
  spokenIn?: SpokenIn | undefined;
  /** 1: the voice's own. */
  speechRate?: number | undefined;
  greeting: string | null;
  /** Spoken after a failure that cut someone off. */
  apology: string;
  /** By default `balanced`. With `off` no microphone is listened to. */
  turnTaking?: TurnTaking | undefined;
  turnSettings?: Partial<TurnSettings>;
  /** Undefined: turns are not recorded. */
  traces?: TurnTraces | undefined;
  emit: (event: ConversationEvent) => void;
}

interface Participant {
  microphone: Microphone;
  listener: Listener;
  echo: EchoCanceller | undefined;
}

export class Conversation {
  readonly lifetime = new Lifetime();
  readonly #o: ConversationOptions;
  readonly #voice: Voice;
  readonly #pipeline: Pipeline;
  readonly #participants = new Map<string, Participant>();
  readonly #recorded: RecordedTurns | undefined;
  readonly #played: PlayedSpeech | undefined;
  #greeted = false;

  constructor(options: ConversationOptions) {
    this.#o = options;
    const recorded = options.traces && new RecordedTurns(options.traces);
    this.#recorded = recorded;
    const { turnTaking, cancelsEcho = true } = options;
    this.#played = cancelsEcho && turnTaking !== 'off' ? new PlayedSpeech() : undefined;
    const noted = recorded?.output(options.output) ?? options.output;
    const output = this.#played === undefined ? noted : reported(noted, this.#played);
    this.#voice = new Voice(output, options.face, (event) => this.#pipeline.handleVoice(event));
    this.#pipeline = new Pipeline({
      agent: options.engines.agent,
      dialogue: options.engines.dialogue,
      synthesiser: options.engines.synthesiser,
      pace: options.engines.pace,
      speechVoice: options.speechVoice,
      speechRate: options.speechRate,
      apology: options.apology,
      language: options.language,
      spokenIn: options.spokenIn,
      moderation: options.engines.moderation,
      history: options.history,
      voice: this.#voice,
      onState: (state) => options.face.setState(state),
      onVisitorPause: () => options.face.visitorPaused(),
      emit: recorded?.emit(options.emit) ?? options.emit,
    });
    options.engines.moderation?.listen((event) => options.emit({ type: 'moderation', ...event }));
    const timer = setInterval(() => this.#tick(), TICK_MS);
    this.lifetime.own(() => clearInterval(timer));
    this.lifetime.own(() => {
      for (const id of [...this.#participants.keys()]) this.removeMicrophone(id);
    });
    this.lifetime.own(() => options.engines.dialogue?.close());
    this.lifetime.own(() => options.engines.agent.close());
    this.lifetime.own(() => this.#pipeline.close());
  }

  /** A viewer sees and hears: greet, once, unless the conversation is already under way. */
  start(): void {
    if (this.#greeted) return;
    this.#greeted = true;
    if (this.#o.greeting !== null && this.#o.history.messages.length === 0) this.#pipeline.say(this.#o.greeting);
  }

  addMicrophone(participantId: string): void {
    this.removeMicrophone(participantId);
    if (this.#participants.size >= MAX_PARTICIPANTS) {
      throw new VisavisError('too-many-requests', `a conversation takes at most ${MAX_PARTICIPANTS} microphones`);
    }
    const { engines, turnTaking, turnSettings } = this.#o;
    if (turnTaking === 'off') return;
    const echo = this.#played && new EchoCanceller(this.#played);
    const listener = new Listener({
      vad: engines.vad.open(),
      recognition: (engines.dialogue?.ear ?? engines.recogniser).open({ language: engines.recognitionLanguage }),
      settings: turnSettings,
      endOfTurn: engines.endOfTurn && {
        estimator: new EndOfTurnEstimator(engines.endOfTurn),
        avatarSaid: () => this.#o.history.messages.findLast(({ role }) => role === 'assistant')?.text ?? '',
      },
      farVoicesDb: this.#o.farVoicesDb,
      echoed: () => (echo?.delayMs === undefined ? undefined : this.#voice.saying),
      avatarAudible: () => this.#pipeline.hasFloor,
      mayBegin: () => this.#pipeline.mayBegin(participantId),
      onEvent: (event) => this.#pipeline.handleListener(participantId, event),
      openTrace: this.#recorded && ((settings) => this.#recorded?.open(participantId, settings)),
    });
    this.#participants.set(participantId, {
      microphone: new Microphone(),
      listener,
      echo,
    });
  }

  removeMicrophone(participantId: string): void {
    const participant = this.#participants.get(participantId);
    if (participant === undefined) return;
    this.#participants.delete(participantId);
    if (participant.listener.inTurn) this.#pipeline.handleListener(participantId, { type: 'discard' });
    participant.listener.close();
    participant.microphone.close();
  }

  /** Push-to-talk; in other modes, and for who has no microphone, it means nothing. */
  setTalking(participantId: string, pressed: boolean): void {
    this.#participants.get(participantId)?.listener.setKey(pressed);
  }

  handlePacer(event: PacerEvent): void {
    if (this.lifetime.isClosed) return;
    this.#recorded?.handlePacer(event);
    if (event.type === 'segment-started') this.#played?.started(event.segmentId, event.atMs);
    if (event.type === 'microphone') {
      const participant = this.#participants.get(event.participantId);
      if (participant !== undefined) hear(participant, participant.microphone.push(event));
    } else if (event.type === 'speech-refused') {
      this.fail(new VisavisError('too-large', 'the reply is too long to be spoken'));
    } else this.#voice.handlePacer(event);
  }

  /** Speaks the apology, unless someone has the floor; it does not become part of the history. */
  apologise(): void {
    this.#greeted = true;
    this.#pipeline.apologise();
  }

  /** Speaks `text` word for word. Throws `too-many-requests` when too much is waiting. */
  say(text: string): void {
    this.#greeted = true;
    if (!this.#pipeline.say(text))
      throw new VisavisError('too-many-requests', 'too many texts are waiting to be spoken');
  }

  ask(participantId: string, text: string): void {
    this.#greeted = true;
    for (const { listener } of this.#participants.values()) listener.reset();
    this.#pipeline.ask(participantId, text);
  }

  interrupt(): void {
    this.#pipeline.interrupt();
  }

  fail(error: VisavisError): void {
    this.#o.emit({ type: 'error', error: error.toBody() });
  }

  async close(): Promise<void> {
    await this.lifetime.close();
  }

  #tick(): void {
    const now = performance.timeOrigin + performance.now();
    for (const participant of this.#participants.values()) hear(participant, participant.microphone.advance(now));
  }
}

function hear({ listener, echo }: Participant, outputs: readonly MicrophoneOutput[]): void {
  for (const output of outputs) {
    if (output.type === 'window') {
      const heard = echo?.process(output.samples, output.mediaMs, output.atMs);
      listener.push(heard?.samples ?? output.samples, heard?.isEcho);
    } else if (output.type === 'gap-end') listener.forgetVoice();
  }
}
