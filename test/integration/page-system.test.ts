/** The page, in a real browser, above a whole real system: a copy is made, and another side takes over, by its buttons alone. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { openPage, untilCount } from '../support/page/browse';
import { TOKENS } from '../support/page/page-rig';
import { launchBrowser } from '../support/system/browser';
import { untilStatus } from '../support/system/switching';
import { TestSystem } from '../support/system/system';
import { writeDocument } from '../support/system/user';

jest.setTimeout(120_000);

let system: TestSystem;
let folder: string;
let browser: Browser;
const at = (...parts: string[]) => join(system.folder, ...parts);

beforeAll(async () => {
  browser = await launchBrowser();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-page-tokens-'));
  const tokens = [{ name: 'otto', token: TOKENS.operator, roles: ['operate', 'approve'] }];
  await writeFile(join(folder, 'tokens.yaml'), JSON.stringify({ tokens }), { mode: 0o600 });
  const controlOptions = ['--tokens', join(folder, 'tokens.yaml'), '--allow-actions'];
  system = await TestSystem.start({ controlOptions });
  await mkdir(at('alpha'), { recursive: true });
  await writeFile(at('alpha', 'page'), 'first');
  const spec = {
    source: { host: 'alpha', directory: at('alpha') },
    targets: [{ host: 'beta', directory: at('beta') }],
  };
  await system.apply(writeDocument('wiki', spec));
  await untilStatus(system, 'wiki', 'it is in step', ({ lastSync }) => lastSync?.result === 'succeeded');
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
});

it('syncs, and then fails over for a price that it has shown', async () => {
  const { page, complaints } = await openPage(browser, `${system.httpAddress}/#/`, {
    token: TOKENS.operator,
  });
  await page.getByRole('link', { name: 'wiki' }).click();
  await writeFile(at('alpha', 'page'), 'second');
  await page.getByRole('button', { name: 'Sync now' }).click();
  await page.getByLabel(/Why/).fill('from the page');
  await page.getByRole('dialog').getByRole('button', { name: 'Sync now' }).click();
  await page
    .getByText(/sync succeeded after/)
    .first()
    .waitFor();
  await untilCount(page.locator('[aria-label="Table of recovery points"] tbody tr'), (count) => count === 2);
  expect(await readFile(at('beta', 'page'), 'utf8')).toBe('second');
  await writeFile(at('alpha', 'page'), 'never copied');
  await page.getByRole('button', { name: 'Fail over' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('1 entry changed since').waitFor();
  await dialog.getByLabel(/to confirm/).fill('wiki');
  await page.keyboard.press('Enter');
  await page
    .getByText(/failover succeeded after/)
    .first()
    .waitFor({ timeout: 60_000 });
  await page.getByText('Failed over to beta, and alpha is no copy yet').waitFor();
  await page.getByRole('button', { name: 'Reverse' }).waitFor();
  const events = page.getByRole('region', { name: 'Table of events' });
  await events.getByText('otto, by HTTP').first().waitFor();
  expect((await system.status('wiki')).takeover?.target).toBe('beta');
  expect(complaints).toEqual([]);
});
