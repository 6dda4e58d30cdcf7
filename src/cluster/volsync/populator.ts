/** Fills claims whose `dataSourceRef` names a ReplicationDestination from its newest image, as VolSync's populator does. */
import type { ClusterApi, CustomKind } from '../../hosts/cluster/contract';
import {
  CORE,
  type ObjectReference,
  type PersistentVolume,
  type PersistentVolumeClaim,
  SNAPSHOTS,
  STORAGE,
  type StorageClass,
  type VolumeSnapshot,
} from '../../hosts/cluster/objects';
import { DO_NOT_DELETE } from '../../volumes/pvc';
import type { Served } from '../front-door';
import type { Looked } from '../pace';
import { explain } from '../reconcile';
import { VOLSYNC_RESOURCES } from './definitions';
import { type ResourceEvent, tellEvents } from './events';
import { CREATED_BY } from './owned';
import {
  claimsConcerned,
  decidePopulation,
  FINISHED,
  isInUse,
  isToBePopulated,
  labelInUse,
  nameOfPrime,
  ownersWith,
  type PopulatorStep,
  type PopulatorView,
  snapshotName,
  staleLabels,
  UNSELECT,
} from './populator-decide';
import type { VolSyncResource } from './resource';

const CLAIMS: CustomKind = {
  ...{ apiVersion: CORE, kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims' },
};
const DESTINATIONS = VOLSYNC_RESOURCES.filter(
  ({ apiVersion, kind }) => apiVersion.startsWith('volsync.') && kind === 'ReplicationDestination',
);
/** What tells the cluster that somebody fills claims from such resources: without it, it warns of them. */
const DEFINITION = {
  ...{ apiVersion: 'populator.storage.k8s.io/v1beta1', kind: 'VolumePopulator' },
  metadata: { name: 'volsync-replicationdestination', labels: CREATED_BY },
  sourceKind: { group: 'volsync.backube', kind: 'ReplicationDestination' },
};

/** What populating takes. */
export interface PopulatorContext {
  api: ClusterApi;
  log: { warn: (about: object, message: string) => void; info: (about: object, message: string) => void };
}

const NOT_YET: Looked = { isBusy: false, isWrong: false };

const referTo = (apiVersion: string, kind: string, name: string, namespace?: string): ObjectReference => ({
  ...{ apiVersion, kind },
  metadata: { name, ...(namespace !== undefined && { namespace }) },
});

const claimReference = (namespace: string | undefined, name: string) =>
  referTo(CLAIMS.apiVersion, CLAIMS.kind, name, namespace);

async function look(api: ClusterApi, claim: PersistentVolumeClaim): Promise<PopulatorView> {
  const { namespace } = claim.metadata;
  const { storageClassName } = claim.spec;
  const prime = await api.read<PersistentVolumeClaim>(claimReference(namespace, nameOfPrime(claim)));
  const volumeName = prime?.spec.volumeName;
  const isNew = prime === undefined && !claim.spec.volumeName;
  const named = claim.spec.dataSourceRef?.name ?? '';
  const [storageClass, volume, destination] = await Promise.all([
    storageClassName ? api.read<StorageClass>(referTo(STORAGE, 'StorageClass', storageClassName)) : undefined,
    volumeName ? api.read<PersistentVolume>(referTo(CORE, 'PersistentVolume', volumeName)) : undefined,
    isNew
      ? api.read<VolSyncResource>(
          referTo('volsync.backube/v1alpha1', 'ReplicationDestination', named, namespace),
        )
      : undefined,
  ]);
  const view = { claim, prime, storageClass, volume, destination };
  const source = snapshotName(view);
  if (source === undefined) return view;
  const snapshot = await api.read<VolumeSnapshot>(referTo(SNAPSHOTS, 'VolumeSnapshot', source, namespace));
  return { ...view, snapshot };
}

const snapshotsFor = (api: ClusterApi, claim: PersistentVolumeClaim) =>
  api.list<VolumeSnapshot>({
    ...{ apiVersion: SNAPSHOTS, kind: 'VolumeSnapshot', namespace: claim.metadata.namespace ?? '' },
    labels: labelInUse(claim),
  });

const withoutLabels = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, null]));

/** So that it is not removed while a claim is made of it. @throws Conflict where somebody has changed it meanwhile */
async function own(
  api: ClusterApi,
  snapshot: VolumeSnapshot | undefined,
  prime: PersistentVolumeClaim | undefined,
): Promise<void> {
  const ownerReferences = snapshot && prime && ownersWith(snapshot, prime);
  if (!snapshot || !ownerReferences) return;
  const { resourceVersion } = snapshot.metadata;
  await api.patch(snapshot, { metadata: { ownerReferences, resourceVersion } });
}

/** What it lacks is said before anything is made. */
async function make(
  { api }: PopulatorContext,
  { claim, snapshot }: PopulatorView,
  { prime, event }: PopulatorStep & { do: 'make' },
): Promise<ResourceEvent> {
  if (!(await api.may('patch', 'persistentvolumes'))) {
    return {
      ...{ type: 'Warning', reason: 'VolSyncPopulatorError', action: 'Populate' },
      note: 'Unable to populate volume: this agent may not patch persistentvolumes; bind it to the role tidemark-agent-populator',
    };
  }
  // One of the same name may have been deleted just now.
  await forget(api, claim.metadata.namespace);
  if (snapshot) await api.patch(snapshot, { metadata: { labels: labelInUse(claim) } });
  try {
    const made = await api.create<PersistentVolumeClaim>(prime);
    await own(api, snapshot && (await api.read<VolumeSnapshot>(snapshot)), made);
    return event;
  } catch (error) {
    const note = `Failed to create populator PVC: ${explain(error).message}`;
    return { ...event, type: 'Warning', reason: 'VolSyncPopulatorPVCCreationError', note };
  }
}

async function remake(
  { api }: PopulatorContext,
  { claim, prime }: PopulatorView,
  { unselect }: PopulatorStep & { do: 'remake' },
): Promise<void> {
  // First, or the next one would be made where this one could not be.
  if (prime) await api.remove(prime, prime.metadata.uid);
  if (unselect) await api.patch(claim, UNSELECT);
}

/** Removes what it took. */
async function finish({ api, log }: PopulatorContext, { claim, prime }: PopulatorView): Promise<void> {
  const snapshots = await snapshotsFor(api, claim);
  if (!prime && snapshots.length === 0) return;
  await tellEvents(api, claim, [FINISHED], log);
  for (const snapshot of snapshots) {
    const { labels = {}, resourceVersion } = snapshot.metadata;
    const kept = labels[DO_NOT_DELETE] === undefined ? undefined : prime && ownersWith(snapshot, prime);
    const removed = withoutLabels(Object.keys(labelInUse(claim)));
    const metadata = { labels: removed, ...(kept && { ownerReferences: kept, resourceVersion }) };
    await api.patch(snapshot, { metadata });
  }
  if (prime) await api.remove(prime, prime.metadata.uid);
}

/**
 * What was made for a claim that is gone goes with it, by its owner; but for labels of snapshots.
 * @param namespace undefined: in the whole cluster
 */
async function forget(api: ClusterApi, namespace: string | undefined): Promise<void> {
  const where = namespace === undefined ? {} : { namespace };
  const snapshots = await api.list<VolumeSnapshot>({
    ...{ apiVersion: SNAPSHOTS, kind: 'VolumeSnapshot' },
    ...where,
  });
  const used = snapshots.filter(isInUse);
  if (used.length === 0) return;
  const claims = await api.list<PersistentVolumeClaim>({
    ...{ apiVersion: CLAIMS.apiVersion, kind: CLAIMS.kind },
    ...where,
  });
  for (const snapshot of used) {
    const stale = staleLabels(snapshot, claims);
    if (stale.length > 0) await api.patch(snapshot, { metadata: { labels: withoutLabels(stale) } });
  }
}

async function take(
  context: PopulatorContext,
  view: PopulatorView,
  step: PopulatorStep,
): Promise<ResourceEvent | undefined> {
  const { api } = context;
  switch (step.do) {
    case 'make':
      return await make(context, view, step);
    case 'rebind':
      if (view.volume) await api.patch(view.volume, step.change);
      return undefined;
    case 'remake':
      await remake(context, view, step);
      return step.event;
    case 'finish':
      await finish(context, view);
      return undefined;
    case 'wait':
      if (!view.claim.spec.volumeName) await own(api, view.snapshot, view.prime);
      return step.event;
  }
}

/**
 * One look at one claim.
 * @returns undefined: nothing more is to be done about it
 * @throws Conflict where somebody has changed meanwhile what was looked at
 */
export async function populate(
  context: PopulatorContext,
  { namespace, name }: { namespace: string; name: string },
): Promise<(Looked & { destination: string }) | undefined> {
  const { api, log } = context;
  const claim = await api.read<PersistentVolumeClaim>(claimReference(namespace, name));
  if (!claim || !isToBePopulated(claim)) {
    await forget(api, namespace);
    return undefined;
  }
  const view = await look(api, claim);
  const step = decidePopulation(view);
  if (!step) return undefined;
  const event = await take(context, view, step);
  if (event) await tellEvents(api, claim, [event], log);
  if (step.do === 'finish') return undefined;
  return {
    ...NOT_YET,
    isBusy: step.do !== 'wait',
    isWrong: event?.type === 'Warning',
    destination: claim.spec.dataSourceRef?.name ?? '',
  };
}

/** Claims are looked at as they change, as their working claims do, and as the resources do that they wait for. */
export function servePopulator(context: PopulatorContext): Served {
  /** Which destinations claims wait for, by `namespace/name` of the claim. */
  const awaited = new Map<string, string>();
  const waitersFor = (namespace: string, destination: string) =>
    [...awaited].flatMap(([key, name]) =>
      name === destination && key.startsWith(`${namespace}/`) ? [key.slice(namespace.length + 1)] : [],
    );
  return {
    kind: CLAIMS,
    followed: [
      { kind: CLAIMS, concerned: (claim) => claimsConcerned(claim as PersistentVolumeClaim) },
      ...DESTINATIONS.map((kind) => ({
        kind,
        concerned: ({ metadata }: ObjectReference) => waitersFor(metadata.namespace ?? '', metadata.name),
      })),
    ],
    async reconcile(at) {
      const key = `${at.namespace}/${at.name}`;
      const looked = await populate(context, at);
      if (looked) awaited.set(key, looked.destination);
      else awaited.delete(key);
      return looked;
    },
  };
}

async function register({ api, log }: PopulatorContext): Promise<void> {
  try {
    if (await api.read(DEFINITION)) return;
    await api.create(DEFINITION);
  } catch (error) {
    const why = explain(error).message;
    log.info({ why }, 'this cluster takes no VolumePopulator: claims are populated all the same');
  }
}

/**
 * Tells the cluster that somebody fills claims from such resources, where it asks for that; and removes what is left of claims
 * that went while nobody looked. @param namespaces undefined: of the whole cluster
 */
export async function startPopulator(
  context: PopulatorContext,
  namespaces: readonly string[] | undefined,
): Promise<void> {
  await register(context);
  try {
    for (const namespace of namespaces ?? [undefined]) await forget(context.api, namespace);
  } catch (error) {
    context.log.warn({ err: error }, 'what is left of claims that are gone could not be looked for');
  }
}
