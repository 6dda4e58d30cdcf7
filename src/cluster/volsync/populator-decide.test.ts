import type { PersistentVolume, PersistentVolumeClaim, VolumeSnapshot } from '../../hosts/cluster/objects';
import {
  claimsConcerned,
  decidePopulation,
  isToBePopulated,
  labelInUse,
  ownersWith,
  type PopulatorView,
  staleLabels,
} from './populator-decide';
import type { VolSyncResource } from './resource';

const NODE = 'volume.kubernetes.io/selected-node';
const CLAIM = {
  ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
  metadata: { name: 'data', namespace: 'shop', uid: 'c1', resourceVersion: '7' },
  spec: {
    ...{ accessModes: ['ReadWriteOnce'], storageClassName: 'fast' },
    resources: { requests: { storage: '1Gi' } },
    dataSourceRef: { apiGroup: 'volsync.backube', kind: 'ReplicationDestination', name: 'restore' },
  },
} satisfies PersistentVolumeClaim as PersistentVolumeClaim;
const AT_ONCE: PopulatorView['storageClass'] = {
  ...{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' },
  ...{ metadata: { name: 'fast' }, provisioner: 'csi.example.net' },
};
const LATE = { ...AT_ONCE, volumeBindingMode: 'WaitForFirstConsumer' } as const;
const SNAPSHOT: VolumeSnapshot = {
  ...{ apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot' },
  metadata: { name: 'image', namespace: 'shop', ownerReferences: [ownerOf('ReplicationDestination', 'd1')] },
  ...{ spec: { source: {} }, status: { readyToUse: true, restoreSize: '2Gi' } },
};
const IMAGE = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'image' };

function ownerOf(kind: string, uid: string) {
  return { apiVersion: 'v1', kind, name: 'it', uid };
}

const destination = (status: VolSyncResource['status']): VolSyncResource => ({
  ...{ apiVersion: 'volsync.backube/v1alpha1', kind: 'ReplicationDestination' },
  ...{ metadata: { name: 'restore', namespace: 'shop' }, status: status ?? {} },
});
const prime = (change: Partial<PersistentVolumeClaim> = {}, node?: string): PersistentVolumeClaim => ({
  ...CLAIM,
  metadata: {
    ...{ name: 'vs-prime-c1', namespace: 'shop', uid: 'p1' },
    ...(node !== undefined && { annotations: { [NODE]: node } }),
  },
  ...change,
  spec: { dataSourceRef: IMAGE, ...change.spec },
});
const onNode = (node: string): PersistentVolumeClaim => ({
  ...CLAIM,
  metadata: { ...CLAIM.metadata, annotations: { [NODE]: node } },
});
const bound = (volumeName: string): PersistentVolumeClaim => ({
  ...CLAIM,
  spec: { ...CLAIM.spec, volumeName },
});
const decide = (view: Partial<PopulatorView>) =>
  decidePopulation({ claim: CLAIM, storageClass: AT_ONCE, ...view });
const CONDITION = { message: '', lastTransitionTime: '2026-11-30T08:00:00Z' } as const;

test('a claim is made of the newest image, as large as that at least', () => {
  const step = decide({ destination: destination({ latestImage: IMAGE }), snapshot: SNAPSHOT });
  expect(step).toMatchObject({
    do: 'make',
    prime: {
      metadata: {
        name: 'vs-prime-c1',
        labels: { 'volsync.backube/populator-pvc-for': 'data', 'app.kubernetes.io/created-by': 'volsync' },
        ownerReferences: [{ kind: 'PersistentVolumeClaim', name: 'data', uid: 'c1', controller: true }],
      },
      spec: {
        ...{ storageClassName: 'fast', dataSourceRef: IMAGE },
        resources: { requests: { storage: '2Gi' } },
      },
    },
    event: { reason: 'VolSyncPopulatorPVCCreated', note: 'Populator pvc created from snapshot image' },
  });
});

test.each([
  ['no destination', {}, 'VolSyncPopulatorReplicationDestinationMissing'],
  ['no image', { destination: destination({}) }, 'VolSyncPopulatorReplicationDestinationNoLatestImage'],
  [
    'an image that is a claim',
    { destination: destination({ latestImage: { ...IMAGE, kind: 'PersistentVolumeClaim' } }) },
    'VolSyncPopulatorError',
  ],
  ['an image that is gone', { destination: destination({ latestImage: IMAGE }) }, 'VolSyncPopulatorError'],
])('%s is waited for, and told', (_what, view, reason) => {
  expect(decide(view)).toMatchObject({ do: 'wait', event: { type: 'Warning', reason } });
});

test('a restore of nothing gives an empty volume, once it is over', () => {
  const nothing = { ...CONDITION, type: 'RestoredNothing', status: 'True', reason: 'NothingFits' } as const;
  const synchronizing = { ...CONDITION, type: 'Synchronizing', status: 'True' } as const;
  const over = { ...synchronizing, status: 'False', reason: 'WaitingForManual' } as const;
  const atWork = { ...synchronizing, reason: 'SyncInProgress' } as const;
  const step = decide({ destination: destination({ conditions: [over, nothing] }) });
  expect(step).toMatchObject({ do: 'make' });
  expect(step).not.toHaveProperty('prime.spec.dataSourceRef');
  expect(decide({ destination: destination({ conditions: [atWork, nothing] }) })?.do).toBe('wait');
});

test('nothing is made before the class is there, nor before the scheduler has chosen a node', () => {
  const view = { destination: destination({ latestImage: IMAGE }), snapshot: SNAPSHOT };
  expect(decide({ ...view, storageClass: undefined })).toEqual({ do: 'wait' });
  expect(decide({ ...view, storageClass: LATE })).toEqual({ do: 'wait' });
  expect(decide({ ...view, storageClass: { ...AT_ONCE, provisioner: 'kubernetes.io/aws-ebs' } })).toEqual({
    do: 'wait',
  });
  expect(decide({ ...view, claim: onNode('n1'), storageClass: LATE })).toMatchObject({
    ...{ do: 'make', prime: { metadata: { annotations: { [NODE]: 'n1' } } } },
  });
});

test('a working claim that comes to nothing is made anew', () => {
  expect(decide({ prime: prime() })).toMatchObject({ do: 'remake', unselect: false });
  const late = { claim: onNode('n1'), storageClass: LATE, snapshot: SNAPSHOT };
  expect(decide({ ...late, prime: prime({}, 'n1') })).toEqual({ do: 'wait' });
  expect(decide({ ...late, prime: prime({}, 'n2') })).toEqual({ do: 'remake', unselect: false });
  // It could not be made there.
  expect(decide({ ...late, prime: prime() })).toEqual({ do: 'remake', unselect: true });
});

test("its volume becomes the claim's, once", () => {
  const volume = (uid: string): PersistentVolume => ({
    ...{ apiVersion: 'v1', kind: 'PersistentVolume' },
    ...{ metadata: { name: 'v1', resourceVersion: '9' }, spec: { claimRef: { uid } } },
  });
  const made = { prime: prime({ spec: { dataSourceRef: IMAGE, volumeName: 'v1' } }) };
  expect(decide(made)).toEqual({ do: 'wait' });
  expect(decide({ ...made, volume: volume('p1') })).toEqual({
    do: 'rebind',
    change: {
      metadata: { resourceVersion: '9', annotations: { 'volsync.backube/populated-from': 'shop/image' } },
      spec: { claimRef: { namespace: 'shop', name: 'data', uid: 'c1', resourceVersion: '7' } },
    },
  });
  expect(decide({ ...made, volume: volume('c1') })).toEqual({ do: 'wait' });
});

test('what it took goes only once the cluster knows whose the volume is', () => {
  const spec = { dataSourceRef: IMAGE, volumeName: 'v1' };
  expect(decide({ claim: bound('v1'), prime: prime({ spec, status: { phase: 'Bound' } }) })?.do).toBe('wait');
  expect(decide({ claim: bound('v1'), prime: prime({ spec, status: { phase: 'Lost' } }) })?.do).toBe(
    'finish',
  );
  // Somebody has given it another volume meanwhile.
  expect(decide({ claim: bound('v2'), prime: prime({ spec, status: { phase: 'Bound' } }) })?.do).toBe(
    'finish',
  );
  expect(decide({ claim: bound('v1') })?.do).toBe('finish');
});

test('one that is being deleted is left alone', () => {
  const going = { ...CLAIM, metadata: { ...CLAIM.metadata, deletionTimestamp: '2026-11-30T08:00:00Z' } };
  expect(decide({ claim: going, destination: destination({ latestImage: IMAGE }) })).toBeUndefined();
});

test('others claims are no matter of ours', () => {
  const other = { ...CLAIM, spec: { ...CLAIM.spec, dataSourceRef: IMAGE } };
  expect([isToBePopulated(CLAIM), isToBePopulated(other)]).toEqual([true, false]);
  expect([claimsConcerned(CLAIM), claimsConcerned(other)]).toEqual([['data'], []]);
  const working = prime();
  const labels = { 'volsync.backube/populator-pvc-for': 'data' };
  const metadata = { ...working.metadata, labels, ownerReferences: [ownerOf('PersistentVolumeClaim', 'c1')] };
  expect(claimsConcerned({ ...working, metadata })).toEqual(['it']);
});

test('a snapshot is kept for the working claim, but for one that people have said they keep', () => {
  const kept: VolumeSnapshot = {
    ...SNAPSHOT,
    metadata: { ...SNAPSHOT.metadata, labels: { 'volsync.backube/do-not-delete': 'yes' } },
  };
  const owners = ownersWith(SNAPSHOT, prime());
  expect(owners?.map(({ uid }) => uid)).toEqual(['d1', 'p1']);
  expect(ownersWith(kept, prime())).toBeUndefined();
  const { ownerReferences: _nobody, ...metadata } = SNAPSHOT.metadata;
  expect(ownersWith({ ...SNAPSHOT, metadata }, prime())).toBeUndefined();
  const owned = (snapshot: VolumeSnapshot): VolumeSnapshot => ({
    ...snapshot,
    metadata: { ...snapshot.metadata, ...(owners && { ownerReferences: owners }) },
  });
  expect(ownersWith(owned(SNAPSHOT), prime())).toBeUndefined();
  expect(ownersWith(owned(kept), prime())?.map(({ uid }) => uid)).toEqual(['d1']);
});

test('labels of a claim that is gone are known by its uid', () => {
  const labels = { ...labelInUse(CLAIM), 'volsync.backube/volpop-pvc-c0': 'data', other: 'data' };
  const snapshot = { ...SNAPSHOT, metadata: { ...SNAPSHOT.metadata, labels } };
  expect(staleLabels(snapshot, [CLAIM])).toEqual(['volsync.backube/volpop-pvc-c0']);
  expect(staleLabels(snapshot, [])).toHaveLength(2);
});
