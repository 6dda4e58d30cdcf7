/** One look at one resource of VolSync: its relationship is as it says, what is due is begun, and its status tells of it. */
import { createHash } from 'node:crypto';
import { Conflict } from '../../hosts/cluster/contract';
import type { RelationshipStatus } from '../../model/status';
import { RESOURCE_LABELS } from '../../model/resource-labels';
import type { Method } from '../../volumes/pvc';
import type { Served } from '../front-door';
import { hold, isHeld, letGo } from '../held';
import type { Looked } from '../pace';
import { doingOf, explain, explainTaken, findStatus, isOwnedBy, type ReconcileContext } from '../reconcile';
import type { Applied, VolSyncContext } from './context';
import { VOLSYNC_RESOURCES } from './definitions';
import { cleanUp, prepare, type Prepared } from './facts';
import { checkParting, isAtHome, isParting, type JointDocument, keepTarget, takeBack } from './joint';
import { removeLeftovers } from './leftovers';
import { MadeLooks } from './made';
import { isExternal, objectionsTo } from './objections';
import { releaseTakenOver, releaseKept } from './release';
import { methodsIn, ownerOf, SYNC_FOR, type VolSyncResource, volsyncRelationshipName } from './resource';
import { findServing, giveClaim } from './serving';
import { hasNothingToRestore } from './status';
import { documentOf } from './translate';
import { askedNow, isResting, isSettled, syncDue } from './trigger';
import { writeStatus } from './write-status';

/** The same document for the same resource and surroundings; what runs says by this which it is. */
function markOf({ spec, metadata }: JointDocument, generation: number | undefined): string {
  const said = JSON.stringify([spec, metadata.labels[RESOURCE_LABELS.joinedWith]]);
  const hash = createHash('sha256').update(said).digest('hex');
  return `${generation ?? 0}-${hash.slice(0, 12)}`;
}

async function applyIt(
  { api, relationships, options }: ReconcileContext,
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
  const isLeaving = found !== undefined && isParting(document, found);
  // Of a destination that has what was asked for, nothing changes before more is: its new claim may hold somebody's data.
  const isDone = resource.kind === 'ReplicationDestination' && isSettled(resource);
  if (found && (isApplied || isDone) && !found.vanished && !isLeaving) return found;
  // One that is made begins at once: what was restored once would be written over what people have written since.
  if ((!found || found.vanished) && isResting(resource)) return undefined;
  if (!found) await removeLeftovers(api, resource);
  if (found && isLeaving) {
    // The destination opens its door once nobody else writes to its claim; and without one, what this says is refused.
    checkParting(found);
    await relationships.retire(name);
    found = undefined;
  }
  await relationships.apply(keepTarget(document, found));
  return await findStatus(relationships, name);
}

/** Pauses a relationship, or lets it go on, as the resource says. */
async function followPause(
  { relationships }: ReconcileContext,
  resource: VolSyncResource,
  name: string,
  found: RelationshipStatus,
): Promise<boolean> {
  const { spec, metadata } = resource;
  // What has nothing to restore would try on, and change the claim when nobody waits for it any more.
  const isPaused =
    spec?.paused === true || (isSettled(resource) && hasNothingToRestore(resource, found.targets[0]));
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

/**
 * Its relationship goes with it; so does what was made for it, but for what people have said they keep, and what has taken over:
 * where a joined destination is the primary, its claim stays, with the points of that, and the relationship.
 */
async function remove(context: ReconcileContext, resource: VolSyncResource): Promise<void> {
  const { api, relationships, options } = context;
  const { name, isShared, found } = await findServing(context, resource);
  if (isShared && found) {
    if (isAtHome(found)) await relationships.apply(takeBack(found));
    else await releaseTakenOver(api, resource);
  } else if (found && isOwnedBy(options.cluster, ownerOf(resource), found)) await relationships.retire(name);
  await releaseKept(api, resource);
  await letGo(api, resource);
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
  if (isWrong || !applied.found) return { isBusy: !isWrong && !isResting(seen.resource), isWrong };
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
