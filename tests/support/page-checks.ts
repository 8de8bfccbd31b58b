import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
interface Violation {
  id: string;
  nodes: { target: string[]; failureSummary: string }[];
}

/** What axe finds, one line each. */
export async function violations(page: Page): Promise<string[]> {
  // Given by the debugger, as an extension would: the page's own policy lets no foreign script in.
  await page.evaluate(AXE);
  const found = await page.evaluate((tags) => {
    const { axe } = window as unknown as { axe: { run(o: unknown): Promise<{ violations: Violation[] }> } };
    return axe.run({ runOnly: { type: 'tag', values: tags } });
  }, RULES);
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
}

/** Elements that stand out of the page's width. */
export function overflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const wide = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > width + 1);
    return wide.map((e) => `${e.tagName} ${e.className}`);
  });
}

/** Buttons that a finger would miss (WCAG asks for 24 px; we for 44). */
export function smallTargets(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const all = [
      ...document.querySelectorAll(
        'button, a.button, .masthead a, select, summary, textarea, input[type="text"], .option',
      ),
    ];
    return all.flatMap((element) => {
      const { width, height } = element.getBoundingClientRect();
      const style = getComputedStyle(element);
      const isSeen = element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && width > 0;
      const large = width >= 44 && height >= 44;
      return isSeen && !large && style.pointerEvents !== 'none' ? [`${element.className}: ${width} × ${height}`] : [];
    });
  });
}
