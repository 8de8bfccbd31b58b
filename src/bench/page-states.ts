import type { Page, Route, WebSocketRoute } from 'playwright-core';

/** What a state needs of the service behind the page. */
export interface PageService {
  url: string;
  /** Process ids by role. */
  pids(): Record<string, number>;
}

/** A page on its way into a state. */
export interface Visit {
  page: Page;
  service: PageService;
  /** The way between page and service. */
  wire: Wire;
  /** Undone when the state has been looked at. */
  undo: (() => void | Promise<void>)[];
}

export interface PageState {
  name: string;
  /** Which page; by default the one of the conversation. */
  path?: string;
  /** Of the page's address. */
  query?: string;
  /** What the microphone does; by default it gives a faint hum. */
  microphone?: 'denied' | 'absent' | 'busy' | 'silent' | 'asking';
  reach: (visit: Visit) => Promise<void>;
}

const LIMIT_MS = 60_000;

/** Lets everything through between page and service, until it is told to hold back or to break. */
export class Wire {
  #socket: WebSocketRoute | undefined;
  #broken = false;
  #held: ((message: string) => boolean) | undefined;
  #isHolding = false;

  static async attach(page: Page): Promise<Wire> {
    const wire = new Wire();
    await page.routeWebSocket(/socket\.io/, (socket) => wire.#connect(socket));
    await page.route(/socket\.io/, (route) => (wire.#broken ? route.abort() : route.continue()));
    return wire;
  }

  /** From the first message of the service that `matches` on, the page hears no more of it. */
  holdAfter(matches: (message: string) => boolean): void {
    this.#held = matches;
  }

  /** Cuts signalling off, and keeps it so. */
  break(): void {
    this.#broken = true;
    void this.#socket?.close({ code: 1001 });
  }

  #connect(socket: WebSocketRoute): void {
    if (this.#broken) return void socket.close({ code: 1001 });
    this.#socket = socket;
    const server = socket.connectToServer();
    server.onMessage((message) => {
      if (this.#isHolding) return;
      socket.send(message);
      if (typeof message === 'string' && this.#held?.(message)) this.#isHolding = true;
    });
  }
}

/** Replaces the microphone before the page's own scripts run. */
export function microphoneScript(kind: PageState['microphone'] | 'humming'): string {
  return `(() => {
    const kind = ${JSON.stringify(kind)};
    const refuse = (name) => Promise.reject(new DOMException('', name));
    navigator.mediaDevices.getUserMedia = async () => {
      if (kind === 'denied') return refuse('NotAllowedError');
      if (kind === 'absent') return refuse('NotFoundError');
      if (kind === 'busy') return refuse('NotReadableError');
      if (kind === 'asking') return new Promise(() => {});
      const context = new AudioContext();
      const hum = context.createOscillator();
      const volume = context.createGain();
      hum.frequency.value = 110;
      volume.gain.value = kind === 'silent' ? 0 : 0.004;
      const out = context.createMediaStreamDestination();
      hum.connect(volume).connect(out);
      hum.start();
      return out.stream;
    };
  })()`;
}

const start = (page: Page): Promise<void> => page.locator('.intro .button--primary').click();
const status = (page: Page, tone: string): Promise<unknown> =>
  page.locator(`.stage[data-tone="${tone}"]`).waitFor({ timeout: LIMIT_MS });
const card = (page: Page): Promise<void> => page.locator('.card.is-shown').waitFor({ timeout: LIMIT_MS });
const notice = (page: Page): Promise<void> => page.locator('.notice__box.is-shown').waitFor({ timeout: LIMIT_MS });

async function startAndListen({ page }: Visit): Promise<void> {
  await start(page);
  await status(page, 'listening');
}

async function startToHold({ page }: Visit): Promise<void> {
  await start(page);
  await page.locator('.round-button--mic[data-state="hold"]').waitFor({ timeout: LIMIT_MS });
  await page.locator('.stage__video.is-shown').waitFor({ timeout: LIMIT_MS });
}

async function ask(page: Page, text: string): Promise<void> {
  const field = page.getByRole('textbox');
  await field.fill(text);
  await field.press('Enter');
  await field.blur();
}

const QUESTION = 'What is Visavis?';

/** Every state that a visitor may see, reached through the real page and the real service. */
export const PAGE_STATES: readonly PageState[] = [
  {
    name: 'start',
    reach: async ({ page }) => {
      await page.locator('.stage__idle.is-shown').waitFor({ timeout: LIMIT_MS });
    },
  },
  { name: 'start-typing', query: 'mic=0', reach: ({ page }) => page.locator('.stage__poster.is-shown').waitFor() },
  {
    name: 'settings',
    reach: async ({ page }) => {
      await page.locator('.masthead__tools button').last().click();
      await page.locator('dialog[open]').waitFor();
      await page.locator('dialog summary').click();
    },
  },
  {
    name: 'connecting',
    reach: async ({ page, undo }) => {
      const held: Route[] = [];
      await page.route('**/v1/sessions', (route) => void held.push(route));
      undo.push(() => Promise.all(held.map((route) => route.abort().catch(() => undefined))).then(() => undefined));
      await start(page);
      await status(page, 'connecting');
    },
  },
  {
    name: 'microphone-asking',
    microphone: 'asking',
    reach: async ({ page }) => {
      await start(page);
      await status(page, 'idle');
    },
  },
  { name: 'listening', reach: startAndListen },
  {
    name: 'thinking',
    reach: async (visit) => {
      await startAndListen(visit);
      visit.wire.holdAfter((message) => message.includes('"state":"thinking"'));
      await ask(visit.page, QUESTION);
      await status(visit.page, 'thinking');
    },
  },
  {
    name: 'speaking',
    reach: async (visit) => {
      await startAndListen(visit);
      visit.wire.holdAfter((message) => message.startsWith('42["caption"') && message.includes('"index":6,'));
      await ask(visit.page, QUESTION);
      await visit.page.locator('.captions__words > span:nth-child(7)').waitFor({ timeout: LIMIT_MS });
    },
  },
  {
    name: 'muted',
    reach: async (visit) => {
      await startAndListen(visit);
      await visit.page.keyboard.press('m');
      await status(visit.page, 'idle');
    },
  },
  { name: 'push-to-talk', query: 'turn-taking=push-to-talk', reach: startToHold },
  {
    name: 'push-to-talk-held',
    query: 'turn-taking=push-to-talk',
    reach: async (visit) => {
      await startToHold(visit);
      await visit.page.keyboard.down('m');
      await visit.page.locator('.round-button--mic[aria-pressed="true"]').waitFor({ timeout: LIMIT_MS });
    },
  },
  {
    name: 'reconnecting',
    reach: async (visit) => {
      await startAndListen(visit);
      visit.wire.break();
      await status(visit.page, 'reconnecting');
    },
  },
  {
    name: 'recovering',
    reach: async (visit) => {
      await startAndListen(visit);
      const pid = visit.service.pids()['avatar'];
      if (pid === undefined) throw new Error('there is no avatar worker');
      process.kill(pid, 'SIGSTOP');
      visit.undo.push(() => void process.kill(pid, 'SIGCONT'));
      await status(visit.page, 'recovering');
    },
  },
  {
    name: 'busy',
    reach: async ({ page, service, undo }) => {
      const taken = await takeAllPlaces(service.url);
      undo.push(() => taken.free());
      await start(page);
      await card(page);
    },
  },
  {
    name: 'ended',
    reach: async (visit) => {
      await startAndListen(visit);
      await visit.page.locator('.round-button--end').click();
      await card(visit.page);
    },
  },
  {
    name: 'unreachable',
    reach: async ({ page }) => {
      await page.route('**/v1/sessions', (route) => route.abort());
      await start(page);
      await card(page);
    },
  },
  ...(['denied', 'absent', 'busy', 'silent'] as const).map(
    (microphone): PageState => ({
      name: `microphone-${microphone}`,
      microphone,
      reach: async ({ page }) => {
        await start(page);
        await notice(page);
        await status(page, microphone === 'silent' ? 'listening' : 'idle');
      },
    }),
  ),
];

/** Creates sessions until the service refuses one, and frees them again. */
async function takeAllPlaces(url: string): Promise<{ free: () => Promise<void> }> {
  const ids: string[] = [];
  for (;;) {
    const response = await fetch(new URL('v1/sessions', url), { method: 'POST' });
    const body = (await response.json()) as { sessionId?: string };
    if (body.sessionId === undefined) break;
    ids.push(body.sessionId);
  }
  const free = async (): Promise<void> => {
    for (const id of ids) await closeSession(url, id);
  };
  return { free };
}

async function closeSession(url: string, id: string): Promise<void> {
  await fetch(new URL(`v1/sessions/${id}`, url), { method: 'DELETE' });
}

export interface StateVisit {
  /** Undoes what it took to get there, such as the places taken by others; the page stays. */
  undo(): Promise<void>;
  /** And ends the conversation. */
  leave(): Promise<void>;
}

/** Brings a fresh page into `state`; `leave()` undoes what that took and ends its conversation. */
export async function visitState(page: Page, service: PageService, state: PageState): Promise<StateVisit> {
  const steps: Visit['undo'] = [];
  const sessionIds: Promise<string | undefined>[] = [];
  page.on('response', (response) => {
    if (response.status() !== 201) return;
    sessionIds.push(
      response.json().then(
        (body: { sessionId?: string }) => body.sessionId,
        () => undefined,
      ),
    );
  });
  await page.addInitScript({ content: microphoneScript(state.microphone ?? 'humming') });
  const wire = await Wire.attach(page);
  await page.goto(`${service.url}${state.path ?? ''}?greeting=none&${state.query ?? ''}`);
  // What lies below the edge of a small screen is not fetched yet.
  await page.locator('.stage__poster.is-shown').first().waitFor({ timeout: LIMIT_MS });
  const undo = async (): Promise<void> => {
    for (const step of steps.splice(0).reverse()) await step();
  };
  const leave = async (): Promise<void> => {
    await undo();
    await page.goto('about:blank');
    // A page whose connection was cut could not say goodbye.
    for (const id of await Promise.all(sessionIds)) if (id !== undefined) await closeSession(service.url, id);
  };
  try {
    await state.reach({ page, service, wire, undo: steps });
  } catch (failure) {
    await leave();
    throw new Error(`state ${state.name}: ${failure instanceof Error ? failure.message : String(failure)}`);
  }
  return { undo, leave };
}
