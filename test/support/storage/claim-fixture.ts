/** PersistentVolumeClaims of a cluster, whose files this machine sees in the pool of their storage. */
import { stat } from 'node:fs/promises';
import type { Cluster } from '../../../src/hosts/cluster/contract';
import { makeLocalHost } from '../../../src/hosts/local';
import { runChecked } from '../../../src/hosts/run-checked';
import { pvc } from '../../../src/volumes/pvc';
import type { Stage, VolumeFixture } from '../../conformance/volume-fixture';
import { filesOfClaim, filesOfSnapshot } from '../../cluster/files';
import { ClaimRig, NAMESPACE } from '../rigs/claim-rig';

interface Snapshot {
  metadata: { name: string; annotations?: Record<string, string> };
  spec: { source: { persistentVolumeClaimName?: string } };
}

/** One cluster for all tests: each has a claim of its own. */
export function makeClaimFixture(): VolumeFixture {
  let rig: ClaimRig | undefined;
  let connected: Cluster | undefined;
  const opened = async () => (rig ??= await ClaimRig.start());
  // A driver is there where tests are named, before its cluster is.
  const cluster: Cluster = {
    name: 'alpha',
    get api() {
      return required(connected).api;
    },
    get settings() {
      return required(connected).settings;
    },
    runnerIn: (place) => required(connected).runnerIn(place),
  };
  const { driver, stop } = required(pvc({ ...makeLocalHost({ name: 'alpha', home: '/' }), cluster }));

  const see = async (path: string) => await filesOfClaim((await opened()).cluster, path);
  return {
    title: 'a claim of a cluster',
    driver,
    capture: ['Snapshot', 'Clone', 'Direct'],
    points: ['Snapshot', 'Direct'],
    sharesBlocks: true,
    canBeReadOnly: false,
    clonesByStorage: true,
    async makeHost(home) {
      connected ??= await (await opened()).connect();
      return { ...makeLocalHost({ name: 'alpha', home }), cluster };
    },
    makeVolume: async () => await (await opened()).makeVolume(),
    nameMissing: (volume) => ({ ...volume, path: `${volume.path}-none` }),
    see,
    async seePoint(stage, relationship, pointId) {
      const { cluster: tests } = await opened();
      const snapshots = `/apis/snapshot.storage.k8s.io/v1/namespaces/${NAMESPACE}/volumesnapshots`;
      const labels = 'labelSelector=tidemark.dev/role%3Dpoint';
      const { items = [] } = (await tests.api.get<{ items: Snapshot[] }>(`${snapshots}?${labels}`)) ?? {};
      const found = items.find((each) => isPoint(each, stage, relationship, pointId));
      return found
        ? await filesOfSnapshot(tests, `${NAMESPACE}/${found.metadata.name}`)
        : await seeLive(stage, relationship, pointId);
    },
    settle: async () => (await opened()).settle(),
    async afterAll() {
      await stop?.();
      await rig?.dispose();
    },
  };

  /** A point without a snapshot of its own is the live claim: what the driver reaches is the same folder. */
  async function seeLive({ host, volume }: Stage, relationship: string, pointId: string): Promise<string> {
    const use = { relationship, target: 'looked-at', syncId: pointId };
    const reach = await driver.reach(host, volume, { of: 'point', relationship, pointId }, use);
    try {
      const { stdout } = await runChecked(reach.runner, ['stat', '-c', '%d:%i', '--', reach.path]);
      const live = await see(volume.path);
      const { dev, ino } = await stat(live);
      return stdout.toString().trim() === `${dev}:${ino}` ? live : reach.path;
    } finally {
      await reach.close();
    }
  }
}

function isPoint(
  { metadata, spec }: Snapshot,
  { volume }: Stage,
  relationship: string,
  pointId: string,
): boolean {
  const noted = JSON.parse(metadata.annotations?.['tidemark.dev/point'] ?? '{}') as {
    relationship?: string;
    point?: { id: string };
  };
  const isOfVolume = `${NAMESPACE}/${spec.source.persistentVolumeClaimName ?? ''}` === volume.path;
  return isOfVolume && noted.relationship === relationship && noted.point?.id === pointId;
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the cluster is not there yet');
  return value;
}
