/** The page, in a real browser, above ten thousand relationships that were never run. */
import type { Browser, Page } from 'playwright-core';
import type { OperationView } from '../../src/api/operation-view';
import {
  closePage,
  findViolations,
  look,
  lookAgain,
  openPage,
  overflowOf,
  untilCount,
  type Opened,
  type OpenOptions,
} from '../support/page/browse';
import { ago, statusOfDocument } from '../support/page/fleet-states';
import { documentOfOne, statusOfOne } from '../support/page/one-relationship';
import { PageRig, TOKENS } from '../support/page/page-rig';
import { launchBrowser } from '../support/system/browser';

jest.setTimeout(120_000);

let rig: PageRig;
let browser: Browser;
let opened: Opened[] = [];

beforeAll(async () => {
  [rig, browser] = await Promise.all([PageRig.start(10_000), launchBrowser()]);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await rig?.stop();
});

afterEach(async () => {
  const complaints = opened.flatMap((each) => each.complaints);
  await Promise.all(opened.map(closePage));
  opened = [];
  // An answer of the API is not the page's fault.
  expect(complaints.filter((text) => !/^Failed to load resource/.test(text))).toEqual([]);
});

async function open(view = '', options: OpenOptions = {}): Promise<Page> {
  const own = await openPage(browser, `${rig.address}/#/${view}`, { token: TOKENS.reader, ...options });
  opened.push(own);
  return own.page;
}

const goTo = async (page: Page, view: string, heading: string) => {
  await page.goto(`${rig.address}/#/${view}`);
  await page.getByRole('heading', { name: heading, exact: true }).first().waitFor();
};

const namesIn = (page: Page) => page.locator('.fleet tbody th a').allInnerTexts();

it('asks for a token, keeps it in this tab alone, and puts it into no address', async () => {
  const page = await open('', { token: '' });
  const addresses: string[] = [];
  page.on('request', (request) => addresses.push(request.url()));
  await page.getByLabel('Token').fill('a wrong token');
  await page.keyboard.press('Enter');
  await page.getByText('does not know this token').waitFor();
  await page.getByLabel('Token').fill(TOKENS.reader);
  await page.keyboard.press('Enter');
  await page.getByText('rita').waitFor();
  await page.locator('.fleet').waitFor();
  expect(addresses.concat(page.url()).filter((url) => url.includes(TOKENS.reader))).toEqual([]);
  expect(await page.evaluate('JSON.stringify([localStorage, document.cookie])')).toBe('[{},""]');
  await page.getByRole('button', { name: 'Forget token' }).click();
  await page.getByLabel('Token').waitFor();
  expect(await page.locator('.fleet').count()).toBe(0);
});

it('shows of ten thousand how many are how, the worst first, and finds some of them', async () => {
  const page = await open();
  await page.locator('.fleet').waitFor();
  const states = page.getByRole('region', { name: 'How many are how' });
  expect(await states.innerText()).toMatch(
    /10,001\s+All\s+5\s+Down\s+9\s+Warning\s+4\s+Waiting\s+2\s+Failed over/,
  );
  expect(await namesIn(page)).toHaveLength(50);
  const words = await page.locator('.fleet .badge').allInnerTexts();
  expect(words.slice(0, 15)).toEqual([
    ...Array<string>(5).fill('Down'),
    ...Array<string>(9).fill('Warning'),
    'Up',
  ]);
  await states.getByRole('link', { name: 'Waiting' }).click();
  await untilCount(page.locator('.fleet tbody tr'), (count) => count === 4);
  expect(await page.locator('.fleet .cell-doing').allInnerTexts()).toEqual(
    Array(4).fill('waiting for approval'),
  );
  // The others are still counted.
  expect(await states.innerText()).toContain('10,001');
  await states.getByRole('link', { name: 'All' }).click();
  await page.getByRole('link', { name: 'Next' }).click();
  await page.getByText('51–100 of 10,001').waitFor();
  await page.getByRole('searchbox', { name: 'Name' }).fill('shop-db-ber');
  await page.getByRole('searchbox', { name: 'Labels' }).fill('tier=gold, !team');
  await untilCount(page.locator('.fleet tbody tr'), (count) => count < 20);
  for (const name of await namesIn(page)) expect(name).toMatch(/^shop-db-ber-/);
  expect(page.url()).toContain('label=tier%3Dgold');
});

describe.each([1440, 800, 390])('at %i pixels', (width) => {
  it('passes every check of axe, in the light and in the dark, and sticks out nowhere', async () => {
    const page = await open('?search=wiki-cph-2', {
      token: TOKENS.operator,
      viewport: { width, height: 900 },
    });
    await page.locator('.fleet').waitFor();
    const check = async () => {
      expect(await findViolations(page)).toEqual([]);
      expect(await overflowOf(page)).toBe(0);
      await page.emulateMedia({ colorScheme: 'dark' });
      expect(await findViolations(page, ['color-contrast'])).toEqual([]);
      await page.emulateMedia({ colorScheme: 'light' });
    };
    await check();
    // What they are made of, the others are too.
    for (const view of width === 800 ? [] : ['Hosts', 'Events', 'Running']) {
      await page.getByRole('link', { name: view, exact: true }).click();
      await page.getByRole('heading', { name: view }).waitFor();
      await page.locator('.table, .empty, .cards').first().waitFor();
      await check();
    }
    await goTo(page, 'relationships/wiki', 'wiki');
    await page.getByRole('img', { name: /recovery points/ }).waitFor();
    await page.getByRole('img', { name: /syncs/ }).waitFor();
    await page.getByRole('button', { name: 'What would it cost?' }).click();
    await page.getByRole('button', { name: 'Show it' }).click();
    await page.getByText('apiVersion').waitFor();
    await check();
    await page.getByRole('button', { name: 'Fail over' }).click();
    await page.getByRole('dialog').getByText('Would be lost').waitFor();
    await check();
  });
});

it('says why it fails, what is lost, what can be brought back, and what happened', async () => {
  const page = await open('relationships/wiki');
  await page.getByRole('img', { name: /recovery points/ }).waitFor();
  const text = await page.locator('main').innerText();
  expect(text).toMatch(/offsite: there is no room for what has changed/);
  expect(text).toContain('No space left on device (28)');
  expect(text).toMatch(/What to do: make room on gamma/);
  expect(text).toMatch(/TargetFull on gamma, 3 attempts in the last sync, 9 syncs in a row, tried again in/);
  expect(text).toMatch(/Last sync\s+partial 1\dm[\s\S]*Last success\s+succeeded 9h/);
  expect(text).toMatch(/Recovery time: 42s/);
  expect(await page.locator('.drawing svg').getAttribute('aria-label')).toMatch(
    /alpha is copied to beta: Up, lag 1\dm; offsite: Down, lag 9h/,
  );
  await page.getByText('quarterly exercise').waitFor();
  await page.getByText('spec.retain.daily: 7 → 14').waitFor();
  await page.getByRole('button', { name: 'What would it cost?' }).click();
  await page.getByText('214 entries changed since, 36.4 MiB').waitFor();
  expect(await page.getByRole('link', { name: 'its workflow' }).getAttribute('href')).toContain(
    '/workflows/relationship%2Fwiki',
  );
});

it('offers nothing to a token that may only read', async () => {
  const page = await open('relationships/wiki');
  await page.getByText('Why it fails').waitFor();
  await page.getByText('rita').waitFor();
  expect(await page.getByRole('group', { name: 'Actions' }).count()).toBe(0);
});

it('fails over by keyboard alone, for the price shown, once the name is typed', async () => {
  const page = await open('', { token: TOKENS.operator });
  await page.locator('.fleet').waitFor();
  const focused = () =>
    page.evaluate<string>('document.activeElement.innerText || document.activeElement.id');
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Skip to content');
  await page.keyboard.press('Enter');
  expect(await page.evaluate('document.activeElement.id')).toBe('content');
  const tabTo = async (what: string) => {
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press('Tab');
      if ((await focused()) === what) return;
    }
    throw new Error(`no Tab leads to ${what}`);
  };
  await tabTo('wiki');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'wiki', exact: true }).waitFor();
  await page.locator('h1:focus').waitFor();
  await page.getByRole('button', { name: 'Fail over' }).waitFor();
  await tabTo('Fail over');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Would be lost').waitFor();
  expect(await dialog.innerText()).toContain('214 entries changed since');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect(await focused()).toBe('Fail over');
  await page.keyboard.press('Enter');
  await dialog.getByText('Would be lost').waitFor();
  expect(await dialog.getByRole('button', { name: 'Fail over' }).isDisabled()).toBe(true);
  await dialog.getByLabel(/to confirm/).focus();
  await page.keyboard.type('wiki');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  const [name, action, argument, by, key] = rig.asked.at(-1) ?? [];
  expect([name, action, argument]).toEqual(['wiki', 'failover', { epoch: 1 }]);
  expect(by).toEqual({ name: 'otto', via: 'http' });
  expect(key).toMatch(/^[0-9a-f]{32}$/);
});

it('shows names and what tools say as text, whatever is in them', async () => {
  const evil = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`;
  const status = statusOfOne('wiki');
  const [beta, offsite] = status.targets;
  if (!beta || !offsite?.lastError) throw new Error('it has two targets');
  const failure = { ...offsite.lastError, message: evil, toolMessage: `${evil}\nx`.repeat(20), hint: evil };
  const name = 'a<b>"&amp;\'%2F';
  await rig.tell({
    ...{ ...status, name, warnings: [evil], notice: `javascript:${evil}` },
    document: { ...status.document, metadata: { ...status.document.metadata, labels: { [evil]: evil } } },
    targets: [beta, { ...offsite, lastError: failure, volume: evil }],
  });
  const page = await open();
  await page.getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { name, exact: true }).waitFor();
  await page.getByText('Why it fails').waitFor();
  const text = await page.locator('main').innerText();
  expect(text.split(evil).length).toBeGreaterThan(20);
  expect(await page.locator('main img, main script, main b').count()).toBe(0);
  expect(await page.evaluate('window.hacked')).toBeUndefined();
  expect(await overflowOf(page)).toBe(0);
});

it('follows what runs until its end, and says so to a screen reader', async () => {
  const workflowId = 'relationship/mail/sync/000009';
  const running: OperationView = {
    ...{
      workflowId,
      relationship: 'mail',
      kind: 'sync',
      state: 'running',
      startedAt: ago(4000),
      endedAt: null,
    },
    ...{ phase: null, waiting: null, targets: null, failure: null, ui: null },
    progress: {
      phase: 'transferring',
      bytesDone: 30e6,
      bytesTotal: 120e6,
      filesDone: 3,
      percent: 25,
      rateBytesPerSecond: 9e6,
    },
  };
  rig.operations.set(workflowId, running);
  const idle = statusOfDocument(documentOfOne('mail'));
  const operation = { kind: 'sync' as const, workflowId, startedAt: ago(4000), reason: 'request' };
  await rig.tell({ ...idle, phase: 'Syncing', operation });
  const page = await open('relationships/mail');
  const bar = page.getByRole('progressbar');
  await bar.waitFor();
  expect(await bar.getAttribute('value')).toBe('25');
  await page.getByText('sync: transferring 28.6 MiB of 114 MiB (25 %)').waitFor();
  const heard = page.locator('[aria-live=polite]').last();
  expect(await heard.innerText()).toBe('sync of mail runs, 25 percent');
  rig.operations.set(workflowId, { ...running, state: 'succeeded', endedAt: ago(0), progress: null });
  await rig.tell({ ...idle, phase: 'Idle' });
  await page
    .getByText(/sync succeeded after/)
    .first()
    .waitFor();
  expect(await heard.innerText()).toBe('sync of mail succeeded');
});

it('says that the control worker is away, and how old what it shows is, and goes on when it is back', async () => {
  const page = await open();
  await page.locator('.fleet').waitFor();
  await rig.goAway();
  try {
    await lookAgain(page);
    await page.getByRole('alert').waitFor();
    expect(await page.locator('.banner').innerText()).toMatch(
      /the control worker does not answer\. What you see is of \d\d:\d\d:\d\d, .* ago\. Next try/,
    );
    expect(await namesIn(page)).toHaveLength(50);
    expect(await findViolations(page, ['color-contrast'])).toEqual([]);
  } finally {
    await rig.comeUp();
  }
  await page.getByRole('button', { name: 'Try now' }).click();
  await page.locator('.banner').waitFor({ state: 'detached' });
});

it('asks nothing while nobody looks, and does not grow while it is open', async () => {
  const page = await open();
  // A week is long: its clock runs fifty times as fast.
  await page.addInitScript(`{
    const own = window.setTimeout.bind(window);
    window.setTimeout = (act, ms = 0) => own(act, ms / 50);
  }`);
  await page.goto(`${rig.address}/#/relationships/wiki`);
  await page.reload();
  let asked = 0;
  page.on('request', () => asked++);
  const answers = async (count: number) => {
    for (; count > 0; count--) await page.waitForResponse(/\/v1\/relationships\/wiki$/);
  };
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  const weigh = async () => {
    await devtools.send('HeapProfiler.collectGarbage');
    const { metrics } = await devtools.send('Performance.getMetrics');
    const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0;
    return { nodes: of('Nodes'), listeners: of('JSEventListeners'), heap: of('JSHeapUsedSize') };
  };
  await answers(5);
  const before = await weigh();
  await answers(20);
  const after = await weigh();
  expect(after.nodes).toBeLessThan(before.nodes + 200);
  expect(after.listeners).toBeLessThan(before.listeners + 20);
  expect(after.heap).toBeLessThan(before.heap + 1_000_000);
  await look(page, true);
  asked = 0;
  await new Promise((done) => setTimeout(done, 1000));
  expect(asked).toBe(0);
  await look(page, false);
  await answers(2);
});
