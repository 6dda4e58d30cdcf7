/** The page in a real browser. */
import axe from 'axe-core';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { eventually } from '../system/system';

export interface Opened {
  page: Page;
  /** What the browser has complained of: errors of scripts, of the policy, of what could not be loaded. */
  complaints: string[];
}

export interface OpenOptions extends BrowserContextOptions {
  /** As if somebody had typed it in this tab. */
  token?: string;
}

/** A browser of its own, as it were, at one view. */
export async function openPage(browser: Browser, url: string, options: OpenOptions = {}): Promise<Opened> {
  const { token, ...more } = options;
  const context = await browser.newContext({
    ...{
      viewport: { width: 1440, height: 900 },
      locale: 'en-GB',
      timezoneId: 'UTC',
      reducedMotion: 'reduce',
    },
    ...more,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  if (token !== undefined) {
    await page.addInitScript(`sessionStorage.setItem('tidemark-token', ${JSON.stringify(token)})`);
  }
  await page.goto(url);
  return { page, complaints };
}

export async function closePage({ page }: Opened): Promise<void> {
  await page.context().close();
}

/** What axe finds wrong, a line each. @param rules all of them, or these alone */
export async function findViolations(page: Page, rules?: string[]): Promise<string[]> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axe.source);
  const options = { resultTypes: ['violations'], ...(rules && { runOnly: rules }) };
  const results = await page.evaluate<AxeResults>(`axe.run(document, ${JSON.stringify(options)})`);
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
}

/** So many pixels does the page stick out to the right. */
export function overflowOf(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

/** Somebody turns to another tab, or back to this one. */
export function look(page: Page, isAway: boolean): Promise<void> {
  return page.evaluate<void>(`{
    Object.defineProperty(document, 'hidden', { value: ${isAway}, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }`);
}

/** Somebody looks again after ten minutes. */
export async function lookAgain(page: Page): Promise<void> {
  await look(page, true);
  await page.evaluate(`{
    const before = Date.now;
    Date.now = () => before() + 600_000;
  }`);
  await look(page, false);
}

/** Waits until there are so many; the page's policy lets nobody wait in the page itself. */
export async function untilCount(locator: Locator, isEnough: (count: number) => boolean): Promise<void> {
  await eventually('there are so many', async () => (isEnough(await locator.count()) ? true : undefined));
}
