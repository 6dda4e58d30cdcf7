/** The Temporal UI as somebody sees it who has nothing but a browser. */
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from './browser';
import { eventually } from './system';

export class TemporalUi {
  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
    private readonly address: string,
  ) {}

  static async open(address: string): Promise<TemporalUi> {
    const browser = await launchBrowser();
    const page = await browser.newPage({ viewport: { width: 1600, height: 1200 } });
    return new TemporalUi(browser, page, address);
  }

  close(): Promise<void> {
    return this.browser.close();
  }

  /** Everything that can be read on the page now: Markdown is shown in frames of its own. */
  async read(): Promise<string> {
    const texts = this.page.frames().map((frame) => frame.locator('body').innerText({ timeout: 2000 }));
    const read = await Promise.allSettled(texts);
    return read.map((each) => (each.status === 'fulfilled' ? each.value : '')).join('\n');
  }

  /**
   * Opens a page, and again, until it says all of this; answers all that it says.
   * @param path below the namespace: `workflows?query=…`
   */
  async openUntil(path: string, ...wanted: (string | RegExp)[]): Promise<string> {
    await this.page.goto(`${this.address}/namespaces/default/${path}`);
    return this.readUntil(() => this.page.reload(), ...wanted);
  }

  /** Clicks on a tab of a workflow's page, and waits until it says all of this. */
  async openTab(name: string, ...wanted: (string | RegExp)[]): Promise<string> {
    const tab = () => this.page.getByRole('tab', { name: new RegExp(`^\\s*${name}`) }).first();
    await tab().click();
    return this.readUntil(() => this.page.reload(), ...wanted);
  }

  /** The workflow list, filtered as its address says. */
  list(query: string, ...wanted: (string | RegExp)[]): Promise<string> {
    return this.openUntil(`workflows?query=${encodeURIComponent(query)}`, ...wanted);
  }

  /** A workflow's page, at its event history. */
  openWorkflow(workflowId: string, ...wanted: (string | RegExp)[]): Promise<string> {
    return this.openUntil(`workflows/${encodeURIComponent(workflowId)}`, workflowId, ...wanted);
  }

  private async readUntil(again: () => Promise<unknown>, ...wanted: (string | RegExp)[]): Promise<string> {
    let text = '';
    const lacks = () =>
      wanted.filter((each) => !(typeof each === 'string' ? text.includes(each) : each.test(text)));
    const look = async () => {
      text = await this.read();
      return lacks().length === 0 ? text : undefined;
    };
    const lookFor = (timeoutMs: number) =>
      eventually('the page says it', look, timeoutMs).catch(() => undefined);
    try {
      return await eventually(`the page says it`, async () => {
        const found = await lookFor(8000);
        if (found === undefined) await again();
        return found;
      });
    } catch {
      throw new Error(`${this.page.url()} lacks ${lacks().join(', ')}; it says:\n${text}`);
    }
  }
}
