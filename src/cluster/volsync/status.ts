/** The status of a resource of VolSync, as its clients wait for it, from what its relationship knows. Pure. */
import type { Instant } from '../../model/records';
import type { RelationshipStatus, Takeover, TargetStatus } from '../../model/status';
import type { Method } from '../../volumes/pvc';
import { toInstant } from '../status';
import { formatGoDuration } from './go-duration';
import { NOTHING_TO_BACK_UP, NOTHING_TO_RESTORE, tellFailure, tellSuccess } from './mover-logs';
import type { VolSyncCondition, VolSyncResource, VolSyncStatus } from './resource';
import { type Asked, isAnswered, isSettled } from './trigger';

/** What was seen of a resource and of its relationship. */
export interface Seen {
  resource: VolSyncResource;
  method?: Method;
  /** Why it can't be served, every reason on a line. */
  wrong?: string;
  found?: RelationshipStatus;
  /** What the last sync that was asked for is for. */
  asked?: Asked;
  /** The next tick of its schedule. */
  nextRun?: Instant;
  /** Of a destination: what it holds now. */
  image?: NonNullable<VolSyncStatus['latestImage']>;
  /** Where a destination listens, and what the other side needs. */
  address?: string;
  keys?: string;
  /** Whether it is one relationship with its other half, where it names one. */
  joined?: Verdict;
  at: Date;
}

type Verdict = Omit<VolSyncCondition, 'lastTransitionTime'>;

const SYNCHRONIZING = 'Synchronizing';
/** Of ours: a restore came through that had nothing to restore, and there is no recovery point of it. */
export const RESTORED_NOTHING = 'RestoredNothing';

/** It goes on by itself, or is about to. */
const isAtWork = ({ operation, fetches = [], phase }: RelationshipStatus): boolean =>
  operation !== undefined ||
  fetches.length > 0 ||
  ['Applying', 'Syncing', 'Retrying', 'WaitingForHost'].includes(phase);

/** VolSync takes it for done where there is nothing that could be restored. */
export function hasNothingToRestore(
  { kind, spec }: VolSyncResource,
  target: TargetStatus | undefined,
): boolean {
  const isRestore = kind === 'ReplicationDestination' && spec?.restic !== undefined;
  if (!isRestore || target?.result !== 'failed') return false;
  const { type = '', message = '' } = target.lastError ?? {};
  return type === 'PointMissing' || (type === 'VolumeMissing' && message.includes('there is no repository'));
}

/** VolSync skips it: what was saved before stays. */
export function hasNothingToBackUp(
  { kind, spec }: VolSyncResource,
  target: TargetStatus | undefined,
): boolean {
  if (kind !== 'ReplicationSource' || !spec?.restic) return false;
  const { type, message = '' } = target?.lastError ?? {};
  // Of a volume that was empty from the first, restic says it.
  if (type === 'UnsupportedCapture') return message.startsWith('the source holds nothing');
  return type === 'ApprovalRequired' && message.startsWith('the source is empty');
}

const tellTakeover = (name: string, { target, at }: Takeover): string =>
  `${target} is the primary since ${at}, and nothing is copied to the one before: tidemark reverse ${name} goes on in the other direction, tidemark describe ${name} says how it stands`;

function judge(seen: Seen, isAwaited: boolean): Verdict {
  const { resource, wrong, found } = seen;
  const no = (reason: string, message: string): Verdict => ({
    type: SYNCHRONIZING,
    status: 'False',
    reason,
    message,
  });
  if (wrong !== undefined) return no('Error', wrong);
  if (resource.spec?.paused === true && (!found || !isAtWork(found)))
    return no('Paused', 'Paused: nothing is synchronized until spec.paused is taken back');
  if (found?.takeover) return no('FailedOver', tellTakeover(found.name, found.takeover));
  const target = found?.targets[0];
  const stopped = found?.approval?.reason ?? found?.operation?.waiting?.text;
  if (stopped !== undefined && !hasNothingToBackUp(resource, target)) return no('Error', stopped);
  const isNothing = hasNothingToRestore(resource, target) || hasNothingToBackUp(resource, target);
  const isBegun = found ? isAtWork(found) && !isNothing : !isSettled(resource);
  if (isBegun || isAwaited)
    return {
      ...{ type: SYNCHRONIZING, status: 'True', reason: 'SyncInProgress' },
      message: 'Synchronization in-progress',
    };
  if (resource.spec?.trigger?.manual) return no('WaitingForManual', 'Waiting for manual trigger');
  if (resource.spec?.trigger?.schedule)
    return no('WaitingForSchedule', 'Waiting for next scheduled synchronization');
  return { ...no('SyncInProgress', 'Synchronization in-progress'), status: 'True' };
}

function asCondition(former: readonly VolSyncCondition[], verdict: Verdict, at: Date): VolSyncCondition {
  const before = former.find(({ type }) => type === verdict.type);
  const isSame = before?.status === verdict.status && before.reason === verdict.reason;
  return {
    ...verdict,
    message: verdict.message.slice(0, 32_768),
    lastTransitionTime: isSame ? before.lastTransitionTime : toInstant(at),
  };
}

/** How the newest sync ended, where that is newer than what the status says. */
function endOfSync(seen: Seen): { endedAt: Instant; isNothing: boolean } | undefined {
  const { found, resource } = seen;
  const { lastSync, targets = [] } = found ?? {};
  const isNothing = hasNothingToRestore(resource, targets[0]) || hasNothingToBackUp(resource, targets[0]);
  if (!lastSync || (lastSync.result !== 'succeeded' && !isNothing)) return undefined;
  const { lastSyncTime } = resource.status ?? {};
  const endedAt = toInstant(new Date(lastSync.endedAt));
  return lastSyncTime !== undefined && lastSyncTime >= endedAt ? undefined : { endedAt, isNothing };
}

function moverStatus(seen: Seen, isEnded: boolean): NonNullable<VolSyncStatus['latestMoverStatus']> {
  const { found, resource, method } = seen;
  const former = resource.status?.latestMoverStatus ?? {};
  const [target] = found?.targets ?? [];
  if (!target || !method) return former;
  if (hasNothingToRestore(resource, target)) return { result: 'Successful', logs: NOTHING_TO_RESTORE };
  if (hasNothingToBackUp(resource, target)) return { result: 'Successful', logs: NOTHING_TO_BACK_UP };
  if (target.result === 'failed') return { result: 'Failed', logs: tellFailure(target) };
  if (!isEnded || !found?.lastSync) return former;
  const isSource = resource.kind === 'ReplicationSource';
  return { result: 'Successful', logs: tellSuccess(method, isSource, found.lastSync, target) };
}

/** What was asked for, and has come through. */
function answeredTag(seen: Seen): string | undefined {
  const { resource, asked, found } = seen;
  const { manual } = resource.spec?.trigger ?? {};
  if (!manual) return undefined;
  const [target] = found?.targets ?? [];
  const isDone =
    asked &&
    found &&
    (isAnswered(asked, found) ||
      ((target?.sequence ?? 0) > asked.after &&
        (hasNothingToRestore(resource, target) || hasNothingToBackUp(resource, target))));
  return isDone && asked.tag !== undefined ? asked.tag : resource.status?.lastManualSync;
}

const isUnder = (method: Method | undefined, wanted: Method) => method === wanted;

/** The whole status; what it does not name any more goes. */
export function volsyncStatusOf(seen: Seen): VolSyncStatus {
  const { resource, method, found, nextRun, image, address, keys, joined, at } = seen;
  const { status: former = {}, spec = {} } = resource;
  const ended = endOfSync(seen);
  const lastManualSync = answeredTag(seen);
  const isAwaited = Boolean(spec.trigger?.manual) && lastManualSync !== spec.trigger?.manual;
  const isAwaitedFirst = former.lastSyncTime === undefined && !ended && !isSettled(resource);
  const verdict = judge(seen, isAwaited || isAwaitedFirst);
  const isBusy = verdict.reason === 'SyncInProgress';
  const startedAt =
    former.lastSyncStartTime ?? (found?.operation && toInstant(new Date(found.operation.startedAt)));
  const began = former.lastSyncStartTime ?? found?.lastSync?.startedAt;
  const latestImage = image ?? former.latestImage;
  const nothing =
    resource.kind === 'ReplicationDestination' && hasNothingToRestore(resource, found?.targets[0]);
  const conditions = [
    asCondition(former.conditions ?? [], verdict, at),
    ...(joined ? [asCondition(former.conditions ?? [], joined, at)] : []),
    ...(nothing
      ? [
          asCondition(
            former.conditions ?? [],
            {
              ...{ type: RESTORED_NOTHING, status: 'True', reason: 'NothingFits' },
              message: found?.targets[0]?.lastError?.message ?? '',
            },
            at,
          ),
        ]
      : []),
  ];
  const duration =
    ended && began !== undefined
      ? formatGoDuration(Math.max(0, Date.parse(ended.endedAt) - Date.parse(began)))
      : former.lastSyncDuration;
  const lastSyncTime = ended?.endedAt ?? former.lastSyncTime;
  const { lastUnlocked } = former.restic ?? {};
  const { prunedAt } = found?.targets[0] ?? {};
  const lastPruned = prunedAt === undefined ? former.restic?.lastPruned : toInstant(new Date(prunedAt));
  const unlocked = ended ? spec.restic?.unlock : lastUnlocked;
  return {
    ...(lastSyncTime !== undefined && { lastSyncTime }),
    ...(isBusy && !ended && startedAt !== undefined && { lastSyncStartTime: startedAt }),
    ...(duration !== undefined && { lastSyncDuration: duration }),
    ...(nextRun !== undefined && verdict.reason !== 'Error' && { nextSyncTime: nextRun }),
    ...(lastManualSync !== undefined && { lastManualSync }),
    ...(latestImage && { latestImage }),
    latestMoverStatus: moverStatus(seen, ended !== undefined),
    ...(isUnder(method, 'rsync') && {
      rsync: { ...(address !== undefined && { address }), ...(keys !== undefined && { sshKeys: keys }) },
    }),
    ...(isUnder(method, 'rsyncTLS') && {
      rsyncTLS: { ...(address !== undefined && { address }), ...(keys !== undefined && { keySecret: keys }) },
    }),
    ...(isUnder(method, 'restic') &&
      resource.kind === 'ReplicationSource' && {
        restic: {
          ...(lastPruned !== undefined && { lastPruned }),
          ...(unlocked && { lastUnlocked: unlocked }),
        },
      }),
    conditions,
  };
}
