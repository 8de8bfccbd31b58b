/** `npm run screenshots`: pictures of the talk page in every state, large and small, light and dark, taken from the real service. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type BrowserContextOptions, chromium } from 'playwright-core';
import { PAGE_STATES, type PageService, visitState } from './page-states.js';
import { BenchServer } from './server.js';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'];
/** Lets fades end. */
const SETTLE_MS = 900;

const SCREENS: Record<string, BrowserContextOptions> = {
  desktop: { viewport: { width: 1440, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
};
const SCHEMES = ['light', 'dark'] as const;

const [folder = 'bench-results/screens', ...names] = process.argv.slice(2);
const states = names.length === 0 ? PAGE_STATES : PAGE_STATES.filter(({ name }) => names.includes(name));
const url = process.env['VISAVIS_URL'];
const server =
  url === undefined ? await BenchServer.create({ VISAVIS_SPEECH: 'piper', VISAVIS_MAX_SESSIONS: '3' }) : undefined;
const service: PageService = server ?? { url: url ?? '', pids: () => ({}) };
const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
mkdirSync(folder, { recursive: true });
let failures = 0;
try {
  for (const state of states) {
    for (const [screen, options] of Object.entries(SCREENS)) {
      const context = await browser.newContext({ ...options, colorScheme: 'light' });
      const page = await context.newPage();
      try {
        const { leave } = await visitState(page, service, state);
        for (const colorScheme of SCHEMES) {
          await page.emulateMedia({ colorScheme });
          await page.waitForTimeout(SETTLE_MS);
          await page.screenshot({
            path: join(folder, `${state.name}-${screen}-${colorScheme}.jpg`),
            type: 'jpeg',
            quality: 80,
          });
        }
        await leave();
        process.stdout.write(`${state.name} ${screen}\n`);
      } catch (failure) {
        failures++;
        process.stderr.write(`${failure instanceof Error ? failure.message : String(failure)}\n`);
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
  await server?.close();
}
process.exitCode = failures === 0 ? 0 : 1;
