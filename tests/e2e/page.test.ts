import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CHROMIUM, PAGE_FLAGS } from '../../src/bench/browser.js';
import { microphoneScript, PAGE_STATES, visitState } from '../../src/bench/page-states.js';
import type { BenchServer } from '../../src/bench/server.js';
import type {} from '../../web-demo/src/seam.js';
import { overflow, smallTargets, violations } from '../support/page-checks.js';
import { startService } from '../support/talk-page.js';

const SCREENS = {
  desktop: { width: 1440, height: 900 },
  phone: { width: 390, height: 844 },
};
/** Fades of a tone or a theme are over. */
const FADE_MS = 700;

describe('the talk page', () => {
  let service: BenchServer;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    service = await startService({ VISAVIS_ADMISSION: 'off', VISAVIS_MAX_SESSIONS: '2', VISAVIS_STANDBY: 'off' });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: PAGE_FLAGS });
  }, 240_000);

  afterAll(async () => {
    await browser?.close();
    await service?.close();
  });

  async function open(options: Parameters<Browser['newContext']>[0] = {}): Promise<void> {
    await context?.close();
    context = await browser.newContext({ viewport: SCREENS.desktop, locale: 'en-GB', ...options });
    page = await context.newPage();
    complaints = [];
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => {
      if (/Content.Security.Policy/i.test(message.text())) complaints.push(message.text());
    });
  }

  beforeEach(() => open());
  afterEach(() => context.close());

  describe.each(PAGE_STATES)('in the state $name', (state) => {
    it('can be used by everybody: WCAG 2.2 AA by axe, no overflow, targets for fingers, large and small, light and dark', async () => {
      const { leave } = await visitState(page, service, state);
      const found: string[] = [];
      for (const [screen, size] of Object.entries(SCREENS)) {
        await page.setViewportSize(size);
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme });
          await page.waitForTimeout(FADE_MS);
          found.push(...(await violations(page)).map((line) => `${screen} ${colorScheme}: ${line}`));
        }
        found.push(...(await overflow(page)).map((line) => `${screen}: too wide: ${line}`));
        found.push(...(await smallTargets(page)).map((line) => `${screen}: small: ${line}`));
      }
      expect(found).toEqual([]);
      expect(complaints).toEqual([]);
      await leave();
    });
  });

  it('keeps text over the picture readable whatever the picture shows', async () => {
    await page.goto(service.url);
    const contrasts = await page.evaluate(() => {
      const light = ([r = 0, g = 0, b = 0]: number[]): number => {
        const [x = 0, y = 0, z = 0] = [r, g, b]
          .map((value) => value / 255)
          .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
      };
      const numbers = (text: string): number[] => (text.match(/[\d.]+/g) ?? []).map(Number);
      return ['.pill', '.glass-button', '.card'].flatMap((selector) => {
        const element = document.querySelector(selector);
        if (!element) return [0];
        const { color, backgroundColor } = getComputedStyle(element);
        const [r = 0, g = 0, b = 0, alpha = 1] = numbers(backgroundColor);
        return [0, 255].map((behind) => {
          const blend = [r, g, b].map((value) => value * alpha + behind * (1 - alpha));
          const [a, c] = [light(numbers(color)), light(blend)].sort((x, y) => y - x) as [number, number];
          return (a + 0.05) / (c + 0.05);
        });
      });
    });
    expect(contrasts).toHaveLength(6);
    expect(Math.min(...contrasts)).toBeGreaterThan(4.5);
  });

  it('fits 320 px, four times its size, a phone held sideways and twice its size, without anything cut off', async () => {
    await page.addInitScript({ content: microphoneScript('humming') });
    await page.goto(`${service.url}?greeting=none`);
    const problems: string[] = [];
    const sizes = [
      [320, 640],
      [320, 256],
      [844, 390],
      [720, 450],
      [1024, 1366],
    ] as const;
    const look = async (mode: string): Promise<void> => {
      for (const [width, height] of sizes) {
        await page.setViewportSize({ width, height });
        problems.push(...(await overflow(page)).map((line) => `${mode} ${width}×${height}: ${line}`));
        problems.push(...(await overlaps(page)).map((line) => `${mode} ${width}×${height}: ${line}`));
      }
    };
    await look('start');
    await page.getByRole('button', { name: 'Start talking' }).click();
    await page.locator('.stage[data-tone="listening"]').waitFor({ timeout: 60_000 });
    await look('talk');
    expect(problems).toEqual([]);
  });

  it('does not jump: from the start into the conversation and out of it nothing is shifted', async () => {
    await page.addInitScript({ content: microphoneScript('humming') });
    await page.goto(`${service.url}?greeting=none`);
    await page.evaluate(() => {
      const shifts: number[] = [];
      Object.assign(window, { shifts });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) shifts.push((entry as unknown as { value: number }).value);
      }).observe({ type: 'layout-shift', buffered: true });
    });
    await page.getByRole('button', { name: 'Start talking' }).click();
    await page.locator('.stage[data-tone="listening"]').waitFor({ timeout: 60_000 });
    await page.getByRole('textbox').fill('What is Visavis?');
    await page.getByRole('textbox').press('Enter');
    await page.locator('.captions__words > span:nth-child(5)').waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'End conversation' }).click();
    await page.locator('.card.is-shown').waitFor();
    const total = await page.evaluate(() =>
      (window as unknown as { shifts: number[] }).shifts.reduce((sum, value) => sum + value, 0),
    );
    expect(total).toBeLessThan(0.02);
  });

  it('obeys the keyboard: M mutes, / types, Escape interrupts, and single keys can be turned off', async () => {
    await page.addInitScript({ content: microphoneScript('humming') });
    await page.goto(`${service.url}?greeting=none`);
    await page.keyboard.press('Tab');
    await page.getByRole('button', { name: 'Start talking' }).focus();
    await page.keyboard.press('Enter');
    const stage = page.locator('.stage');
    await page.locator('.stage[data-tone="listening"]').waitFor({ timeout: 60_000 });
    await page.keyboard.press('m');
    await page.getByRole('button', { name: 'Unmute microphone' }).waitFor();
    await page.keyboard.press('m');
    await page.getByRole('button', { name: 'Mute microphone', exact: true }).waitFor();
    await page.keyboard.press('/');
    const field = page.getByRole('textbox');
    expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.type('Tell me about mm / and what Visavis needs');
    expect(await field.inputValue()).toBe('Tell me about mm / and what Visavis needs');
    await page.keyboard.press('Enter');
    await page.locator('.stage[data-tone="speaking"]').waitFor({ timeout: 60_000 });
    await page.keyboard.press('Escape');
    await page.locator('.turn[data-status="interrupted"]').waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('switch').uncheck();
    await page.keyboard.press('Escape');
    await page.keyboard.press('m');
    await page.waitForTimeout(300);
    expect(await page.evaluate(() => window.visavis?.microphone)).toBe('on');
    expect(await stage.getAttribute('data-tone')).not.toBe('over');
  });

  it('remembers what was chosen: theme before the first picture is drawn, language, shortcuts', async () => {
    await page.goto(service.url);
    await page.getByRole('button', { name: 'Switch between light and dark' }).click();
    expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByLabel('Language').selectOption('de');
    await page.getByRole('button', { name: 'Gespräch beginnen' }).waitFor();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('de');
    const body = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(body).toBe('rgb(15, 18, 17)');
  });

  it('speaks the language of the browser, or the one its address asks for', async () => {
    await open({ locale: 'fr-CA' });
    await page.goto(service.url);
    await page.getByRole('button', { name: 'Commencer à parler' }).waitFor();
    await page.goto(`${service.url}?lang=ja`);
    await page.getByRole('button', { name: '話し始める' }).waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('shows no film to those who asked for less movement', async () => {
    await open({ reducedMotion: 'reduce' });
    const films: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('idle.webm')) films.push(request.url());
    });
    await page.goto(service.url);
    await page.locator('.stage__poster.is-shown').waitFor();
    await page.waitForTimeout(1_000);
    expect(films).toEqual([]);
    expect(await page.locator('.stage__idle.is-shown').count()).toBe(0);
  });

  it('asks its own server only, and little of it, before one starts', async () => {
    const requests: { url: string; bytes: number }[] = [];
    page.on('requestfinished', async (request) => {
      const { responseBodySize } = await request.sizes();
      requests.push({ url: request.url(), bytes: responseBodySize });
    });
    await page.goto(service.url);
    await page.locator('.stage__idle.is-shown').waitFor({ timeout: 60_000 });
    const { origin } = new URL(service.url);
    expect(requests.filter(({ url }) => new URL(url).origin !== origin)).toEqual([]);
    expect(requests.some(({ url }) => url.includes('/v1/sessions') || url.includes('socket.io'))).toBe(false);
    const film = requests.find(({ url }) => url.includes('idle.webm'));
    expect(film?.bytes ?? 0).toBeLessThan(400_000);
  });

  it('lets a visitor in who waited for a place, by itself', async () => {
    const busy = PAGE_STATES.find(({ name }) => name === 'busy')!;
    const { undo } = await visitState(page, service, busy);
    expect(await page.locator('.card h2').textContent()).toBe('All places are taken');
    expect(await page.locator('.card__progress').textContent()).toMatch(/^(Next try in \d+ s|Trying now …)$/);
    await undo();
    await page.locator('.stage[data-tone="listening"]').waitFor({ timeout: 90_000 });
    expect(await page.locator('.card.is-shown').count()).toBe(0);
  });
});

/** Visible parts of the layout that cover each other. */
function overlaps(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const names = ['.masthead', '.stage__frame', '.captions', '.dock', '.side', '.intro', '.chooser', '.disclosure'];
    const boxes = names.flatMap((name) => {
      const element = document.querySelector(name);
      if (!element?.checkVisibility({ visibilityProperty: true })) return [];
      const { left, right, top, bottom } = element.getBoundingClientRect();
      return right - left > 1 && bottom - top > 1 ? [{ name, left, right, top, bottom }] : [];
    });
    return boxes.flatMap((a, index) =>
      boxes.slice(index + 1).flatMap((b) => {
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        return wide > 1 && high > 1 ? [`${a.name} and ${b.name} overlap by ${wide} × ${high}`] : [];
      }),
    );
  });
}
