/** What the status of a resource of VolSync tells, its events and its metrics. */
import { isDeepStrictEqual } from 'node:util';
import { findPointSnapshot, jobName, type Method, retireImage } from '../../volumes/pvc';
import { toInstant } from '../status';
import type { Applied, VolSyncContext } from './context';
import { pluralOf } from './definitions';
import { eventsOf } from './due-events';
import { tellEvents } from './events';
import { tellJoined } from './joint';
import { destinationClaim, type VolSyncResource, type VolSyncStatus } from './resource';
import { toldAs } from './scribe-status';
import { findForeign } from './foreign-status';
import { type Seen, volsyncStatusOf } from './status';
import { readAsked, scheduleIn } from './trigger';

const kindOf = ({ apiVersion, kind }: VolSyncResource) => ({
  ...{ apiVersion, kind, plural: pluralOf(kind) },
});

async function findImage(
  { api }: VolSyncContext,
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

/** @returns what it told, with the resource as it is then */
export async function writeStatus(
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
  if (!isDeepStrictEqual(status, resource.status)) {
    const whole = await context.api.applyStatus(kindOf(resource), resource.metadata, status);
    const foreign = whole && findForeign(whole, status);
    if (foreign) await context.api.patchStatus(kindOf(resource), resource.metadata, foreign);
  }
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
  const claim =
    resource.kind === 'ReplicationSource' ? resource.spec?.sourcePVC : destinationClaim(resource, method);
  const events = eventsOf({
    ...{
      resource,
      former: resource.status ?? {},
      status,
      job: jobName(resource, method),
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
