/** One store of a kind without a host of its own, its source, and an agent that sends to it as a sync does. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCredentials } from '../../../src/hosts/credentials';
import type { Host } from '../../../src/hosts/contract';
import { makeLocalHost } from '../../../src/hosts/local';
import type { Landings } from '../../../src/landings/contract';
import { writerOf } from '../../../src/model/kinds';
import type { Volume } from '../../../src/model/records';
import type { TransferRequest } from '../../../src/movers/contract';
import { reachHere } from '../../../src/movers/reach';
import { makeVolumes } from '../../../src/volumes/registry';
import { makeStamp, TARGET } from '../../conformance/volume-fixture';
import { withTree } from './with-tree';

const opensNothing = () => Promise.reject(new Error('nothing is opened'));
const NO_LANDINGS: Landings = { open: opensNothing, close: opensNothing, sweep: opensNothing };

interface SendOptions extends Partial<Pick<TransferRequest, 'maxDeletions'>> {
  epoch?: number;
  /** Where the source is this time, and who reads it. */
  from?: string;
  runner?: Host;
  /** The source stands still; by default it is live. */
  isFrozen?: true;
  /** Of a clone. */
  livePath?: string;
}

export class StoreRig {
  private constructor(
    readonly host: Host,
    readonly source: string,
    /** The store; a test may have another one. */
    public volume: Volume,
  ) {}

  /**
   * @param name of its own in the suite's folder, in which there is a folder of credentials
   * @param makeVolume of what lies in that folder
   */
  static async make(folder: string, name: string, makeVolume: (at: string) => Volume): Promise<StoreRig> {
    const at = join(folder, name);
    await mkdir(join(at, 'source'), { recursive: true });
    const host: Host = {
      ...makeLocalHost({ name: 'alpha', home: join(at, 'home') }),
      credentials: makeCredentials('alpha', join(folder, 'credentials')),
    };
    return new StoreRig(host, join(at, 'source'), makeVolume(at));
  }

  get driver() {
    return makeVolumes(this.host).driverFor(this.volume.kind);
  }

  private idOf(sequence: number) {
    return { relationship: 'wiki', target: this.volume.kind, syncId: makeStamp(sequence).syncId };
  }

  /** Brings the source into the repository, without publishing it. */
  async send(
    sequence: number,
    { from = this.source, runner = this.host, epoch = 1, isFrozen, livePath, ...more }: SendOptions = {},
  ) {
    const { host, volume } = this;
    const id = this.idOf(sequence);
    await this.driver.claim(host, volume, { ...TARGET, epoch });
    const spec = { [writerOf(volume.kind)]: {} };
    const mover = makeVolumes(host).moverFor(spec);
    const opened = await mover.receive(host, NO_LANDINGS, {
      ...{ id, reach: reachHere(host, volume.path), volume, offer: { publicKey: '', told: {} } },
      ...{ writeMode: 'delayed', mover: spec, expiresAt: '' },
    });
    return await mover.transfer(host, {
      ...{
        id,
        reach: reachHere(runner, from),
        opened,
        mover: spec,
        told: {},
        writeMode: 'delayed',
        ...more,
      },
      capture: { syncId: id.syncId, method: 'Direct', path: from, live: !isFrozen },
      remembered: { epoch, ...(livePath !== undefined && { livePath }) },
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
  }

  /** The same, as one sync does it. */
  async sync(sequence: number, options?: SendOptions) {
    const stats = await this.send(sequence, options);
    return { stats, point: await this.publish(sequence, stats.totalFiles) };
  }

  publish(sequence: number, files: number) {
    const stamp = makeStamp(sequence, { files });
    return this.driver.publish(this.host, this.volume, { relationship: 'wiki', method: 'Snapshot', stamp });
  }

  async prune(removePointIds: string[]): Promise<void> {
    await this.driver.prune(this.host, this.volume, { relationship: 'wiki', removePointIds });
  }

  /** The same with an agent on another host. */
  withHost(host: Host): StoreRig {
    const { credentials } = this.host;
    return new StoreRig({ ...host, ...(credentials && { credentials }) }, this.source, this.volume);
  }

  /** The ids of the points. */
  async points(): Promise<string[]> {
    return (await this.driver.points(this.host, this.volume, 'wiki')).map(({ id }) => id);
  }

  /** Works on the tree of a point. */
  async withTree<T>(pointId: string, work: (path: string) => Promise<T>): Promise<T> {
    return await withTree(this, this.idOf(99), pointId, work);
  }
}
