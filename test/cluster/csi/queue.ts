import { setTimeout } from 'node:timers';
import { log } from './log';

const FIRST_RETRY_MS = 200;
const MOST_RETRY_MS = 3_000;

/**
 * Brings each object to where it should be, one step at a time: again whenever it changes, and for as long as a step
 * fails. The step looks at the object as it then is.
 */
export class Queue {
  private readonly busy = new Set<string>();
  private readonly again = new Set<string>();
  private readonly failures = new Map<string, number>();

  constructor(
    private readonly name: string,
    private readonly step: (key: string) => Promise<void>,
  ) {}

  add(key: string): void {
    if (this.busy.has(key)) this.again.add(key);
    else void this.work(key);
  }

  private async work(key: string): Promise<void> {
    this.busy.add(key);
    this.again.delete(key);
    try {
      await this.step(key);
      this.failures.delete(key);
    } catch (error) {
      const failures = (this.failures.get(key) ?? 0) + 1;
      this.failures.set(key, failures);
      log(`${this.name} ${key} failed: ${error instanceof Error ? error.message : String(error)}`);
      setTimeout(() => this.add(key), Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), MOST_RETRY_MS));
    } finally {
      this.busy.delete(key);
    }
    if (this.again.has(key)) this.add(key);
  }
}
