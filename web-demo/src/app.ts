import { type AvatarInfo, listAvatars } from './client/api.js';
import {
  describeEnd,
  describeMicrophoneFailure,
  describeProblem,
  describeStartFailure,
  describeStatus,
} from './model/status.js';
import { countersOf, type StatsEntry, type StreamCounters, streamStats } from './model/stream-stats.js';
import { Seam } from './seam.js';
import type { Settings } from './settings.js';
import { TalkSession } from './talk-session.js';
import type { TalkState } from './talk-state.js';
import { createAnnouncer } from './ui/announcer.js';
import { createCaptions } from './ui/captions.js';
import { createDock } from './ui/dock.js';
import { h, setText } from './ui/dom.js';
import { createIntro } from './ui/intro.js';
import { createLatencyPanel } from './ui/latency-panel.js';
import { createNotice } from './ui/notice.js';
import { createStage } from './ui/stage.js';
import { createTranscript } from './ui/transcript.js';

const LEVEL_INTERVAL_MS = 66;
const STATS_INTERVAL_MS = 1_000;
const PROBLEM_SHOWN_MS = 8_000;

/** The talk page: one poster, then one conversation after another in the same place. */
export class App {
  readonly element: HTMLElement;
  readonly #settings: Settings;
  readonly #seam = new Seam();
  readonly #stage = createStage({
    onInterrupt: () => this.#session?.interrupt(),
    onUnlockSound: () => void this.#session?.unlockSound(),
    onStartAgain: () => this.start(this.#withMicrophone),
  });
  readonly #intro = createIntro({
    onStart: (microphone) => this.start(microphone),
    onChoose: (avatar) => this.#choose(avatar),
  });
  readonly #dock = createDock({
    onMicrophone: () => void this.#session?.toggleMicrophone(),
    onAsk: (text) => this.#session?.ask(text),
    onEnd: () => this.#session?.close(),
  });
  readonly #captions = createCaptions();
  readonly #transcript = createTranscript();
  readonly #latency = createLatencyPanel();
  readonly #announcer = createAnnouncer();
  readonly #notice = createNotice();
  readonly #disclosure = h('p', { class: 'masthead__disclosure' });
  #session: TalkSession | undefined;
  #withMicrophone = true;
  /** The notice says that there is no microphone. */
  #microphoneNotice = false;
  #avatar: AvatarInfo | undefined;
  #counters: StreamCounters | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    const brand = h(
      'p',
      { class: 'masthead__brand' },
      h('span', { class: 'masthead__mark', 'aria-hidden': 'true' }),
      h('span', { class: 'masthead__name' }, 'Visavis'),
    );
    const side = h('div', { class: 'side' }, this.#transcript.element, this.#latency.element);
    this.element = h(
      'div',
      { class: 'page', 'data-mode': 'intro' },
      h('header', { class: 'masthead' }, brand, this.#disclosure),
      h(
        'main',
        { class: 'layout' },
        this.#stage.element,
        this.#captions.element,
        this.#intro.element,
        this.#intro.chooser,
        side,
        this.#dock.element,
      ),
      this.#announcer.element,
      this.#notice.element,
    );
    document.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape' && this.#session?.state.agentState === 'speaking') this.#session.interrupt();
    });
    window.addEventListener('pagehide', () => this.#session?.close());
    setInterval(() => this.#showLevel(), LEVEL_INTERVAL_MS);
    setInterval(() => void this.#showStats(), STATS_INTERVAL_MS);
    if (!settings.microphone) this.#intro.setTypingOnly();
  }

  /** Shows the avatars there are; the page works without, with the server's own choice. */
  async loadAvatars(): Promise<void> {
    try {
      const { avatars, standard } = await listAvatars('');
      const wanted = this.#settings.session.avatar ?? standard;
      const chosen = avatars.find(({ id }) => id === wanted) ?? avatars[0];
      this.#intro.setAvatars(avatars, chosen);
      if (chosen) this.#showAvatar(chosen);
    } catch {
      this.#intro.setProblem(describeStartFailure('unreachable'));
    }
  }

  /** Begins a conversation; call it from a gesture, so that the sound may start. */
  start(microphone: boolean): void {
    this.#session?.close();
    this.#withMicrophone = microphone && this.#settings.microphone;
    this.#intro.setBusy(true);
    this.#intro.setProblem('');
    this.#notice.hide();
    this.#stage.showEnd(undefined);
    this.#seam.begin();
    this.#counters = undefined;
    const session = TalkSession.start({
      video: this.#stage.video,
      session: { ...this.#settings.session, ...(this.#avatar ? { avatar: this.#avatar.id } : {}) },
      token: this.#settings.token,
      key: this.#settings.key,
      microphone: this.#withMicrophone,
      onState: (state) => this.#show(state),
      onEvent: (event) => this.#seam.recordEvent(event),
      onGap: (gap) => this.#seam.recordResponse(gap),
      onFirstFrame: (sinceStartMs) => this.#seam.recordFirstFrame(sinceStartMs),
      onMicrophoneFailure: (failure) => {
        this.#seam.recordProblem(`microphone-${failure}`);
        this.#notice.show(describeMicrophoneFailure(failure));
        this.#microphoneNotice = true;
      },
      onProblem: (error) => {
        this.#seam.recordProblem(error.code);
        this.#notice.show(describeProblem(error), PROBLEM_SHOWN_MS);
        this.#microphoneNotice = false;
      },
      onStartFailure: (error) => {
        this.#seam.recordProblem(error.code);
        this.#session = undefined;
        this.#backToIntro(describeStartFailure(error.code));
      },
    });
    this.#session = session;
    this.#seam.setSession(session);
    this.element.dataset.mode = 'talk';
    this.#show(session.state);
    if (this.#withMicrophone) this.#dock.microphone.focus({ preventScroll: true });
    else this.#dock.input.focus({ preventScroll: true });
  }

  #show(state: TalkState): void {
    const { phase, agentState, pictureShown } = state;
    const microphone = state.microphone === 'on' ? 'on' : state.microphone === 'muted' ? 'muted' : 'off';
    const isLive = phase === 'live';
    this.#stage.setStatus(describeStatus({ phase, agentState, pictureShown, microphone }));
    this.#stage.setPictureShown(pictureShown);
    this.#stage.setInterruptible(isLive && agentState === 'speaking');
    this.#stage.setSoundBlocked(state.soundBlocked);
    this.#stage.showEnd(phase === 'over' ? describeEnd(state.endReason) : undefined);
    this.#dock.setMicrophone(state.microphone);
    if (state.microphone === 'on' && this.#microphoneNotice) this.#hideMicrophoneNotice();
    this.#dock.setCanSend(isLive);
    this.#dock.element.inert = phase === 'over';
    this.#captions.setIdleText(this.#idleText(state));
    this.#captions.update(state.caption);
    this.#announcer.update(state.caption);
    this.#transcript.setAvatarName(state.avatarName ?? this.#avatar?.name ?? 'Avatar');
    this.#transcript.update(state.turns);
    this.#latency.update(state.timings);
    setText(this.#disclosure, state.disclosure);
  }

  #idleText({ phase, microphone, pictureShown }: TalkState): string {
    if (phase === 'over') return '';
    if (microphone === 'asking') return 'Your browser is asking whether this page may use the microphone.';
    if (phase === 'connecting' || !pictureShown) return 'One moment …';
    return microphone === 'on' ? 'Say hello.' : 'Type a message to begin.';
  }

  #hideMicrophoneNotice(): void {
    this.#microphoneNotice = false;
    this.#notice.hide();
  }

  #backToIntro(problem: string): void {
    this.element.dataset.mode = 'intro';
    this.#stage.setStatus(
      describeStatus({ phase: 'before', agentState: 'idle', pictureShown: false, microphone: 'off' }),
    );
    this.#intro.setBusy(false);
    this.#intro.setProblem(problem);
    if (this.#avatar) this.#showAvatar(this.#avatar);
  }

  #choose(avatar: AvatarInfo): void {
    this.#showAvatar(avatar);
  }

  #showAvatar(avatar: AvatarInfo): void {
    this.#avatar = avatar;
    this.#stage.showPoster(avatar.poster, avatar.name);
    this.#captions.setIdleText('');
  }

  #showLevel(): void {
    if (this.#session && !document.hidden) this.#dock.setLevel(this.#session.level());
  }

  /** Reading statistics costs the browser some work: only while somebody looks. */
  async #showStats(): Promise<void> {
    if (!this.#session || !this.#latency.element.open) return;
    const report = await this.#session.stats();
    if (!report) return;
    const counters = countersOf(report.values() as Iterable<StatsEntry>);
    if (this.#counters) this.#latency.setStats(streamStats(this.#counters, counters));
    this.#counters = counters;
  }
}
