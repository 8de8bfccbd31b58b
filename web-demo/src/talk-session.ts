import type { CreateSessionBody } from '../../src/signaling/messages.js';
import type { Conversation } from './client/conversation.js';
import type { ConversationEvent } from './client/events.js';
import { Microphone, MicrophoneError } from './client/microphone.js';
import { Playback } from './client/playback.js';
import { ClientError } from './client/request.js';
import { ResponseMeter } from './client/response-meter.js';
import { reduceLatency } from './model/latency.js';
import type { VoiceGap } from './model/voice-gap.js';
import { INITIAL_TALK_STATE, reduceTalk, type TalkState } from './talk-state.js';

export interface TalkSessionOptions {
  video: HTMLVideoElement;
  session: CreateSessionBody;
  token: string | undefined;
  /** API key that creating a session takes. */
  key: string | undefined;
  microphone: boolean;
  /** Devices that the visitor has chosen; undefined: the browser's own choice. */
  microphoneId: string | undefined;
  speakerId: string | undefined;
  onState: (state: TalkState) => void;
  onEvent: (event: ConversationEvent) => void;
  onGap: (gap: VoiceGap) => void;
  onFirstFrame: (sinceStartMs: number) => void;
  onMicrophoneFailure: (failure: MicrophoneError['failure']) => void;
  /** A request of the visitor failed, or the server reports a failure. */
  onProblem: (error: ClientError) => void;
  /** The conversation never began. */
  onStartFailure: (error: ClientError) => void;
}

/** The last sound before a release is still on its way through the browser; the server waits for it as well. */
const TAIL_MS = 400;

/** Signalling and media are fetched when they are needed, or before: the page itself is drawn without them. */
export const loadConversation = () => import('./client/conversation.js');

/** One conversation with all that belongs to it in the browser: connection, microphone, playback and measuring. */
export class TalkSession {
  readonly playback: Playback;
  readonly #options: TalkSessionOptions;
  readonly #context = new AudioContext({ latencyHint: 'interactive' });
  readonly #abort = new AbortController();
  readonly #startedAtMs = performance.now();
  #state: TalkState = INITIAL_TALK_STATE;
  #conversation: Conversation | undefined;
  #microphone: Microphone | undefined;
  #microphoneId: string | undefined;
  #meter: ResponseMeter | undefined;
  #tailTimer: ReturnType<typeof setTimeout> | undefined;

  /** To be called from the visitor's gesture, which unlocks the sound. Everything that can go in parallel does. */
  static start(options: TalkSessionOptions): TalkSession {
    const session = new TalkSession(options);
    void session.#connect();
    void session.#startMeter();
    if (options.microphone) void session.toggleMicrophone();
    return session;
  }

  private constructor(options: TalkSessionOptions) {
    this.#options = options;
    this.#microphoneId = options.microphoneId;
    let firstFrame = true;
    this.playback = new Playback(options.video, (presentedAtMs) => {
      this.#update({ pictureShown: true });
      if (firstFrame) options.onFirstFrame(presentedAtMs - this.#startedAtMs);
      firstFrame = false;
    });
    this.playback.prime();
    if (options.speakerId !== undefined) void this.playback.setSpeaker(options.speakerId);
    void this.#context.resume();
  }

  get state(): TalkState {
    return this.#state;
  }

  get microphoneStream(): MediaStream | undefined {
    return this.#microphone?.stream;
  }

  /** The microphone is on, and where it has to be held, it is. */
  get isHeard(): boolean {
    const { microphone, turnTaking, talking } = this.#state;
    return microphone === 'on' && (turnTaking !== 'push-to-talk' || talking);
  }

  /** Loudness of the microphone, 0…1; 0 while it is not heard. */
  level(): number {
    return this.isHeard ? (this.#microphone?.level() ?? 0) : 0;
  }

  async stats(): Promise<RTCStatsReport | undefined> {
    return this.#conversation?.stats();
  }

  ask(text: string): void {
    this.#try(this.#conversation?.ask(text));
  }

  interrupt(): void {
    this.#try(this.#conversation?.interrupt());
  }

  /** Turns the microphone on (asking for it when there is none), or mutes and unmutes it. */
  async toggleMicrophone(): Promise<void> {
    const { microphone } = this.#state;
    if (microphone === 'asking' || this.#abort.signal.aborted) return;
    if (microphone === 'on' || microphone === 'muted') return this.#setMuted(microphone === 'on');
    await this.#openMicrophone();
  }

  /** Push-to-talk: pressed or released. Between presses the microphone gives silence. */
  talk(pressed: boolean): void {
    const { microphone, turnTaking, talking, phase } = this.#state;
    if (turnTaking !== 'push-to-talk' || microphone !== 'on' || phase !== 'live' || pressed === talking) return;
    this.#update({ talking: pressed });
    this.#followHold();
    this.#try(this.#conversation?.pushToTalk(pressed));
  }

  #followHold(): void {
    clearTimeout(this.#tailTimer);
    const apply = (): void => {
      if (this.#microphone && this.#state.microphone === 'on') this.#microphone.enabled = this.isHeard;
    };
    if (this.isHeard) apply();
    else this.#tailTimer = setTimeout(apply, TAIL_MS);
  }

  /** Uses this microphone from now on, and at once when one is open; a muted one stays muted. */
  async chooseMicrophone(deviceId: string | undefined): Promise<void> {
    const { microphone } = this.#state;
    this.#microphoneId = deviceId;
    if (microphone !== 'on' && microphone !== 'muted') return;
    this.#closeMicrophone();
    await this.#openMicrophone();
    if (microphone === 'muted' && this.#microphone) this.#setMuted(true);
  }

  chooseSpeaker(deviceId: string | undefined): void {
    void this.playback.setSpeaker(deviceId);
  }

  async #openMicrophone(): Promise<void> {
    this.#update({ microphone: 'asking' });
    try {
      const opened = await Microphone.open(this.#context, {
        deviceId: this.#microphoneId,
        signal: this.#abort.signal,
        onEnded: () => this.#handleMicrophoneEnded(),
      });
      if (!opened) return;
      // Nobody listens, which was not known when the browser was asked.
      if (this.#state.turnTaking === 'off') {
        opened.close();
        return this.#update({ microphone: 'off' });
      }
      this.#microphone = opened;
      this.#meter?.setVisitor(opened.stream);
      this.#update({ microphone: 'on' });
      opened.enabled = this.isHeard;
      this.#try(this.#conversation?.setMicrophone(opened.track));
    } catch (failure) {
      this.#update({ microphone: 'off' });
      if (failure instanceof MicrophoneError) this.#options.onMicrophoneFailure(failure.failure);
    }
  }

  async unlockSound(): Promise<void> {
    void this.#context.resume();
    this.#update({ soundBlocked: !(await this.playback.unlock()) });
  }

  /** Ends the conversation; the last state stays readable. */
  close(): void {
    this.#conversation?.close();
    this.#release();
  }

  async #connect(): Promise<void> {
    const { session, token, key } = this.#options;
    const { signal } = this.#abort;
    try {
      const onEvent = (event: ConversationEvent): void => this.#handleEvent(event);
      const { Conversation } = await loadConversation();
      this.#conversation = await Conversation.create({ baseUrl: '', session, token, key, onEvent, signal });
      if (this.#microphone) this.#try(this.#conversation.setMicrophone(this.#microphone.track));
    } catch (failure) {
      const wasWanted = !signal.aborted;
      this.#release();
      if (wasWanted) this.#options.onStartFailure(ClientError.from(failure));
    }
  }

  async #startMeter(): Promise<void> {
    const meter = await ResponseMeter.create(this.#context, (gap) => {
      this.#update({ timings: reduceLatency(this.#state.timings, { type: 'heard', ms: gap.ms }, performance.now()) });
      this.#options.onGap(gap);
    });
    if (this.#abort.signal.aborted) return meter?.close();
    this.#meter = meter;
    this.#meter?.setVisitor(this.#microphone?.stream);
    this.#meter?.setAvatar(this.playback.stream);
  }

  #handleEvent(event: ConversationEvent): void {
    if (event.type === 'tracks') void this.#play(event.tracks);
    if (event.type === 'session-error') this.#options.onProblem(ClientError.fromBody(event));
    this.#state = reduceTalk(this.#state, event, performance.now());
    if (event.type === 'joined' && event.answer.turnTaking === 'off') this.#stopListening();
    if (event.type === 'joined' || event.type === 'phase') this.#followHold();
    this.#options.onEvent(event);
    this.#options.onState(this.#state);
    if (event.type === 'phase' && event.phase === 'over') this.#release();
  }

  async #play(tracks: readonly MediaStreamTrack[]): Promise<void> {
    const isAudible = this.playback.setTracks(tracks);
    this.#meter?.setAvatar(this.playback.stream);
    this.#update({ soundBlocked: !(await isAudible) });
  }

  #stopListening(): void {
    this.#closeMicrophone();
    this.#try(this.#conversation?.setMicrophone(null));
  }

  #setMuted(muted: boolean): void {
    this.#update({ microphone: muted ? 'muted' : 'on' });
    if (this.#microphone) this.#microphone.enabled = this.isHeard;
    this.#try(this.#conversation?.setMicrophoneEnabled(!muted));
  }

  #handleMicrophoneEnded(): void {
    this.#closeMicrophone();
    this.#options.onMicrophoneFailure('absent');
    this.#try(this.#conversation?.setMicrophone(null));
  }

  #closeMicrophone(): void {
    this.#meter?.setVisitor(undefined);
    this.#microphone?.close();
    this.#microphone = undefined;
    this.#update({ microphone: 'off', talking: false });
  }

  #try(doing: Promise<void> | undefined): void {
    doing?.catch((failure: unknown) => this.#options.onProblem(ClientError.from(failure)));
  }

  #update(change: Partial<TalkState>): void {
    this.#state = { ...this.#state, ...change };
    this.#options.onState(this.#state);
  }

  #release(): void {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    this.#meter?.close();
    this.#closeMicrophone();
    this.playback.stop();
    this.#update({ pictureShown: false, soundBlocked: false });
    void this.#context.close();
  }
}
