/**
 * `npm run screenshots [-- FOLDER [STATE…]]`: pictures of the talk page and of the page of avatars in every state, large and small, light and dark,
 * taken from the real service: one sheet of all states for each page and kind of screen, and the page while the avatar speaks in full size.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core';
import { AVATAR_PAGE_STATES } from './avatar-page-states.js';
import { CHROMIUM, PAGE_FLAGS } from './browser.js';
import { PAGE_STATES, type PageState, visitState } from './page-states.js';
import { BenchServer } from './server.js';

/** Lets fades end. */
const SETTLE_MS = 900;
const QUALITY = 76;
const SHEET_QUALITY = 62;

interface Screen {
  name: string;
  options: BrowserContextOptions;
  /** Of the sheet of all states. */
  columns: number;
  width: number;
}

interface Shot {
  label: string;
  jpeg: Buffer;
}

const SCREENS: readonly Screen[] = [
  { name: 'desktop', options: { viewport: { width: 1440, height: 900 } }, columns: 4, width: 400 },
  {
    name: 'phone',
    options: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
    columns: 9,
    width: 180,
  },
];

/** One state on one screen, light and dark. */
async function shoot(browser: Browser, service: BenchServer, state: PageState, { options }: Screen): Promise<Shot[]> {
  const context = await browser.newContext({ ...options, locale: 'en-GB', colorScheme: 'light' });
  try {
    const page = await context.newPage();
    const { leave } = await visitState(page, service, state);
    const shots: Shot[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(SETTLE_MS);
      shots.push({
        label: `${state.name}, ${colorScheme}`,
        jpeg: await page.screenshot({ type: 'jpeg', quality: QUALITY, fullPage: state.path !== undefined }),
      });
    }
    await leave();
    return shots;
  } finally {
    await context.close();
  }
}

/** All pictures on one, each with its name. */
async function sheetOf(browser: Browser, shots: readonly Shot[], { columns, width }: Screen): Promise<Buffer> {
  const page = await browser.newPage({ viewport: { width: columns * (width + 16) + 16, height: 600 } });
  const figures = shots.map(
    ({ label, jpeg }) =>
      `<figure><img src="data:image/jpeg;base64,${jpeg.toString('base64')}"><figcaption>${label}</figcaption></figure>`,
  );
  const style = `body { display: grid; grid-template-columns: repeat(${columns}, ${width}px); gap: 16px; margin: 16px;
    background: #8d918f; font: 13px system-ui } figure { margin: 0 } img { display: block; width: 100%; border-radius: 6px }
    figcaption { padding-top: 4px; color: #111 }`;
  await page.setContent(`<style>${style}</style>${figures.join('')}`);
  await page.evaluate('Promise.all([...document.images].map((image) => image.decode()))');
  const sheet = await page.screenshot({ type: 'jpeg', quality: SHEET_QUALITY, fullPage: true });
  await page.close();
  return sheet;
}

async function shootPage(
  o: { browser: Browser; service: BenchServer; folder: string; screen: Screen },
  sheet: string,
  states: readonly PageState[],
): Promise<void> {
  if (states.length === 0) return;
  const { browser, folder, screen } = o;
  const shots: Shot[] = [];
  for (const state of states) {
    const taken = await shoot(browser, o.service, state, screen);
    shots.push(...taken);
    process.stdout.write(`${screen.name}: ${state.name}\n`);
    if (state.name !== 'speaking') continue;
    for (const { label, jpeg } of taken)
      writeFileSync(join(folder, `${label.replace(', ', `-${screen.name}-`)}.jpg`), jpeg);
  }
  writeFileSync(join(folder, `${sheet}-${screen.name}.jpg`), await sheetOf(browser, shots, screen));
}

async function main(): Promise<void> {
  const [folder = 'docs', ...names] = process.argv.slice(2);
  const pages = [
    { sheet: 'states', states: PAGE_STATES },
    { sheet: 'avatars', states: AVATAR_PAGE_STATES },
  ].map(({ sheet, states }) => ({
    sheet,
    states: names.length === 0 ? states : states.filter(({ name }) => names.includes(name)),
  }));
  const avatars = mkdtempSync(join(tmpdir(), 'visavis-avatars-'));
  const env = { VISAVIS_SPEECH: 'piper', VISAVIS_MAX_SESSIONS: '2', VISAVIS_ADMISSION: 'off', VISAVIS_STANDBY: 'off' };
  const service = await BenchServer.create({
    ...env,
    VISAVIS_AVATARS: avatars,
    OPENAI_API_KEY: '',
    OPENAI_BASE_URL: '',
  });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: PAGE_FLAGS });
  try {
    mkdirSync(folder, { recursive: true });
    for (const screen of SCREENS) {
      for (const { sheet, states } of pages) await shootPage({ browser, service, folder, screen }, sheet, states);
    }
  } finally {
    await browser.close();
    await service.close();
    rmSync(avatars, { recursive: true, force: true });
  }
}

await main();
