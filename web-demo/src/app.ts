import { type AvatarInfo, listAvatars } from './client/api.js';
import type { ConversationEvent } from './client/events.js';
import type { ClientError } from './client/request.js';
import type { PageLanguage, Strings } from './i18n/index.js';
import { microphoneState } from './model/microphone-state.js';
import { PictureWatch } from './model/picture-watch.js';
import type { PreferenceStore, Preferences } from './model/preferences.js';
import { SilenceWatch } from './model/silence-watch.js';
import { describeEnd, describeIdle, describeProblem, describeStartFailure, describeStatus } from './model/status.js';
import { countersOf, type StatsEntry, type StreamCounters, streamStats } from './model/stream-stats.js';
import { isBusy, secondsLeft, type Waiting, waitAgain } from './model/waiting.js';
import { Seam } from './seam.js';
import type { Settings } from './settings.js';
import { loadConversation, TalkSession } from './talk-session.js';
import type { TalkState } from './talk-state.js';
import { applyTheme, isDark, onSystemTheme } from './theme.js';
import { createAnnouncer } from './ui/announcer.js';
import { createCaptions } from './ui/captions.js';
import { createDock } from './ui/dock.js';
import { h, setText } from './ui/dom.js';
import { createIntro } from './ui/intro.js';
import { listenToKeys } from './ui/keyboard.js';
import { createLatencyPanel } from './ui/latency-panel.js';
import { createMasthead, toAvatars } from './ui/masthead.js';
import { MicrophoneNotices } from './ui/microphone-notices.js';
import { createNotice } from './ui/notice.js';
import { createSettingsDialog } from './ui/settings-dialog.js';
import { createStage } from './ui/stage.js';
import { createTranscript } from './ui/transcript.js';

const LEVEL_INTERVAL_MS = 66;
const STATE_INTERVAL_MS = 250;
const STATS_INTERVAL_MS = 1_000;
const PROBLEM_SHOWN_MS = 8_000;
const ENDING_SHOWN_MS = 20_000;

export interface AppOptions {
  settings: Settings;
  preferences: PreferenceStore;
  language: PageLanguage;
  strings: Strings;
}

/** The talk page: the start, then one conversation after another in the same place. */
export class App {
  readonly element: HTMLElement;
  readonly #settings: Settings;
  readonly #preferences: PreferenceStore;
  readonly #language: PageLanguage;
  readonly #strings: Strings;
  readonly #seam = new Seam();
  readonly #masthead: ReturnType<typeof createMasthead>;
  readonly #stage: ReturnType<typeof createStage>;
  readonly #intro: ReturnType<typeof createIntro>;
  readonly #dock: ReturnType<typeof createDock>;
  readonly #captions: ReturnType<typeof createCaptions>;
  readonly #transcript: ReturnType<typeof createTranscript>;
  readonly #latency: ReturnType<typeof createLatencyPanel>;
  readonly #announcer: ReturnType<typeof createAnnouncer>;
  readonly #notice: ReturnType<typeof createNotice>;
  readonly #microphoneNotices: MicrophoneNotices;
  readonly #dialog: ReturnType<typeof createSettingsDialog>;
  readonly #disclosure = h('p', {});
  /** Of the conversation; the start has its own, which is seen. */
  readonly #title = h('h1', { class: 'visually-hidden talk-title' });
  readonly #picture = new PictureWatch();
  readonly #silence = new SilenceWatch();
  #session: TalkSession | undefined;
  #waiting: Waiting | undefined;
  #withMicrophone = true;
  #pictureStalled = false;
  #avatar: AvatarInfo | undefined;
  #counters: StreamCounters | undefined;

  constructor({ settings, preferences, language, strings }: AppOptions) {
    this.#settings = settings;
    this.#preferences = preferences;
    this.#language = language;
    this.#strings = strings;
    this.#masthead = createMasthead(
      { onTheme: () => this.#switchTheme(), onSettings: () => this.#openSettings() },
      strings,
    );
    const [onInterrupt, onUnlockSound] = [() => this.#session?.interrupt(), () => void this.#session?.unlockSound()];
    this.#stage = createStage({ onInterrupt, onUnlockSound, wantedSize: settings.session.size }, strings);
    this.#intro = createIntro(
      { onStart: (microphone) => this.start(microphone), onChoose: (avatar) => this.#showAvatar(avatar) },
      strings,
    );
    this.#dock = createDock(
      {
        onMicrophone: () => void this.#session?.toggleMicrophone(),
        onTalk: (pressed) => this.#session?.talk(pressed),
        onAsk: (text) => this.#session?.ask(text),
        onEnd: () => this.#session?.close(),
      },
      strings,
    );
    this.#captions = createCaptions(strings);
    this.#transcript = createTranscript(strings);
    this.#latency = createLatencyPanel(strings.settings.figures);
    this.#announcer = createAnnouncer(strings);
    this.#notice = createNotice(strings);
    this.#microphoneNotices = new MicrophoneNotices(this.#notice, strings, {
      onTryAgain: () => void this.#session?.toggleMicrophone(),
      onChoose: () => this.#openSettings(),
    });
    this.#dialog = createSettingsDialog(
      { onChange: (change) => this.#handlePreference(change) },
      this.#latency.element,
      strings,
    );
    const parts = [this.#stage, this.#captions, this.#intro].map(({ element }) => element);
    this.element = h(
      'div',
      { class: 'page', 'data-mode': 'intro' },
      this.#masthead.element,
      h(
        'main',
        { class: 'layout' },
        ...[this.#title, ...parts, this.#intro.chooser, this.#dock.element],
        h('div', { class: 'side' }, this.#transcript.element),
      ),
      h('footer', { class: 'disclosure' }, this.#disclosure),
      ...[this.#announcer.element, this.#notice.element, this.#dialog.element],
    );
    this.#listen();
    this.#applyTheme();
    if (!settings.microphone) this.#intro.setTypingOnly();
    void this.#followPermission();
    // Fetched while the visitor reads: the first click then finds everything there.
    setTimeout(() => void loadConversation().catch(() => undefined), 300);
  }

  /** Shows the avatars there are; the page works without, with the server's own choice. */
  async loadAvatars(): Promise<void> {
    try {
      const { avatars, standard, creation } = await listAvatars('', this.#settings.key);
      const wanted = this.#avatar?.id ?? this.#settings.session.avatar ?? standard;
      const chosen = avatars.find(({ id }) => id === wanted) ?? avatars[0];
      this.#intro.setAvatars(avatars, chosen);
      if (chosen) this.#showAvatar(chosen);
      this.#masthead.setLink(creation.allowed ? toAvatars(this.#strings, this.#settings.key) : undefined);
    } catch {
      const { title, hint } = this.#strings.end.unreachable;
      this.#intro.setProblem(`${title}. ${hint}`);
    }
  }

  /** Begins a conversation; call it from a gesture, so that the sound may start. */
  start(microphone: boolean): void {
    this.#session?.close();
    this.#withMicrophone = microphone && this.#settings.microphone;
    this.#intro.setProblem('');
    this.#notice.hide();
    if (this.#waiting === undefined) this.#stage.showCard(undefined);
    this.#seam.begin();
    this.#counters = undefined;
    this.#picture.reset();
    this.#silence.reset();
    const { microphoneId, speakerId } = this.#preferences.value;
    const session = TalkSession.start({
      video: this.#stage.video,
      session: {
        language: this.#language,
        ...this.#settings.session,
        ...(this.#avatar && { avatar: this.#avatar.id, size: this.#stage.size }),
      },
      token: this.#settings.token,
      key: this.#settings.key,
      microphone: this.#withMicrophone,
      microphoneId,
      speakerId,
      onState: (state) => this.#show(state),
      onEvent: (event) => this.#handleEvent(event),
      onGap: (gap) => this.#seam.recordResponse(gap),
      onFirstFrame: (sinceStartMs) => this.#seam.recordFirstFrame(sinceStartMs),
      onMicrophoneFailure: (failure) => {
        this.#seam.recordProblem(`microphone-${failure}`);
        this.#microphoneNotices.show(failure);
      },
      onProblem: (error) => {
        this.#seam.recordProblem(error.code);
        this.#notice.show(describeProblem(error, this.#strings), { forMs: PROBLEM_SHOWN_MS });
      },
      onStartFailure: (error) => this.#handleStartFailure(error),
    });
    this.#session = session;
    this.#seam.setSession(session);
    this.element.dataset.mode = 'talk';
    this.#show(session.state);
    (this.#withMicrophone ? this.#dock.microphone : this.#dock.input).focus({ preventScroll: true });
  }

  #listen(): void {
    listenToKeys({
      isOn: () => this.#preferences.value.shortcuts && this.#session?.state.phase === 'live',
      onMute: () => void this.#session?.toggleMicrophone(),
      isHold: () => this.#dock.hold.isHold(),
      onHold: (pressed) => this.#dock.hold.setPressed(pressed),
      onType: () => this.#dock.input.focus(),
      onInterrupt: () => {
        if (this.#session?.state.agentState === 'speaking') this.#session.interrupt();
      },
    });
    onSystemTheme(() => this.#applyTheme());
    window.addEventListener('pagehide', () => this.#session?.close());
    const { video } = this.#stage;
    const look = (): void => {
      this.#picture.frame(performance.now());
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
    setInterval(() => this.#showLevel(), LEVEL_INTERVAL_MS);
    setInterval(() => this.#followTime(), STATE_INTERVAL_MS);
    setInterval(() => void this.#showStats(), STATS_INTERVAL_MS);
  }

  #show(state: TalkState): void {
    const { phase, agentState, pictureShown } = state;
    const isLive = phase === 'live';
    // While a place is waited for, a try shows nothing until the server has let the visitor in.
    if (this.#waiting && state.avatarName === undefined) return;
    if (phase !== 'over') this.#stage.showCard(undefined);
    this.#showStatus(state);
    this.#stage.setPictureShown(pictureShown);
    this.#stage.setInterruptible(isLive && agentState === 'speaking');
    this.#stage.setSoundBlocked(state.soundBlocked);
    if (phase === 'over') this.#showEnd(describeEnd(state.endReason, this.#strings));
    this.#dock.setMicrophone(microphoneState(state));
    if (state.microphone === 'on') this.#microphoneNotices.hide('failed');
    if (!this.#session?.isHeard) this.#silence.reset();
    this.#dock.setCanSend(isLive);
    this.#setEnded(phase === 'over');
    this.#captions.update(state.caption);
    this.#announcer.update(state.caption);
    this.#transcript.setAvatarName(state.avatarName ?? this.#avatar?.name ?? 'Avatar');
    this.#transcript.update(state.turns);
    this.#latency.update(state.timings);
    setText(this.#disclosure, state.disclosure);
  }

  #showStatus(state: TalkState): void {
    const shown = { ...state, pictureStalled: this.#pictureStalled };
    this.#stage.setStatus(describeStatus({ ...shown, microphone: microphoneState(state) }, this.#strings));
    this.#captions.setIdleText(describeIdle(shown, this.#strings));
  }

  #handleEvent(event: ConversationEvent): void {
    this.#seam.recordEvent(event);
    if (event.type === 'tracks') this.#picture.reset();
    if (event.type !== 'ending') return;
    const { duration, shutdown } = this.#strings.ending;
    const minutes = Math.max(1, Math.round(event.inMs / 60_000));
    this.#notice.show(event.reason === 'duration' ? duration(minutes) : shutdown, { forMs: ENDING_SHOWN_MS });
  }

  #handleStartFailure(error: ClientError): void {
    this.#seam.recordProblem(error.code);
    this.#session = undefined;
    this.#notice.hide();
    this.#setEnded(true);
    if (!isBusy(error.code)) {
      this.#showEnd(describeStartFailure(error.code, this.#strings));
      return;
    }
    this.#waiting = waitAgain(this.#waiting, error.retryAfterS, performance.now(), Math.random());
    this.#showWaiting();
  }

  #showEnd(message: { title: string; hint: string }): void {
    const { startAgain, back } = this.#strings.stage;
    this.#waiting = undefined;
    this.#captions.setIdleText('');
    this.#stage.setStatus({ tone: 'over', label: message.title });
    this.#stage.showCard({
      ...message,
      primary: { label: startAgain, onClick: () => this.start(this.#withMicrophone) },
      secondary: { label: back, onClick: () => this.#backToIntro() },
    });
  }

  #showWaiting(): void {
    if (this.#waiting === undefined) return;
    const { busy, status } = this.#strings;
    const seconds = secondsLeft(this.#waiting, performance.now());
    this.#captions.setIdleText('');
    this.#stage.setStatus({ tone: 'waiting', label: status.waiting });
    this.#stage.showCard({
      title: busy.title,
      hint: busy.hint,
      progress: seconds > 0 ? busy.countdown(seconds) : busy.trying,
      primary: { label: busy.tryNow, onClick: () => this.start(this.#withMicrophone) },
      secondary: { label: busy.stop, onClick: () => this.#backToIntro() },
    });
    if (seconds === 0) this.start(this.#withMicrophone);
  }

  #setEnded(ended: boolean): void {
    this.element.dataset.ended = String(ended);
    this.#dock.element.inert = ended;
  }

  #backToIntro(): void {
    this.#waiting = undefined;
    this.#session = undefined;
    this.element.dataset.mode = 'intro';
    this.#stage.showCard(undefined);
    this.#stage.setStatus({ tone: 'idle', label: this.#strings.status.ready });
    this.#captions.setIdleText('');
    setText(this.#disclosure, '');
    // Clips that were not there before may be now.
    void this.loadAvatars();
    this.#intro.focus();
  }

  #showAvatar(avatar: AvatarInfo): void {
    this.#avatar = avatar;
    this.#stage.showAvatar(avatar);
    setText(this.#title, this.#strings.stage.live(avatar.name));
  }

  async #followPermission(): Promise<void> {
    // Not every browser tells, and none without a secure context.
    const asked = navigator.permissions?.query({ name: 'microphone' as PermissionName });
    const status = await asked?.catch(() => undefined);
    if (status === undefined) return;
    const show = (): void => this.#intro.setPermission(status.state === 'prompt' ? undefined : status.state);
    status.addEventListener('change', show);
    show();
  }

  #openSettings(): void {
    const { mode } = this.element.dataset;
    this.#dialog.open(this.#preferences.value, {
      language: this.#language,
      holdToTalk: this.#dock.hold.isHold(),
      canChangeLanguage: mode === 'intro' || this.element.dataset.ended === 'true',
    });
  }

  #handlePreference(change: Partial<Preferences>): void {
    this.#preferences.set(change);
    if ('theme' in change) this.#applyTheme();
    if ('microphoneId' in change) void this.#session?.chooseMicrophone(change.microphoneId);
    if ('speakerId' in change) this.#session?.chooseSpeaker(change.speakerId);
    if (change.language === undefined) return;
    const address = new URL(location.href);
    address.searchParams.delete('lang');
    location.replace(address);
    // An address that differs in its fragment alone is not loaded anew by itself.
    location.reload();
  }

  #switchTheme(): void {
    const { theme } = this.#preferences.value;
    this.#preferences.set({ theme: isDark(theme) ? 'light' : 'dark' });
    this.#applyTheme();
  }

  #applyTheme(): void {
    const { theme } = this.#preferences.value;
    applyTheme(theme);
    this.#masthead.setDark(isDark(theme));
  }

  #showLevel(): void {
    if (!this.#session || document.hidden) return;
    const level = this.#session.level();
    this.#dock.setLevel(level);
    this.#stage.setLevel(level);
    if (this.#session.state.phase !== 'live' || !this.#session.isHeard) return;
    if (level > 0) this.#microphoneNotices.hide('silent');
    if (this.#silence.push(level, performance.now())) this.#microphoneNotices.show('silent');
  }

  /** What changes by the passing of time alone. */
  #followTime(): void {
    if (this.#waiting && !this.#session) this.#showWaiting();
    const state = this.#session?.state;
    if (state?.phase !== 'live') return;
    this.#waiting = undefined;
    const stalled = state.pictureShown && this.#picture.isStalled(performance.now(), document.hidden);
    if (stalled === this.#pictureStalled) return;
    this.#pictureStalled = stalled;
    this.#showStatus(state);
  }

  /** Reading statistics costs the browser some work: only while somebody looks. */
  async #showStats(): Promise<void> {
    if (!this.#session || !this.#latency.element.open || !this.#dialog.element.open) return;
    const report = await this.#session.stats();
    if (!report) return;
    const counters = countersOf(report.values() as Iterable<StatsEntry>);
    if (this.#counters) this.#latency.setStats(streamStats(this.#counters, counters));
    this.#counters = counters;
  }
}
