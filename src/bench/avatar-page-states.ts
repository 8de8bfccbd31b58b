import { join } from 'node:path';
import type { Page, Route } from 'playwright-core';
import { PROJECT_ROOT } from '../cache.js';
import type { PageState, Visit } from './page-states.js';

const LIMIT_MS = 120_000;
/** A face that is nobody's. */
export const PHOTO = join(PROJECT_ROOT, 'assets/avatars/mara/portrait.png');
const ROUTE = '**/v1/avatars';

const submit = (page: Page): Promise<void> => page.locator('.maker button[type="submit"]').click();

async function fillIn(page: Page): Promise<void> {
  await page.locator('.maker input[type="file"]').setInputFiles(PHOTO);
  await page.locator('#name').fill('Nora');
  await page.locator('#ground-licence').check();
  await page.locator('#statement').fill('CC0, rendered by ourselves.');
}

/** Makes one for real, and removes it when the state has been looked at. */
async function make({ page, service, undo }: Visit): Promise<void> {
  const made = page.waitForResponse((response) => response.request().method() === 'POST', { timeout: LIMIT_MS });
  await fillIn(page);
  await submit(page);
  await page.locator('.newcomer:not([hidden])').waitFor({ timeout: LIMIT_MS });
  const lines = (await (await made).text()).trim().split('\n');
  const { avatar } = JSON.parse(lines.at(-1) ?? '{}') as { avatar: { id: string } };
  undo.push(async () => {
    await fetch(new URL(`v1/avatars/${avatar.id}`, service.url), { method: 'DELETE' });
  });
}

/** Every state of the page of avatars, reached through the real page and, where it can be, the real service. */
export const AVATAR_PAGE_STATES: readonly PageState[] = (
  [
    {
      name: 'avatars',
      reach: async ({ page }) => {
        await page.locator('.stage__idle.is-shown').first().waitFor({ timeout: LIMIT_MS });
      },
    },
    {
      name: 'photo-chosen',
      reach: async ({ page }) => {
        await fillIn(page);
        await page.locator('.photo__picture:not([hidden])').waitFor();
      },
    },
    {
      name: 'something-missing',
      reach: async ({ page }) => {
        await page.locator('.maker input[type="file"]').setInputFiles(PHOTO);
        await page.locator('#name').fill('Nora');
        await submit(page);
        await page.locator('.field__problem:not(:empty)').waitFor();
      },
    },
    {
      name: 'making',
      reach: async ({ page, undo }) => {
        const held: Route[] = [];
        await page.route(ROUTE, (route) => (isPost(route) ? void held.push(route) : route.continue()));
        undo.push(() => Promise.all(held.map((route) => route.abort().catch(() => undefined))).then(() => undefined));
        await fillIn(page);
        await submit(page);
        await page.locator('.maker__doing:not(:empty)').waitFor();
      },
    },
    {
      name: 'refused',
      reach: async ({ page }) => {
        const error = { code: 'bad-request', message: '…', field: 'photo', reason: 'no-face', retryable: false };
        const answer = { contentType: 'application/x-ndjson', body: `${JSON.stringify({ error })}\n` };
        await page.route(ROUTE, (route) => (isPost(route) ? route.fulfill(answer) : route.continue()));
        await fillIn(page);
        await submit(page);
        await page.locator('.field__problem:not(:empty)').waitFor();
      },
    },
    {
      name: 'key-needed',
      reach: async ({ page }) => {
        await page.route(ROUTE, async (route) => {
          const response = await route.fetch();
          const body = (await response.json()) as object;
          await route.fulfill({ response, json: { ...body, creation: { allowed: false, needsKey: true } } });
        });
        await page.reload();
        await page.locator('#key').fill('wrong');
        await page.locator('.key button').click();
        await page.locator('#key-problem:not(:empty)').waitFor();
      },
    },
    {
      name: 'unreachable-list',
      reach: async ({ page }) => {
        await page.route(ROUTE, (route) => route.abort());
        await page.reload();
        await page.locator('.avatars__problem:not([hidden])').waitFor();
      },
    },
    {
      name: 'made',
      reach: async (visit) => {
        await make(visit);
        await visit.page.locator('.newcomer .stage__idle.is-shown').waitFor({ timeout: LIMIT_MS });
      },
    },
    {
      name: 'delete-asked',
      reach: async (visit) => {
        await make(visit);
        await visit.page.locator('.face-card .icon-button:visible').first().click();
        await visit.page.locator('dialog[open]').waitFor();
      },
    },
  ] satisfies PageState[]
).map((state) => ({ ...state, path: 'avatars' }));

function isPost(route: Route): boolean {
  return route.request().method() === 'POST';
}
