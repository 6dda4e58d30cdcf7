/** One look at one resource of VolSync: its relationship is as it says, what is due is begun, and its status tells of it. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Conflict } from '../../hosts/cluster/contract';
import type { RelationshipStatus } from '../../model/status';
import { RESOURCE_LABELS } from '../../model/resource-labels';
import { findPointSnapshot, jobName, type Method, retireImage } from '../../volumes/pvc';
import type { Served } from '../front-door';
import { hold, isHeld, letGo } from '../held';
import type { Looked } from '../pace';
import { doingOf, explain, explainTaken, findStatus, isOwnedBy, type ReconcileContext } from '../reconcile';
import { toInstant } from '../status';
import { pluralOf, VOLSYNC_RESOURCES } from './definitions';
import { cleanUp, prepare, type Prepared } from './facts';
import { eventsOf } from './due-events';
import { tellEvents } from './events';
import { MadeLooks } from './made';
import type { VolSyncMetrics } from './metrics';
import {
  checkParting,
  giveTarget,
  isMutual,
  isParting,
  type JointDocument,
  jointName,
  keepTarget,
  partnerOf,
  tellJoined,
} from './joint';
import { isExternal, objectionsTo } from './objections';
import { releaseKept } from './release';
import {
  destinationClaim,
  methodsIn,
  ownerOf,
  SYNC_FOR,
  type VolSyncResource,
  type VolSyncStatus,
  volsyncRelationshipName,
} from './resource';
import { toldAs } from './scribe-status';
import { hasNothingToRestore, type Seen, volsyncStatusOf } from './status';
import { claimOf, documentOf } from './translate';
import { askedNow, readAsked, scheduleIn, syncDue } from './trigger';

const kindOf = ({ apiVersion, kind }: VolSyncResource) => ({
  ...{ apiVersion, kind, plural: pluralOf(kind) },
});

/** What serving them takes besides. */
export interface VolSyncContext extends ReconcileContext {
  log: { warn: (about: object, message: string) => void };
  /** Left out: nobody asks. */
  metrics?: VolSyncMetrics;
  made: MadeLooks;
}

interface Applied {
  /** The relationship that serves it. */
  name: string;
  /** It is the source's with which this destination is joined. */
  isShared?: boolean;
  resource: VolSyncResource;
  found?: RelationshipStatus | undefined;
  wrong?: string;
  prepared?: Prepared;
}

/** The same document for the same resource and surroundings; what runs says by this which it is. */
function markOf({ spec, metadata }: JointDocument, generation: number | undefined): string {
  const said = JSON.stringify([spec, metadata.labels[RESOURCE_LABELS.joinedWith]]);
  const hash = createHash('sha256').update(said).digest('hex');
  return `${generation ?? 0}-${hash.slice(0, 12)}`;
}

async function applyIt(
  { relationships, options }: ReconcileContext,
  resource: VolSyncResource,
  { facts }: Prepared,
  found: RelationshipStatus | undefined,
): Promise<RelationshipStatus | undefined> {
  const document = documentOf(options.cluster, resource, facts) as JointDocument;
  const mark = markOf(document, resource.metadata.generation);
  document.metadata.labels[RESOURCE_LABELS.generation] = mark;
  const labels = found?.document.metadata.labels ?? {};
  const isApplied =
    labels[RESOURCE_LABELS.uid] === resource.metadata.uid && labels[RESOURCE_LABELS.generation] === mark;
  const name = volsyncRelationshipName(options.cluster, resource);
  if (found && isApplied && !found.vanished) return found;
  // One that is made begins at once: for a resource that is paused, none is made before that goes on.
  if (!found && resource.spec?.paused === true) return undefined;
  if (found && isParting(document, found)) {
    // The destination opens its door once nobody else writes to its claim; and without one, what this says is refused.
    checkParting(found);
    await relationships.retire(name);
    found = undefined;
  }
  await relationships.apply(keepTarget(document, found));
  return await findStatus(relationships, name);
}

/** Its claim becomes the target of the source that it is joined with; a relationship of its own ends. */
async function giveClaim(
  { relationships, options: { cluster } }: ReconcileContext,
  resource: VolSyncResource,
  { facts }: Prepared,
  joint: RelationshipStatus,
): Promise<RelationshipStatus | undefined> {
  const [method] = methodsIn(resource);
  // What the spec says is turned round there, and can't be changed until that is over.
  if (!method || joint.direction !== 'forward') return joint;
  const document = giveTarget(joint, claimOf(cluster, resource, method, facts));
  if (!document) return joint;
  const own = volsyncRelationshipName(cluster, resource);
  const former = await findStatus(relationships, own);
  if (former && isOwnedBy(cluster, ownerOf(resource), former)) await relationships.retire(own);
  await relationships.apply(document);
  return await findStatus(relationships, joint.name);
}

/** The relationship that serves a resource: its own, or that of the source which a destination is joined with. */
async function findServing(
  { relationships, options: { cluster } }: ReconcileContext,
  resource: VolSyncResource,
): Promise<Pick<Applied, 'name' | 'isShared' | 'found'>> {
  const partner = partnerOf(resource);
  if (resource.kind === 'ReplicationDestination' && partner !== undefined) {
    const name = jointName(resource, partner);
    const found = await findStatus(relationships, name);
    if (isMutual(cluster, resource, partner, found)) return { name, isShared: true, found };
  }
  const name = volsyncRelationshipName(cluster, resource);
  return { name, found: await findStatus(relationships, name) };
}

/** Pauses a relationship, or lets it go on, as the resource says. */
async function followPause(
  { relationships }: ReconcileContext,
  resource: VolSyncResource,
  name: string,
  found: RelationshipStatus,
): Promise<boolean> {
  const { spec, metadata, status } = resource;
  // What has nothing to restore would try on, and change the claim when nobody waits for it any more.
  const { manual } = spec?.trigger ?? {};
  const isSettled = Boolean(manual) && status?.lastManualSync === manual;
  const isPaused = spec?.paused === true || (isSettled && hasNothingToRestore(resource, found.targets[0]));
  if (found.paused === isPaused) return false;
  const update = isPaused ? 'pause' : 'resume';
  await relationships.begin(
    name,
    { update },
    `${update}-${metadata.uid ?? ''}-${metadata.resourceVersion ?? ''}`,
  );
  return true;
}

async function apply(
  context: ReconcileContext,
  resource: VolSyncResource,
  method: Method | undefined,
): Promise<Applied> {
  const { api, relationships, options } = context;
  const objections = objectionsTo(resource);
  let applied: Applied = { resource, name: volsyncRelationshipName(options.cluster, resource) };
  try {
    const { name, isShared = false, found } = await findServing(context, resource);
    applied = { resource, name, isShared };
    if (!isShared && found && !isOwnedBy(options.cluster, ownerOf(resource), found))
      return { ...applied, wrong: explainTaken(name, found).message };
    applied = { ...applied, found };
    if (objections.length > 0 || !method) return { ...applied, wrong: objections.join('\n') };
    applied = { ...applied, resource: await noteAsked(context, resource, found) };
    const prepared = await prepare({ name: options.cluster, api }, resource, method);
    applied = { ...applied, prepared };
    const now =
      isShared && found
        ? await giveClaim(context, resource, prepared, found)
        : await applyIt(context, resource, prepared, found);
    applied = { ...applied, found: now };
    // The pause of a source holds for both.
    if (!isShared && now && (await followPause(context, resource, name, now)))
      applied = { ...applied, found: await findStatus(relationships, name) };
    return applied;
  } catch (error) {
    if (error instanceof Conflict) throw error;
    return { ...applied, wrong: explain(error).message };
  }
}

/** Notes what a tag asks for. @throws Conflict where somebody has changed the resource meanwhile */
async function noteAsked(
  { api }: ReconcileContext,
  resource: VolSyncResource,
  found: RelationshipStatus | undefined,
): Promise<VolSyncResource> {
  const asked = askedNow(resource, found);
  if (!asked) return resource;
  return await api.patch<VolSyncResource>(resource, {
    metadata: {
      annotations: { [SYNC_FOR]: JSON.stringify(asked) },
      resourceVersion: resource.metadata.resourceVersion,
    },
  });
}

async function beginDue(
  { relationships }: ReconcileContext,
  resource: VolSyncResource,
  { name, isShared }: Applied,
  found: RelationshipStatus,
): Promise<void> {
  // When a source sends by itself is the source's to say.
  if (isShared && !resource.spec?.trigger?.manual) return;
  const id = syncDue(resource, found);
  if (id !== undefined) await relationships.begin(name, { update: 'sync', argument: {} }, id);
}

async function findImage(
  { api }: ReconcileContext,
  resource: VolSyncResource,
  method: Method | undefined,
  { name: relationship, found }: Applied,
): Promise<Seen['image']> {
  const pointId = found?.targets[0]?.recoveryPoint;
  if (resource.kind !== 'ReplicationDestination' || method === undefined || pointId === undefined)
    return undefined;
  const { copyMethod } = resource.spec?.[method] ?? {};
  if (copyMethod === 'Direct' || copyMethod === 'None')
    return { apiGroup: '', kind: 'PersistentVolumeClaim', name: destinationClaim(resource, method) };
  const snapshot = await findPointSnapshot(api, resource.metadata.namespace ?? '', { relationship, pointId });
  return (
    snapshot && { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: snapshot.metadata.name }
  );
}

/** Its relationship goes with it; so does what was made for it, but for what people have said they keep. */
async function remove(context: ReconcileContext, resource: VolSyncResource): Promise<void> {
  const { api, relationships, options } = context;
  const name = volsyncRelationshipName(options.cluster, resource);
  const found = await findStatus(relationships, name);
  if (found && isOwnedBy(options.cluster, ownerOf(resource), found)) await relationships.retire(name);
  await releaseKept(api, resource);
  await letGo(api, resource);
}

async function writeStatus(
  context: VolSyncContext,
  method: Method | undefined,
  applied: Applied,
): Promise<Seen> {
  const { name, resource, found, wrong, prepared } = applied;
  const isScheduled = scheduleIn(resource) !== undefined && found !== undefined;
  const { nextRun } = isScheduled
    ? await context.relationships.schedule(name).catch(() => ({ nextRun: undefined }))
    : {};
  const image = await findImage(context, resource, method, applied);
  const joined = tellJoined(context.options.cluster, resource, applied);
  const asked = readAsked(resource);
  const { address, keys } = prepared ?? {};
  const seen: Seen = {
    ...{ resource, at: new Date() },
    ...(method && { method }),
    ...(wrong !== undefined && { wrong }),
    ...(found && { found }),
    ...(asked && { asked }),
    ...(nextRun !== undefined && { nextRun: toInstant(new Date(nextRun)) }),
    ...(image && { image }),
    ...(address !== undefined && { address }),
    ...(keys !== undefined && { keys }),
    ...(joined && { joined }),
  };
  const status = toldAs(resource, volsyncStatusOf(seen));
  if (!isDeepStrictEqual(status, resource.status))
    await context.api.applyStatus(kindOf(resource), resource.metadata, status);
  await retireFormerImage(context, resource, status);
  await tellAll(context, seen, status);
  return { ...seen, resource: { ...resource, status } };
}

/** The image that its status does not name any more: it was kept until then, for whoever reads that. */
async function retireFormerImage(
  { api }: VolSyncContext,
  { metadata, status: former }: VolSyncResource,
  { latestImage }: VolSyncStatus,
): Promise<void> {
  const { namespace = '', uid = '' } = metadata;
  const image = former?.latestImage;
  if (image?.kind !== 'VolumeSnapshot' || image.name === latestImage?.name) return;
  await retireImage(api, { namespace, name: image.name }, uid);
}

/** What happened since the former status, as events of the resource, and for the metrics. */
async function tellAll(
  { api, log, metrics, made }: VolSyncContext,
  { resource, method }: Seen,
  status: VolSyncStatus,
): Promise<void> {
  metrics?.see({ ...resource, status });
  if (!method) return;
  const side = resource.kind === 'ReplicationSource' ? 'src' : 'dst';
  const claim =
    resource.kind === 'ReplicationSource' ? resource.spec?.sourcePVC : destinationClaim(resource, method);
  const events = eventsOf({
    ...{
      resource,
      former: resource.status ?? {},
      status,
      job: jobName(method, side, resource.metadata.name),
    },
    ...(claim !== undefined && { claim }),
  });
  await tellEvents(api, resource, events, log);
  try {
    await tellEvents(api, resource, await made.events(api, resource, status, method), log);
  } catch (error) {
    log.warn({ err: error }, 'what was made for a resource could not be asked for');
  }
}

/** Undefined: it is gone, goes, or is somebody else's. @throws as `reconcile` of our own resources */
export async function reconcileVolSync(
  context: VolSyncContext,
  reference: { apiVersion: string; kind: VolSyncResource['kind'] },
  { namespace, name }: { namespace: string; name: string },
): Promise<Looked | undefined> {
  const { api } = context;
  const { apiVersion, kind } = reference;
  const resource = await api.read<VolSyncResource>({ apiVersion, kind, metadata: { namespace, name } });
  if (!resource) {
    context.metrics?.forget({ apiVersion, kind, metadata: { namespace, name } });
    return undefined;
  }
  if (resource.metadata.deletionTimestamp !== undefined) {
    if (isHeld(resource)) await remove(context, resource);
    return undefined;
  }
  if (isExternal(resource)) return undefined;
  await hold(api, resource);
  const [method] = methodsIn(resource);
  const applied = await apply(context, resource, method);
  const seen = await writeStatus(context, method, applied);
  const isWrong = applied.wrong !== undefined;
  if (isWrong || !applied.found) return { isBusy: !isWrong, isWrong };
  // By what the status says now: a sync that has just ended is not begun once more.
  await beginDue(context, seen.resource, applied, applied.found);
  if (method) await cleanUp({ name: context.options.cluster, api }, seen.resource, method);
  const isBusy =
    applied.found.operation !== undefined ||
    seen.resource.status?.conditions?.some(({ reason }) => reason === 'SyncInProgress') === true;
  return {
    ...{ isBusy, isWrong, doing: doingOf(applied.found) },
    ...(seen.nextRun !== undefined && { dueAt: new Date(seen.nextRun) }),
  };
}

/** All four kinds. */
export function serveVolSync(asked: Omit<VolSyncContext, 'made'>): Served[] {
  const context = { ...asked, made: new MadeLooks() };
  return VOLSYNC_RESOURCES.map((kind) => ({
    kind,
    reconcile: (at: { namespace: string; name: string }) => reconcileVolSync(context, kind, at),
  }));
}
