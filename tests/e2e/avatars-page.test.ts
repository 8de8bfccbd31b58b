import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AVATAR_PAGE_STATES, PHOTO } from '../../src/bench/avatar-page-states.js';
import { CHROMIUM, PAGE_FLAGS } from '../../src/bench/browser.js';
import { visitState } from '../../src/bench/page-states.js';
import type { BenchServer } from '../../src/bench/server.js';
import { overflow, smallTargets, violations } from '../support/page-checks.js';
import { startService } from '../support/talk-page.js';

const SCREENS = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
/** Fades of a theme are over. */
const FADE_MS = 700;
const LIMIT_MS = 100_000;

describe('the page of avatars', () => {
  let service: BenchServer;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let folder: string;
  let complaints: string[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'visavis-avatars-'));
    service = await startService({ VISAVIS_AVATARS: folder, VISAVIS_STANDBY: 'off' });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: PAGE_FLAGS });
  }, 240_000);

  afterAll(async () => {
    await browser?.close();
    await service?.close();
    rmSync(folder, { recursive: true, force: true });
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

  const own = () => readdirSync(folder);

  describe.each(AVATAR_PAGE_STATES)('in the state $name', (state) => {
    it('can be used by everybody: WCAG 2.2 AA by axe, no overflow, targets for fingers, large and small, light and dark', async () => {
      const { leave } = await visitState(page, service, state);
      const found: string[] = [];
      try {
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
        await page.setViewportSize({ width: 320, height: 640 });
        found.push(...(await overflow(page)).map((line) => `320 px: too wide: ${line}`));
        found.push(...complaints);
      } finally {
        await leave();
      }
      expect(found).toEqual([]);
    });
  });

  it('makes an avatar of a dropped photo with the keyboard, shows it alive, talks with it and deletes it', async () => {
    await page.goto(`${service.url}avatars`);
    await page.locator('.maker').waitFor();
    const bytes = readFileSync(PHOTO).toString('base64');
    await page.evaluate(async (base64) => {
      const { buffer } = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([buffer], 'face.png', { type: 'image/png' }));
      for (const type of ['dragenter', 'dragover', 'drop'])
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }, bytes);
    await page.locator('.photo__picture:not([hidden])').waitFor();
    await page.locator('#name').focus();
    await page.keyboard.type('Nora Lund');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.keyboard.press('Enter');
    const steps = new Set<string>();
    const newcomer = page.locator('.newcomer:not([hidden])');
    for (const endMs = Date.now() + LIMIT_MS; Date.now() < endMs && !(await newcomer.isVisible()); ) {
      steps.add((await page.locator('.maker__doing').textContent()) ?? '');
      await page.waitForTimeout(100);
    }
    await newcomer.waitFor();
    expect([...steps].filter((step) => step !== '').length).toBeGreaterThan(2);
    expect(own()).toEqual(['nora-lund']);
    const { likeness, provenance } = JSON.parse(readFileSync(join(folder, 'nora-lund/avatar.json'), 'utf8'));
    expect(likeness.ground).toBe('synthetic');
    expect(provenance).toContain('SHA-256');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Nora Lund is here');
    await page.locator('.newcomer .stage__idle.is-shown').waitFor({ timeout: LIMIT_MS });
    await page.getByRole('link', { name: 'Talk with Nora Lund' }).first().click();
    await page.getByRole('heading', { name: 'Talk with Nora Lund' }).waitFor();
    await page.getByRole('button', { name: 'Type instead' }).click();
    await page.locator('.stage__video.is-shown').waitFor({ timeout: LIMIT_MS });
    await page.goto(`${service.url}avatars`);
    await page.getByRole('button', { name: 'Delete Nora Lund' }).click();
    await page.keyboard.press('Escape');
    expect(own()).toEqual(['nora-lund']);
    await page.getByRole('button', { name: 'Delete Nora Lund' }).click();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByText('Nora Lund was deleted.').waitFor();
    expect(await page.getByRole('button', { name: 'Delete Nora Lund' }).count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('says in plain words what is wrong with a picture without a face, and keeps what was filled in', async () => {
    await page.goto(`${service.url}avatars`);
    await page.locator('.maker input[type="file"]').waitFor({ state: 'attached' });
    const grey = await page.evaluate(() => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 640 });
      const draw = canvas.getContext('2d') as CanvasRenderingContext2D;
      draw.fillStyle = '#8899aa';
      draw.fillRect(0, 0, 640, 640);
      return canvas.toDataURL('image/jpeg').split(',')[1] as string;
    });
    const buffer = Buffer.from(grey, 'base64');
    await page.locator('.maker input[type="file"]').setInputFiles({ name: 'sky.jpg', mimeType: 'image/jpeg', buffer });
    await page.locator('#name').fill('Nobody');
    await page.locator('#ground-synthetic').check();
    await page.getByRole('button', { name: 'Make the avatar' }).click();
    await page.getByText('No face was found.').waitFor({ timeout: LIMIT_MS });
    expect(await page.locator('#name').inputValue()).toBe('Nobody');
    expect(own()).toEqual([]);
  });

  it('stops when it is told to, and the server keeps nothing', async () => {
    await page.goto(`${service.url}avatars`);
    await page.locator('.maker input[type="file"]').setInputFiles(PHOTO);
    await page.locator('#name').fill('Nora');
    await page.locator('#ground-synthetic').check();
    await page.getByRole('button', { name: 'Make the avatar' }).click();
    await page.locator('.maker__doing:not(:empty)').waitFor();
    await expect.poll(() => own().length, { timeout: LIMIT_MS }).toBe(1);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Make the avatar' }).waitFor();
    await expect.poll(own, { timeout: LIMIT_MS }).toEqual([]);
  });

  it('is quiet for those who asked for less movement, and pauses for everybody else', async () => {
    await page.goto(`${service.url}avatars`);
    await page.locator('.stage__idle.is-shown').first().waitFor({ timeout: LIMIT_MS });
    await page.getByRole('button', { name: 'Pause movement' }).click();
    await page.waitForFunction(() => [...document.querySelectorAll('video')].every((video) => video.paused));
    await page.getByRole('button', { name: 'Let them move' }).waitFor();
    await open({ reducedMotion: 'reduce' });
    const films: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('idle.webm')) films.push(request.url());
    });
    await page.goto(`${service.url}avatars`);
    await page.locator('.stage__poster.is-shown').first().waitFor();
    await page.waitForTimeout(1_000);
    expect(films).toEqual([]);
    expect(existsSync(folder)).toBe(true);
  });

  it('speaks the language of the browser, and is led to by the talk page', async () => {
    await open({ locale: 'de-AT' });
    await page.goto(service.url);
    await page.getByRole('link', { name: 'Avatare' }).click();
    await page.getByRole('heading', { name: 'Aus einem Foto machen' }).waitFor();
    expect(await page.title()).toBe('Visavis: Avatare');
    await page.getByRole('link', { name: 'Zum Gespräch' }).click();
    await page.getByRole('button', { name: 'Gespräch beginnen' }).waitFor();
  });
});
