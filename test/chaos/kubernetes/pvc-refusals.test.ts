/** What does not work with a claim: said in the cluster's own words, and nothing is left behind. */
import type { VolumeSnapshot } from '../../../src/hosts/cluster/objects';
import { defaultMover } from '../../../src/model/spec';
import type { CaptureMethod, Volume } from '../../../src/model/records';
import { type Agent, ClaimRig, NAMESPACE } from '../../support/rigs/claim-rig';
import { waitFor } from '../../support/wait-for';
import { makeStamp, SOURCE, TARGET } from '../../conformance/volume-fixture';

type Status = NonNullable<VolumeSnapshot['status']>;

const SOON = { limitMs: 3_000 };
const CAPACITY = { capacityBytes: 64 * 1024 ** 2 };

let rig: ClaimRig;
let agent: Agent;

beforeAll(async () => {
  rig = await ClaimRig.start();
});
afterAll(() => rig.dispose());
afterEach(async () => {
  await rig.cluster.setFaults({});
  await agent.stop();
  expect(await rig.listLeft()).toEqual([]);
});

const absent = (name: string, options: Volume['options'] = {}): Volume => ({
  ...{ kind: 'pvc', path: `${NAMESPACE}/${name}` },
  options,
});
const matching = (text: string) => expect.stringContaining(text) as unknown;

/** As an agent does that is told to stop while it waits for a snapshot. */
async function captureUntil(volume: Volume, isDue: (status: Status) => boolean): Promise<void> {
  const controller = new AbortController();
  const cut = expect(capture(volume, 'Snapshot', controller.signal)).rejects.toThrow('stop');
  const path = `/apis/snapshot.storage.k8s.io/v1/namespaces/${NAMESPACE}/volumesnapshots`;
  await waitFor(async () => {
    const found = await rig.cluster.api.get<{ items: { status?: Status }[] }>(path);
    return found?.items.some(({ status }) => status && isDue(status)) ?? false;
  });
  controller.abort(new Error('stop'));
  await cut;
}

const capture = (volume: Volume, method: CaptureMethod = 'Snapshot', signal?: AbortSignal) =>
  agent.driver.capture(agent.host, volume, {
    ...{ relationship: 'wiki', syncId: 'wiki-1', method, mover: defaultMover('pvc') },
    ...(signal && { signal }),
  });
const make = (volume: Volume, source: Parameters<NonNullable<Agent['driver']['make']>>[3] = CAPACITY) =>
  agent.driver.make?.(agent.host, volume, TARGET, source);
const publish = (volume: Volume) =>
  agent.driver.publish(agent.host, volume, {
    ...{ relationship: 'wiki', stamp: makeStamp(1), method: 'Snapshot' },
  });

describe('a snapshot', () => {
  beforeEach(async () => {
    agent = await rig.makeAgent(SOON);
  });

  it('with an error is never used: neither captured nor a recovery point, with what its driver says', async () => {
    const volume = await rig.makeVolume();
    await rig.cluster.setFaults({ [volume.path]: { snapshot: 'the array is out of snapshots' } });
    const refused = {
      type: 'NotReady',
      message: `the snapshot of ${volume.path} was not there after 3.0s`,
      details: { toolMessage: matching('the array is out of snapshots') },
    };
    await expect(capture(volume)).rejects.toMatchObject(refused);
    await agent.driver.claim(agent.host, volume, TARGET);
    await expect(publish(volume)).rejects.toMatchObject(refused);
    expect(await agent.driver.points(agent.host, volume, 'wiki')).toEqual([]);
  });

  it('that is never ready is never used, with what it waited for', async () => {
    const volume = await rig.makeVolume();
    await rig.cluster.setFaults({ [volume.path]: { isSnapshotNeverReady: true } });
    const refused = { type: 'NotReady', details: { toolMessage: matching('SnapshotCreated') } };
    await expect(capture(volume)).rejects.toMatchObject(refused);
    await agent.driver.claim(agent.host, volume, TARGET);
    await expect(publish(volume)).rejects.toMatchObject(refused);
    expect(await agent.driver.points(agent.host, volume, 'wiki')).toEqual([]);
  });

  it('that an attempt left with an error is taken anew, and one that became ready since is used', async () => {
    const volume = await rig.makeVolume();
    await rig.cluster.setFaults({ [volume.path]: { snapshot: 'not now' } });
    await captureUntil(volume, ({ error }) => error !== undefined);
    await rig.cluster.setFaults({});
    const taken = await capture(volume);
    await agent.driver.release(agent.host, volume, { relationship: 'wiki', keepSyncIds: [] });
    await rig.settle();
    await rig.cluster.setFaults({ [volume.path]: { isSnapshotNeverReady: true } });
    await captureUntil(
      volume,
      ({ boundVolumeSnapshotContentName }) => boundVolumeSnapshotContentName !== undefined,
    );
    await rig.cluster.setFaults({});
    expect(await capture(volume)).toEqual(taken);
    await agent.driver.release(agent.host, volume, { relationship: 'wiki', keepSyncIds: [] });
  });

  it.each(['Snapshot', 'Clone'] as const)(
    'or clone of which no volume can be made leaves nothing, by %s',
    async (method) => {
      const volume = await rig.makeVolume();
      const provision = 'the array is full';
      await rig.cluster.setFaults({ [`${NAMESPACE}/tidemark-capture-*`]: { provision } });
      await expect(capture(volume, method)).rejects.toMatchObject({
        type: 'NotReady',
        details: { toolMessage: matching(provision) },
      });
    },
  );

  it('that the cluster has no class for is told with what works', async () => {
    const volume = await rig.makeVolume({ storageClass: 'plain' });
    const inspection = await agent.driver.inspect(agent.host, volume, { inside: false });
    expect(inspection).toMatchObject({ capture: ['Clone', 'Direct'], points: ['Direct'] });
    expect(inspection.whyNot.Snapshot).toMatch(
      /no VolumeSnapshotClass .*plain.tidemark.test: use copyMethod/,
    );
    await expect(capture(volume)).rejects.toMatchObject({
      type: 'UnsupportedCapture',
      details: { hint: matching('use copyMethod Clone or Direct') },
    });
    // The class promises what its driver can't do.
    await expect(capture(volume, 'Clone')).rejects.toMatchObject({
      details: { toolMessage: matching('does not support clone') },
    });
  });
});

describe('a target claim is not made', () => {
  beforeEach(async () => {
    agent = await rig.makeAgent(SOON, { namespaces: [NAMESPACE, 'nowhere'] });
  });

  it('in a namespace that is not there, or that the agent does not serve', async () => {
    const nowhere: Volume = { kind: 'pvc', path: 'nowhere/wiki' };
    await expect(make(nowhere)).rejects.toMatchObject({
      type: 'VolumeMissing',
      message: 'there is no namespace nowhere',
    });
    const { problems } = await agent.driver.inspect(agent.host, nowhere, { examine: true });
    expect(problems).toEqual([matching('there is no namespace nowhere')]);
    const foreign: Volume = { kind: 'pvc', path: 'default/wiki' };
    const notServed = {
      type: 'InvalidSpec',
      message: `the agent of alpha serves shop, nowhere, not default`,
      details: { hint: matching('--namespaces shop,nowhere,default') },
    };
    for (const refused of [make(foreign), agent.driver.inspect(agent.host, foreign)])
      await expect(refused).rejects.toMatchObject(notServed);
  });

  it('of a class that is not there, nor without a size', async () => {
    const volume = absent('wiki', { storageClass: 'none' });
    await expect(make(volume)).rejects.toMatchObject({
      type: 'InvalidSpec',
      message: 'there is no StorageClass none',
    });
    expect(await rig.readClaim(volume)).toBeUndefined();
    const { problems } = await agent.driver.inspect(agent.host, volume, { examine: true });
    expect(problems).toEqual([matching('there is no StorageClass none')]);
    await expect(make(absent('wiki'), {})).rejects.toMatchObject({
      type: 'InvalidSpec',
      details: { hint: matching('capacity:') },
    });
    expect(await rig.readClaim(volume)).toBeUndefined();
  });

  it('where its storage fails, and the next try begins anew', async () => {
    const volume = absent('wanting');
    await rig.cluster.setFaults({ [volume.path]: { provision: 'the array is full' } });
    await expect(make(volume)).rejects.toMatchObject({
      type: 'NotReady',
      details: { toolMessage: matching('the array is full') },
    });
    await rig.settle();
    expect(await rig.readClaim(volume)).toBeUndefined();
    await rig.cluster.setFaults({});
    await make(volume);
    expect((await agent.driver.inspect(agent.host, volume)).claim).toEqual(TARGET);
  });
});

describe('a claim is refused', () => {
  beforeEach(async () => {
    agent = await rig.makeAgent(SOON);
  });

  it('as a source that is missing, or not bound, and as a target of another mode than its source', async () => {
    const check = (volume: Volume) => agent.driver.check(agent.host, volume, SOURCE);
    await expect(check(absent('none'))).rejects.toMatchObject({
      type: 'VolumeMissing',
      details: { hint: matching('kubectl get pvc --namespace shop') },
    });
    const unbound = await rig.makeVolume({ storageClass: 'wait' });
    await expect(check(unbound)).rejects.toMatchObject({
      type: 'VolumeMissing',
      message: matching('not bound'),
    });
    const files = await rig.makeVolume();
    await expect(make(files, { ...CAPACITY, isBlock: true })).rejects.toMatchObject({
      type: 'InvalidSpec',
      message: 'the claim has volumeMode Filesystem, and its source Block',
    });
  });

  it('where movers may not be root, and told both ways out', async () => {
    await rig.makeNamespace('strict');
    const volume = await rig.makeVolume({ namespace: 'strict' });
    await expect(agent.driver.inspect(agent.host, volume)).rejects.toMatchObject({
      type: 'InvalidSpec',
      details: { hint: expect.stringMatching(/privileged-movers=true.*runAs/) as unknown },
    });
  });
});

describe('a pod that does not come up is told of in the words of the cluster', () => {
  it.each([
    ['no node fits', { template: { nodeSelector: { disk: 'none' } } }, /FailedScheduling|Unschedulable/],
    ['its image is not there', { image: 'tidemark.test/none:1' }, /ErrImageNeverPull/],
    [
      'its image can not be pulled',
      { image: 'registry.invalid/none:1', template: { imagePullPolicy: 'IfNotPresent' as const } },
      /ErrImagePull|ImagePullBackOff|Pulling image/,
    ],
  ])('where %s', async (_, settings, words) => {
    agent = await rig.makeAgent({ limitMs: 6_000, ...settings });
    const volume = await rig.makeVolume();
    await expect(agent.driver.inspect(agent.host, volume)).rejects.toMatchObject({
      type: 'NotReady',
      message: matching(`a pod for ${volume.path}`),
      details: { toolMessage: expect.stringMatching(words) as unknown },
    });
  });
});
