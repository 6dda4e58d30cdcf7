/** What may begin now of all that a relationship is asked for. */
import { chooseTargets, objectionToNone, targetsOfTick } from '../model/choose-targets';
import { targetName } from '../model/endpoints';
import { isFetchAlone, type Turn, turnOf } from '../model/fetches';
import { isByClock } from '../model/hub';
import type { SyncRecord } from '../model/records';
import { activeDocument, isAwaitingPush } from '../model/relationship-state';
import type { RelationshipState } from '../model/relationship-state';
import type { SyncAnswer, SyncRequest } from '../api/messages';
import type { Operations } from './children';
import { runSync } from './run-sync';
import { makeSyncWant, type SyncWant, type Want } from './wants';

/** The targets that an operation needs for itself; undefined: nobody can say. */
function targetsOf(state: RelationshipState, want: Want): string[] | undefined {
  const targets = activeDocument(state)?.spec.targets ?? [];
  if (want.kind === 'sync') return chooseTargets(targets, want.targets).chosen;
  if (want.kind !== 'verify' && want.kind !== 'restore') return targets.map(targetName);
  return want.request.target === undefined ? undefined : [want.request.target];
}

/** Whether a want may begin beside the targets that fetch from the hub. By the clock, a sync leaves those out. */
export function turnOfWant(state: RelationshipState, want: Want): Turn {
  if (want.kind === 'sync' && isByClock(want.reason)) return 'now';
  const targets = targetsOf(state, want);
  return turnOf(state, { kind: want.kind, ...(targets && { targets }) });
}

/** By the clock, targets that fetch from the hub need not wait for a sync of the source that runs. */
function wantSync(
  operations: Operations,
  reason: SyncRecord['reason'],
  targets: string[],
  isFull: boolean,
): SyncWant {
  const { state, wants } = operations;
  const document = activeDocument(state);
  const isBeside = document && isFetchAlone(document, targets, reason);
  if (!isBeside || isFull || state.operation?.kind !== 'sync' || wants.isBlocked()) {
    return wants.sync(reason, targets);
  }
  const want = makeSyncWant(reason, targets);
  void runSync(operations, want);
  return want;
}

/** @param isFull nothing more is begun beside what runs */
export async function admitSync(
  operations: Operations,
  request: SyncRequest,
  isFull: boolean,
): Promise<SyncAnswer> {
  const { state, show } = operations;
  const targets = request.scheduled ? targetsOfTick(state, request) : request.targets;
  if (request.scheduled && targets?.length === 0) {
    // The door is open, which is all that a tick could do.
    if (!isAwaitingPush(state)) state.missedTicks++;
    show();
    const none = objectionToNone(state);
    const why =
      none ?? (state.paused || !state.takeover ? 'paused' : `failed over to ${state.takeover.target}`);
    const running = state.operation ?? state.fetches?.[0];
    return { skipped: running ? `${running.kind} is running` : why };
  }
  const want = wantSync(operations, request.scheduled ? 'schedule' : 'request', targets ?? [], isFull);
  const started = await want.started;
  if (!request.wait) return started;
  const { record } = await want.ended;
  const failure = record.failure ?? record.targets.find((target) => target.failure)?.failure;
  return {
    ...started,
    result: record.result,
    ...(record.result !== 'succeeded' && failure && { failure }),
  };
}
