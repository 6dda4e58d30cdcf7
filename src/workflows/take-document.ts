/** What taking another document into a relationship changes outside of it: the Schedule, the catalog, endpoints that go. */
import { placeOf, volumeIn, volumePath } from '../model/endpoints';
import { activeDocument, applyDocument, isStopped } from '../model/relationship-state';
import type { RelationshipState } from '../model/relationship-state';
import { schedulesOf } from '../model/schedules';
import type { Relationship, SourceSpec, TargetSpec } from '../model/spec';
import { scheduleNote } from '../model/static-texts';
import { durationToMs } from '../model/units';
import { onControl, onHost } from './steps';

/** A host that does not answer for so long is taken as absent: the spec is accepted with a warning. */
export const INSPECT = {
  scheduleToStartTimeout: '3s',
  startToCloseTimeout: '30s',
  retry: { maximumAttempts: 2 },
} as const;

/** Makes the Temporal Schedule what the state says. */
export async function keepSchedule(state: RelationshipState, resume = false): Promise<void> {
  const document = activeDocument(state);
  if (!document) return;
  const { trigger } = document.spec;
  await onControl('Keep the Schedule in step').keepSchedule({
    relationship: state.name,
    crons: schedulesOf(document.spec),
    timezone: trigger.timezone,
    jitterMs: trigger.jitter ? durationToMs(trigger.jitter) : 0,
    catchUpMs: durationToMs(trigger.catchUp),
    paused: isStopped(state),
    note: scheduleNote(document, isStopped(state)),
    ...(resume && { resume }),
  });
}

/** The state as it will be with this document. */
export function withDocument(state: RelationshipState, document: Relationship): RelationshipState {
  const next = { ...state };
  applyDocument(next, document);
  return next;
}

/** Endpoints of the old spec that the new one no longer has. */
function droppedEndpoints(old: Relationship | undefined, document: Relationship) {
  const ends = (each: Relationship) => [each.spec.source, ...each.spec.targets];
  const key = (endpoint: SourceSpec | TargetSpec) => `${endpoint.host}:${volumePath(endpoint)}`;
  const kept = new Set(ends(document).map(key));
  return old ? ends(old).filter((endpoint) => !kept.has(key(endpoint))) : [];
}

/** Releases what is no endpoint any more; data and recovery points stay. A host that is away is not waited for. */
export async function dropEndpoints(
  state: RelationshipState,
  old: Relationship | undefined,
  former: Relationship | undefined,
  document: Relationship,
): Promise<void> {
  if (!former) return;
  const copyOf = placeOf(former.spec.source);
  await Promise.allSettled(
    droppedEndpoints(old, document).map((endpoint) =>
      onHost(endpoint.host, `Release ${volumePath(endpoint)}`, INSPECT).retireEndpoint({
        volume: volumeIn(former, endpoint),
        relationship: state.name,
        copyOf,
      }),
    ),
  );
}
