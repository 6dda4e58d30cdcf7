/** One relationship between two hosts, its sides changing roles: what every crash is played on, and held against. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Claim } from '../../../src/model/records';
import type { RelationshipStatus } from '../../../src/model/status';
import { carryOut, untilStatus } from '../../support/system/switching';
import { eventually, TestSystem } from '../../support/system/system';
import { syncWell, writeDocument } from '../../support/system/user';
import { type HostName, HOSTS } from './hosts';
import { Steps } from './steps';
import type { Content, Storage } from './storage';
import { makeStorage, type StorageName } from './storages';
import { Trees } from './trees';

export const NAME = 'crash';

const primaryOf = ({ document }: RelationshipStatus) => document.spec.source.host as HostName;

const digest = (content: Content) =>
  createHash('sha256')
    .update(JSON.stringify([...content].sort()))
    .digest('hex');

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
    readonly storage: Storage,
  ) {}

  /** @param isEmpty its source has nothing in it yet */
  static async make(name: StorageName, { isEmpty = false } = {}): Promise<Stage> {
    const storage = await makeStorage(name);
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

  /** The storage, where its volumes are trees. */
  get trees(): Trees {
    if (!(this.storage instanceof Trees)) throw new Error('its volumes are no trees');
    return this.storage;
  }

  async change(host: HostName): Promise<void> {
    await this.storage.change(host, this.serial++);
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

  private status(): Promise<RelationshipStatus> {
    return eventually('the status is answered', () => this.system.status(NAME));
  }

  async primary(): Promise<HostName> {
    return primaryOf(await this.status());
  }

  async snapshot(): Promise<Snapshot> {
    const status = await this.status();
    const primary = primaryOf(status);
    await this.storage.settle();
    return {
      status,
      primary,
      other: primary === 'alpha' ? 'beta' : 'alpha',
      content: { alpha: await this.storage.content('alpha'), beta: await this.storage.content('beta') },
      points: await this.digestPoints(),
    };
  }

  /** What each recovery point of a host holds, by id. */
  points(host: HostName): Promise<Map<string, Content>> {
    return this.storage.points(host, NAME);
  }

  /** Digest of every recovery point, by host and id. */
  async digestPoints(): Promise<Snapshot['points']> {
    const found: Snapshot['points'] = new Map();
    for (const host of HOSTS) {
      for (const [id, content] of await this.points(host)) found.set(`${host} ${id}`, digest(content));
    }
    return found;
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
