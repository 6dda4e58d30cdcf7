/** `npm run screenshots`: makes docs/images again, above relationships that were never run. Needs `pngquant`. */
import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { closePage, openPage, type OpenOptions } from './browse';
import { PageRig, TOKENS } from './page-rig';
import { launchBrowser } from '../system/browser';

const FOLDER = resolve(__dirname, '../../../docs/images');
const RELATIONSHIPS = 10_000;

interface Picture {
  name: string;
  view: string;
  options?: OpenOptions;
  /** Until all is there that is to be seen. */
  ready: (page: Page) => Promise<unknown>;
}

const phone = { viewport: { width: 390, height: 780 } };

const PICTURES: readonly Picture[] = [
  {
    name: 'page-fleet',
    view: '',
    options: { viewport: { width: 1280, height: 760 } },
    ready: (page) => page.locator('.fleet').waitFor(),
  },
  {
    name: 'page-relationship',
    view: 'relationships/wiki',
    options: { viewport: { width: 1280, height: 860 } },
    ready: (page) => page.getByText('Last success').waitFor(),
  },
  {
    name: 'page-points',
    view: 'relationships/wiki',
    options: { viewport: { width: 1280, height: 860 }, colorScheme: 'dark' },
    ready: async (page) => {
      await page.getByRole('img', { name: /syncs/ }).waitFor();
      await page.evaluate(`{
        const all = [...document.querySelectorAll('h2')];
        const { top } = all.find(({ innerText }) => innerText === 'Recovery points').getBoundingClientRect();
        window.scrollTo(0, top + window.scrollY - 16);
      }`);
    },
  },
  {
    name: 'page-failover',
    view: 'relationships/wiki',
    options: { viewport: { width: 1280, height: 760 } },
    ready: async (page) => {
      await page.getByRole('button', { name: 'Fail over' }).click();
      await page.getByRole('dialog').getByText('Would be lost').waitFor();
    },
  },
  {
    name: 'page-phone',
    view: '',
    options: { ...phone, colorScheme: 'dark' },
    ready: (page) => page.locator('.fleet').waitFor(),
  },
];

async function take(browser: Browser, rig: PageRig, { name, view, options, ready }: Picture): Promise<void> {
  const opened = await openPage(browser, `${rig.address}/#/${view}`, { token: TOKENS.operator, ...options });
  await ready(opened.page);
  const path = join(FOLDER, `${name}.png`);
  await opened.page.screenshot({ path });
  await closePage(opened);
  execFileSync('pngquant', ['--force', '--skip-if-larger', '--strip', '--output', path, '64', path]);
  console.log(path);
}

async function main(): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const [rig, browser] = await Promise.all([PageRig.start(RELATIONSHIPS), launchBrowser()]);
  try {
    for (const picture of PICTURES) await take(browser, rig, picture);
  } finally {
    await browser.close();
    await rig.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
