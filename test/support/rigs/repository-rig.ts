/** One repository of restic, its source, and an agent that sends to it as a sync does. */
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCredentials } from '../../../src/hosts/credentials';
import type { Host } from '../../../src/hosts/contract';
import { makeLocalHost } from '../../../src/hosts/local';
import type { Landings } from '../../../src/landings/contract';
import type { Volume } from '../../../src/model/records';
import type { TransferRequest } from '../../../src/movers/contract';
import { reachHere } from '../../../src/movers/reach';
import { makeVolumes } from '../../../src/volumes/registry';
import { makeStamp, TARGET } from '../../conformance/volume-fixture';
import { addResticToPath, writeCredentials } from '../stores/restic';

export const PASSWORD = 'correct horse, battery';
const MOVER = { restic: {} };
const opensNothing = () => Promise.reject(new Error('nothing is opened'));
const NO_LANDINGS: Landings = { open: opensNothing, close: opensNothing, sweep: opensNothing };

interface SendOptions extends Partial<Pick<TransferRequest, 'maxDeletions'>> {
  epoch?: number;
  /** Where the source is this time, and who reads it. */
  from?: string;
  runner?: Host;
}

/** A folder for the repositories of one suite, with the credentials `good` and `bad`. */
async function makeRepositoryFolder(): Promise<{ folder: string; remove: () => Promise<void> }> {
  addResticToPath();
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-repository-'));
  await chmod(folder, 0o755);
  await writeCredentials(join(folder, 'credentials'), 'good', { RESTIC_PASSWORD: PASSWORD });
  await writeCredentials(join(folder, 'credentials'), 'bad', { RESTIC_PASSWORD: 'a guess' });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

export class RepositoryRig {
  private constructor(
    readonly host: Host,
    readonly source: string,
    /** The repository; a test may have another one. */
    public volume: Volume,
  ) {}

  /** @param name of its own in the suite's folder */
  static async make(folder: string, name: string): Promise<RepositoryRig> {
    const at = join(folder, name);
    await mkdir(join(at, 'source'), { recursive: true });
    const host: Host = {
      ...makeLocalHost({ name: 'alpha', home: join(at, 'home') }),
      credentials: makeCredentials('alpha', join(folder, 'credentials')),
    };
    const options = { credentials: 'good' };
    return new RepositoryRig(host, join(at, 'source'), {
      kind: 'repository',
      path: join(at, 'repository'),
      options,
    });
  }

  get driver() {
    return makeVolumes(this.host).driverFor('repository');
  }

  private idOf(sequence: number) {
    return { relationship: 'wiki', target: 'repository', syncId: makeStamp(sequence).syncId };
  }

  /** Brings the source into the repository, without publishing it. */
  async send(
    sequence: number,
    { from = this.source, runner = this.host, epoch = 1, ...more }: SendOptions = {},
  ) {
    const { host, volume } = this;
    const id = this.idOf(sequence);
    await this.driver.claim(host, volume, { ...TARGET, epoch });
    const mover = makeVolumes(host).moverFor(MOVER);
    const opened = await mover.receive(host, NO_LANDINGS, {
      ...{ id, reach: reachHere(host, volume.path), volume, offer: { publicKey: '', told: {} } },
      ...{ writeMode: 'delayed', mover: MOVER, expiresAt: '' },
    });
    return await mover.transfer(host, {
      ...{
        id,
        reach: reachHere(runner, from),
        opened,
        mover: MOVER,
        told: {},
        writeMode: 'delayed',
        ...more,
      },
      capture: { syncId: id.syncId, method: 'Direct', path: from, live: true },
      remembered: { epoch },
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
  withHost(host: Host): RepositoryRig {
    const { credentials } = this.host;
    return new RepositoryRig({ ...host, ...(credentials && { credentials }) }, this.source, this.volume);
  }

  /** The ids of the points. */
  async points(): Promise<string[]> {
    return (await this.driver.points(this.host, this.volume, 'wiki')).map(({ id }) => id);
  }

  /** Works on the tree of a point. */
  async withTree<T>(pointId: string, work: (path: string) => Promise<T>): Promise<T> {
    const state = { of: 'point', relationship: 'wiki', pointId } as const;
    const reach = await this.driver.reach(this.host, this.volume, state, this.idOf(99));
    try {
      return await work(reach.path);
    } finally {
      await reach.close();
    }
  }
}

/** A folder of one suite's own, and in it a repository of each test's own. To be called once, before the tests. */
export function useRepositories(): { folder: string; rig: RepositoryRig } {
  const stage = {} as { folder: string; rig: RepositoryRig };
  let remove: () => Promise<void>;
  let count = 0;
  beforeAll(async () => {
    ({ folder: stage.folder, remove } = await makeRepositoryFolder());
  });
  afterAll(() => remove());
  beforeEach(async () => {
    stage.rig = await RepositoryRig.make(stage.folder, String(++count));
  });
  return stage;
}
