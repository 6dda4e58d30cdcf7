/** What happens to a resource of Scribe or VolSync, as events of the cluster: for `kubectl describe`, and who follows these. */
import { createHash } from 'node:crypto';
import type { ClusterApi } from '../../hosts/cluster/contract';
import type { ClusterObject, ObjectReference } from '../../hosts/cluster/objects';

/** Those of VolSync, by its own names; and one of ours, for what it keeps to itself. */
export type EventReason =
  | 'TransferStarted'
  | 'TransferFailed'
  | 'NothingRestored'
  | 'VolumeSnapshotCreated'
  | 'VolumeSnapshotNotBound'
  | 'PersistentVolumeClaimCreated'
  | 'PersistentVolumeClaimNotBound'
  | 'ServiceAddressAssigned'
  | 'NoServiceAddressAssigned'
  | 'SrcPVCWaitingForCopyTrigger'
  | 'SrcPVCTimeoutWaitingForCopyTrigger'
  | 'SrcPVCCopyTriggerReceived'
  | 'SrcPVCCopyUsingCopyTriggerCompleted'
  | 'VolSyncPopulatorPVCCreated'
  | 'VolSyncPopulatorFinished'
  | 'VolSyncPopulatorError'
  | 'VolSyncPopulatorReplicationDestinationMissing'
  | 'VolSyncPopulatorReplicationDestinationNoLatestImage'
  | 'VolSyncPopulatorPVCCreationError';

export interface ResourceEvent {
  type: 'Normal' | 'Warning';
  reason: EventReason;
  /** What was done, or is tried. */
  action: string;
  note: string;
  /** What it is about, beside the resource. */
  related?: ObjectReference;
}

const EVENTS = 'events.k8s.io/v1';
const CONTROLLER = 'volsync-controller';
/** Within these, the same event is not told again. */
const QUIET_MS = 5 * 60_000;
/** Longer ones the API server refuses. */
const MAX_NOTE = 1024;
const MAX_NAME = 200;

interface StoredEvent extends ClusterObject {
  kind: 'Event';
  eventTime?: string;
  series?: { count: number; lastObservedTime: string };
}

/** As events have times: to the microsecond. */
const toMicroTime = (date: Date): string => date.toISOString().replace('Z', '000Z');

/** Cut to so many bytes, between two characters. */
function cut(text: string, bytes: number): string {
  const whole = Buffer.from(text);
  if (whole.length <= bytes) return text;
  const kept = whole.subarray(0, bytes - 3).toString('utf8');
  return `${kept.replace(/\uFFFD$/, '')}…`;
}

const referTo = ({ apiVersion, kind, metadata }: ObjectReference) => {
  const { name, namespace, uid } = metadata as ClusterObject['metadata'];
  return {
    ...{ apiVersion, kind, name },
    ...(namespace !== undefined && { namespace }),
    ...(uid !== undefined && { uid }),
  };
};

/** The same event of the same resource has the same name. */
function nameOf(resource: ClusterObject, { type, reason, action, note, related }: ResourceEvent): string {
  const { name, uid = '' } = resource.metadata;
  const about = related ? [related.kind, related.metadata.name] : [];
  const told = JSON.stringify([uid, type, reason, action, note, ...about]);
  return `${name.slice(0, MAX_NAME).replace(/[.-]+$/, '')}.${createHash('sha256').update(told).digest('hex').slice(0, 16)}`;
}

function makeEvent(resource: ClusterObject, event: ResourceEvent, now: Date) {
  const { type, reason, action, note, related } = event;
  const { namespace } = resource.metadata;
  return {
    ...{ apiVersion: EVENTS, kind: 'Event' as const },
    metadata: { name: nameOf(resource, event), ...(namespace !== undefined && { namespace }) },
    eventTime: toMicroTime(now),
    ...{ type, reason, action, note: cut(note, MAX_NOTE) },
    regarding: { ...referTo(resource) },
    ...(related && { related: referTo(related) }),
    ...{ reportingController: CONTROLLER, reportingInstance: CONTROLLER },
  };
}

/**
 * Tells an event of a resource. One that was told some minutes ago is not told again; later, it is counted.
 * @throws TidemarkError where the API server does not take it
 */
export async function tellEvent(
  api: Pick<ClusterApi, 'read' | 'create' | 'patch'>,
  resource: ClusterObject,
  event: ResourceEvent,
  now = new Date(),
): Promise<void> {
  const made = makeEvent(resource, event, now);
  const former = await api.read<StoredEvent>(made);
  if (!former) return void (await api.create(made));
  const last = former.series?.lastObservedTime ?? former.eventTime ?? '';
  if (now.getTime() - Date.parse(last) < QUIET_MS) return;
  const series = { count: (former.series?.count ?? 1) + 1, lastObservedTime: toMicroTime(now) };
  await api.patch(made, { series });
}

/** Tells events as far as that can be done: a resource is not worse for what was not told of it. */
export async function tellEvents(
  api: Pick<ClusterApi, 'read' | 'create' | 'patch'>,
  resource: ClusterObject,
  events: readonly ResourceEvent[],
  log: { warn: (about: object, message: string) => void },
): Promise<void> {
  for (const event of events) {
    try {
      await tellEvent(api, resource, event);
    } catch (error) {
      log.warn({ err: error, reason: event.reason }, 'an event could not be told');
    }
  }
}
