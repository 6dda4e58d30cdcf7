/** One relationship between two hosts, its sides changing roles: what every crash is played on, and held against. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Claim } from '../../../src/model/records';
import type { RelationshipStatus } from '../../../src/model/status';
import { carryOut, untilStatus } from '../../support/switching';
import { eventually, TestSystem } from '../../support/system';
import { syncWell, writeDocument } from '../../support/user';
import { describeTree, digestTree } from '../world';
import { Steps } from './steps';
import { Storage, type StorageName } from './storage';

export const NAME = 'crash';
export const HOSTS = ['alpha', 'beta'] as const;
export type HostName = (typeof HOSTS)[number];
export type Content = Map<string, string>;

/** What must still hold, or be told apart, once an operation has ended. */
export interface Snapshot {
  status: RelationshipStatus;
  primary: HostName;
  other: HostName;
  content: Record<HostName, Content>;
  /** Digest of every recovery point, by host and id. */
  points: Map<string, string>;
}

export class Stage {
  private serial = 0;

  private constructor(
    readonly system: TestSystem,
    readonly steps: Steps,
    private readonly storage: Storage,
  ) {}

  /** @param isEmpty its source has nothing in it yet */
  static async make(name: StorageName, { isEmpty = false } = {}): Promise<Stage> {
    const storage = await Storage.make(name);
    const steps = new Steps(join(storage.ownFolder, 'steps'), HOSTS);
    const system = await TestSystem.start({
      agents: Object.fromEntries(HOSTS.map((host) => [host, steps.setup(host)])),
    });
    const stage = new Stage(system, steps, storage);
    try {
      await stage.begin(isEmpty);
    } catch (error) {
      await stage.dispose();
      throw error;
    }
    return stage;
  }

  private async begin(isEmpty: boolean): Promise<void> {
    await this.storage.create('alpha');
    if (!isEmpty) await this.change('alpha');
    await this.system.apply(
      writeDocument(NAME, {
        source: this.storage.endpoint('alpha'),
        targets: [this.storage.endpoint('beta')],
        retain: { last: 1000 },
      }),
    );
    await this.until('the first sync is through', ({ lastSync }) => lastSync?.result === 'succeeded');
  }

  async dispose(): Promise<void> {
    await this.steps.end();
    // Whatever still works on a dataset keeps its pool busy.
    await this.system.end();
    await this.storage.unmount();
    await this.system.stop();
    await this.storage.dispose();
  }

  directory(host: HostName): string {
    return this.storage.folder(host);
  }

  /** New files, changed ones, and one that goes. */
  async change(host: HostName): Promise<void> {
    const root = this.directory(host);
    const number = this.serial++;
    await writeFile(join(root, `file-${number % 7}`), `${number} at ${host}`);
    await mkdir(join(root, `folder-${number % 3}`), { recursive: true });
    await writeFile(join(root, `folder-${number % 3}`, 'big'), String(number).repeat(40_000));
    await rm(join(root, `file-${(number + 3) % 7}`), { force: true });
  }

  until(what: string, holds: (status: RelationshipStatus) => boolean): Promise<RelationshipStatus> {
    return untilStatus(this.system, NAME, what, holds);
  }

  async sync(): Promise<void> {
    await this.until('nothing runs', ({ operation }) => !operation);
    await syncWell(this.system, NAME);
  }

  carryOut(operation: string, request?: object): Promise<unknown> {
    return carryOut(this.system, NAME, operation, request);
  }

  async snapshot(): Promise<Snapshot> {
    const status = await eventually('the status is answered', () => this.system.status(NAME));
    const primary = status.document.spec.source.host as HostName;
    const points = new Map<string, string>();
    await this.storage.settle();
    for (const host of HOSTS) {
      for (const [id, folder] of await this.pointFolders(host))
        points.set(`${host} ${id}`, await digestTree(folder));
    }
    return {
      status,
      primary,
      other: primary === 'alpha' ? 'beta' : 'alpha',
      content: {
        alpha: await describeTree(this.directory('alpha')),
        beta: await describeTree(this.directory('beta')),
      },
      points,
    };
  }

  /** The folders of a host's recovery points, by id. */
  pointFolders(host: HostName): Promise<Map<string, string>> {
    return this.storage.pointFolders(host, NAME);
  }

  /** Names of what drills have left. */
  async clones(host: HostName): Promise<string[]> {
    return await this.storage.clones(host, NAME);
  }

  /** What is stored with the data of a host. */
  claim(host: HostName): Promise<Claim> {
    return this.storage.claim(host);
  }
}
