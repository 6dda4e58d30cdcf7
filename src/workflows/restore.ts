import { ApplicationFailure, setCurrentDetails } from '@temporalio/workflow';
import { targetName, volumeOf, volumePath } from '../model/endpoints';
import { describeLeftOut, mergeLeftOut } from '../model/left-out';
import { makeSyncId } from '../model/names';
import { rsyncOptions, withFilters } from '../model/mover-options';
import type { Role } from '../model/records';
import type { Relationship, SourceSpec, TargetSpec } from '../model/spec';
import { formatBytes } from '../model/units';
import type { TransferId } from '../movers/contract';
import type { RestoreRequest, RestoreResult } from './messages';
import { onHost, orStepFailed, StepFailed } from './steps';
import { closeBoth } from './close-both';

export interface RestoreInput {
  document: Relationship;
  /** What the source is called where it was a target: it may hold points too. */
  primaryName: string;
  epoch: number;
  sequence: number;
  request: RestoreRequest;
}

interface Holder {
  endpoint: TargetSpec | SourceSpec;
  role: Role;
}

function chooseHolder({ document, primaryName }: RestoreInput, wanted: string | undefined): Holder {
  const { source, targets } = document.spec;
  if (wanted === primaryName) return { endpoint: source, role: 'source' };
  const target = wanted ? targets.find((each) => targetName(each) === wanted) : targets[0];
  if (target) return { endpoint: target, role: 'target' };
  throw ApplicationFailure.create({
    type: 'InvalidSpec',
    message: `relationship ${document.metadata.name} has no target ${wanted}`,
    nonRetryable: true,
  });
}

async function bring(
  input: RestoreInput,
  { endpoint: holder, role }: Holder,
  id: TransferId,
): Promise<RestoreResult> {
  const { document, epoch, request } = input;
  // Into a directory, every point is brought by rsync: it reads the tree that the point holds.
  const { btrfs, zfs } = document.spec.mover;
  // A point of nested subvolumes is restored with all of them.
  const rsync = rsyncOptions(document.spec.mover);
  // Whatever is excluded by now: what the point holds comes back.
  const mover = withFilters({ rsync, ...(btrfs && { btrfs }), ...(zfs && { zfs }) });
  const { host, path } = request.to;
  const atHolder = {
    volume: volumeOf(holder),
    claim: { relationship: document.metadata.name, epoch, role },
    syncId: id.syncId,
  };
  const { offer, point, capture } = await orStepFailed(
    onHost(holder.host, `Find recovery point ${request.pointId}`).offerRestore({
      ...atHolder,
      id,
      pointId: request.pointId,
      targetHost: host,
      mover,
    }),
    holder.host,
    volumePath(holder),
  );
  const landing = await orStepFailed(
    onHost(host, `Open a landing at ${path}`).receiveRestore({
      id,
      path,
      overwrite: request.overwrite ?? false,
      offer,
      mover,
      bytes: point.bytes,
      landingLifetimeMs: 12 * 3_600_000,
    }),
    host,
    path,
  );
  setCurrentDetails(`Restoring ${point.id} (${formatBytes(point.bytes)}) to ${host}:${path}.`);
  const { stats } = await orStepFailed(
    onHost(holder.host, `Send ${point.id}, ${formatBytes(point.bytes)}`, {
      startToCloseTimeout: '30d',
    }).transfer({
      ...atHolder,
      id,
      capture,
      landing,
      writeMode: 'delayed',
      mover,
      resolved: offer.resolved,
      expectedBytes: point.bytes,
      releaseAfter: false,
    }),
    host,
    path,
  );
  return {
    relationship: document.metadata.name,
    pointId: point.id,
    to: request.to,
    bytes: stats.totalBytes,
    files: stats.totalFiles,
    durationSeconds: stats.durationMs / 1000,
    leftOut: mergeLeftOut(point.leftOut, stats.leftOut),
  };
}

/** Brings a recovery point back, to any folder of any host. */
export async function restore(input: RestoreInput): Promise<RestoreResult> {
  const { document, sequence, request } = input;
  const holder = chooseHolder(input, request.target);
  const id: TransferId = {
    relationship: document.metadata.name,
    // A name that no target has, so that it never meets a sync's landing.
    target: `restore:${request.to.host}`,
    syncId: makeSyncId(document.metadata.name, sequence),
  };
  try {
    const result = await bring(input, holder, id);
    const lacking = result.leftOut.length > 0 ? ` Left out: ${describeLeftOut(result.leftOut)}.` : '';
    setCurrentDetails(
      `Restored ${result.pointId} to ${result.to.host}:${result.to.path}: ${result.files} entries, ${formatBytes(result.bytes)}.${lacking}`,
    );
    return result;
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    const { failure } = error;
    throw ApplicationFailure.create({
      type: failure.type,
      message: failure.message,
      details: [failure],
      nonRetryable: true,
    });
  } finally {
    await closeBoth(id, holder.endpoint.host, request.to.host);
  }
}
