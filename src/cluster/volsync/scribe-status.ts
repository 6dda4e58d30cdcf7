/** The status of Scribe's resources: VolSync's has more, of which the API server takes none for these. Pure. */
import type { VolSyncCondition, VolSyncResource, VolSyncStatus } from './resource';

/** Scribe says whether it could be served, not what goes on. */
function reconciled({ status, reason, message, lastTransitionTime }: VolSyncCondition): VolSyncCondition {
  const isWrong = status === 'False' && reason === 'Error';
  return {
    ...{ type: 'Reconciled', lastTransitionTime },
    ...(isWrong
      ? { status: 'False', reason: 'ReconcileError', message }
      : { status: 'True', reason: 'ReconcileComplete', message: 'Reconcile complete' }),
  };
}

/** @param status as VolSync has it */
export function toldAs(
  { apiVersion, status: former }: VolSyncResource,
  status: VolSyncStatus,
): VolSyncStatus {
  if (!apiVersion.startsWith('scribe.')) return status;
  const { lastSyncStartTime: _start, latestMoverStatus: _mover, rsyncTLS: _tls, restic, ...told } = status;
  const { lastPruned } = restic ?? {};
  const before = former?.conditions?.find(({ type }) => type === 'Reconciled');
  const all = status.conditions ?? [];
  const conditions = all
    .filter(({ type }) => type === 'Synchronizing')
    .map(reconciled)
    .map((each) =>
      before?.reason === each.reason ? { ...each, lastTransitionTime: before.lastTransitionTime } : each,
    )
    .concat(all.filter(({ type }) => type === 'Joined'));
  return { ...told, ...(lastPruned !== undefined && { restic: { lastPruned } }), conditions };
}
