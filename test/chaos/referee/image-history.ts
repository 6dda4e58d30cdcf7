/** A random history of images: names that move, come and go on either side, and the points in between. */
import type { SyncAnswer } from '../../../src/api/messages';
import { carryOut, update } from '../../support/system/switching';
import type { TestSystem } from '../../support/system/system';
import { approveAndSync, writeDocument } from '../../support/system/user';
import type { HostName } from '../crash/hosts';
import { Images } from '../crash/images';
import type { Content } from '../crash/storage';
import { makeRandom } from '../world';

const KEPT_POINTS = 4;
const SWITCHES = 0.25;

const asText = (content: Content | undefined) => JSON.stringify([...(content ?? [])].sort());

export class ImageHistory {
  private readonly random: () => number;
  private readonly name: string;
  /** What was there, by host and id of the point. */
  private readonly frozen = new Map<string, Content>();
  private readonly findings: string[] = [];
  private primary: HostName = 'alpha';
  private other: HostName = 'beta';
  private changes = 0;

  private constructor(
    private readonly system: TestSystem,
    private readonly storage: Images,
    private readonly seed: number,
  ) {
    this.random = makeRandom(seed);
    this.name = `images-${seed}`;
  }

  /** Plays it; what was found, or nothing. */
  static async play(
    system: TestSystem,
    { seed, rounds }: { seed: number; rounds: number },
  ): Promise<string[]> {
    const storage = await Images.make();
    const history = new ImageHistory(system, storage, seed);
    try {
      await history.run(rounds);
    } catch (error) {
      history.findings.push(`seed ${seed}: it went no further: ${String(error)}`);
    }
    await system.retire(history.name).catch(() => undefined);
    await storage.dispose();
    return history.findings;
  }

  private async run(rounds: number): Promise<void> {
    const { storage, system, name } = this;
    await this.change(3);
    const [source, target] = [storage.endpoint('alpha'), storage.endpoint('beta')];
    await system.apply(writeDocument(name, { source, targets: [target], retain: { last: KEPT_POINTS } }));
    for (let round = 0; round < rounds && this.findings.length === 0; round++) {
      await this.change(Math.floor(this.random() * 3));
      const content = await this.syncAndCheck();
      if (this.random() < SWITCHES) await this.switchAndCheck(content);
    }
  }

  private async change(count: number): Promise<void> {
    for (let left = count; left > 0; left--) await this.storage.change(this.primary, this.changes++);
  }

  private check(what: string, expected: Content, found: Content | undefined): void {
    if (asText(expected) === asText(found)) return;
    this.findings.push(`seed ${this.seed}: ${what} is ${asText(found)}, not ${asText(expected)}`);
  }

  private async checkPoints(): Promise<void> {
    for (const host of ['alpha', 'beta'] as const) {
      for (const [id, found] of await this.storage.points(host, this.name)) {
        const expected = this.frozen.get(`${host} ${id}`);
        if (expected) this.check(`point ${id} of ${host}`, expected, found);
      }
    }
  }

  private async syncAndCheck(): Promise<Content> {
    const { storage, system, name, primary, other } = this;
    const content = await storage.content(primary);
    const { result } = await update<SyncAnswer>(system, name, 'sync', { wait: true });
    if (result !== 'succeeded') await approveAndSync(system, name);
    const newest = [...(await storage.points(other, name)).keys()].at(-1) ?? 'none';
    this.frozen.set(`${other} ${newest}`, content);
    this.check('the replica', content, await storage.content(other));
    await this.checkPoints();
    return content;
  }

  private async switchAndCheck(content: Content): Promise<void> {
    const { storage, system, name } = this;
    await this.change(1);
    await carryOut(system, name, 'failover');
    this.check('the new primary', content, await storage.content(this.other));
    [this.primary, this.other] = [this.other, this.primary];
    await carryOut(system, name, 'reverse', { acceptDiverged: true });
    this.check('the old primary', content, await storage.content(this.other));
    await this.checkPoints();
  }
}
