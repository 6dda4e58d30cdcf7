/** What the volumes of a crash's two hosts are, and how a test changes them and looks into them. */
import { join } from 'node:path';
import { makeLocalHost } from '../../../src/hosts/local';
import { volumeOf } from '../../../src/model/endpoints';
import type { VolumeKind } from '../../../src/model/kinds';
import type { Claim } from '../../../src/model/records';
import { makeVolumes } from '../../../src/volumes/registry';
import { pointPath } from '../../support/trees/point-path';

/** What a volume holds, one text for each thing in it: an entry of a tree, a name of an image. */
export type Content = Map<string, string>;

/** What history says of a target's sync. */
export interface SyncedTarget {
  host: string;
  how: string | null;
  bytesChanged: number;
}

export abstract class Storage {
  /** A folder for what the test itself keeps. */
  abstract readonly ownFolder: string;
  protected abstract readonly kind: VolumeKind;

  /** Makes the volume of the first source. */
  abstract create(host: string): Promise<void>;
  /** Something new, something changed, and something that goes. @param number one more each time, from zero */
  abstract change(host: string, number: number): Promise<void>;
  /** @throws where anything of it is damaged */
  abstract content(host: string): Promise<Content>;
  /** What each recovery point of a host holds, by id, oldest first. */
  abstract points(host: string, relationship: string): Promise<Map<string, Content>>;
  /** @throws where users of a primary can't change it */
  abstract checkWritable(host: string): Promise<void>;
  /** What drills have left. */
  abstract clones(host: string, relationship: string): Promise<string[]>;
  abstract dispose(): Promise<void>;

  /** So that what is read next is what is stored. */
  settle(): Promise<void> {
    return Promise.resolve();
  }

  /** Nothing of it is mounted in the folders of the agents any more, which are about to be removed. */
  unmount(): Promise<void> {
    return Promise.resolve();
  }

  /** Nothing that was there already was sent again. */
  wasIncremental({ how }: SyncedTarget): boolean {
    return how?.startsWith('incremental') ?? false;
  }

  protected abstract place(host: string): string;

  /** How a spec names the volume of a host. */
  endpoint(host: string): { host: string } & Partial<Record<VolumeKind, string>> {
    return { host, [this.kind]: this.place(host) };
  }

  /** What is stored with the data. */
  async claim(host: string): Promise<Claim> {
    const { volume, driver, machine } = this.open(host);
    const { claim } = await driver.inspect(machine, volume);
    if (!claim) throw new Error(`${host} holds no claim`);
    return claim;
  }

  /** Where the recovery points of a host can be read, by id, oldest first. */
  async pointPaths(host: string, relationship: string): Promise<Map<string, string>> {
    const { volume, driver, machine } = this.open(host);
    const points = await driver.points(machine, volume, relationship);
    const found = new Map<string, string>();
    for (const { id } of points) found.set(id, await pointPath(driver, machine, volume, relationship, id));
    return found;
  }

  private open(host: string) {
    const volume = volumeOf(this.endpoint(host));
    const machine = makeLocalHost({ name: host, home: join(this.ownFolder, `looks-into-${host}`) });
    return { volume, machine, driver: makeVolumes(machine).driverFor(volume) };
  }
}
