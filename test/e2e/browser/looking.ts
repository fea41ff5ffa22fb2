import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';

/** A page in the browser, and what it should not have done. */
export interface LookedAt {
  readonly page: Page;
  /** What it asked of other places than its own. */
  readonly strangers: readonly string[];
  /** What broke its policy, errors of its script, and dialogs. */
  readonly faults: readonly string[];
}

/** Opens a page; all that it loads and complains of is kept. */
export async function lookAt(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<LookedAt> {
  const viewport = { width: 1280, height: 800 };
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce', ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const strangers: string[] = [];
  const faults: string[] = [];
  page.on('request', (request) => {
    const asked = request.url();
    if (asked !== url && asked !== `${url}events` && !asked.startsWith('data:')) {
      strangers.push(asked);
    }
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('dialog', (dialog) => faults.push(`dialog: ${dialog.message()}`));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  await page.goto(url);
  await page.getByRole('row').first().waitFor();
  return { page, strangers, faults };
}

/** What an automated check finds against WCAG 2.2 AA and good practice (https://github.com/dequelabs/axe-core). */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: check }: typeof globalThis & { axe?: typeof axe } = globalThis;
    const { passes, violations } = await (check?.run() ?? Promise.reject(new Error('no axe')));
    if (passes.length === 0) throw new Error('nothing was checked');
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  });
}
