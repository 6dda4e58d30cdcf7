import { ApplicationFailure, CancellationScope, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { targetName, volumeOf } from '../model/endpoints';
import { makeSyncId } from '../model/names';
import type { Difference } from '../model/records';
import type { Relationship } from '../model/spec';
import type { TransferId } from '../movers/contract';
import type { Capture } from '../volumes/contract';
import type { VerifyRequest, VerifyResult } from './messages';
import { onControl, onHost, orStepFailed, StepFailed } from './steps';

export interface VerifyInput {
  document: Relationship;
  epoch: number;
  sequence: number;
  request: VerifyRequest;
}

/** Differences that are told; more than these are counted only. */
const TOLD_DIFFERENCES = 1000;

function chooseTarget(document: Relationship, wanted: string | undefined) {
  const target = wanted
    ? document.spec.targets.find((each) => targetName(each) === wanted)
    : document.spec.targets[0];
  if (target) return target;
  throw ApplicationFailure.create({
    type: 'InvalidSpec',
    message: `relationship ${document.metadata.name} has no target ${wanted}`,
    nonRetryable: true,
  });
}

async function compare(input: VerifyInput, id: TransferId): Promise<VerifyResult> {
  const { document, epoch, request } = input;
  const { source, mover } = document.spec;
  const relationship = document.metadata.name;
  const target = chooseTarget(document, request.target);
  const volume = volumeOf(source);
  const atSource = { volume, claim: { relationship, epoch, role: 'source' as const }, syncId: id.syncId };
  const atTarget = {
    volume: volumeOf(target),
    claim: { relationship, epoch, role: 'target' as const },
    syncId: id.syncId,
  };
  const offer = await orStepFailed(
    onHost(source.host, 'Make a key to compare with').offerVerify({ id, mover }),
    source.host,
    source.directory,
  );
  const { landing, point } = await orStepFailed(
    onHost(target.host, 'Open a landing that only reads').receiveVerify({
      ...atTarget,
      id,
      offer,
      mover,
      ...(request.pointId && { pointId: request.pointId }),
      landingLifetimeMs: 3_600_000,
    }),
    target.host,
    target.directory,
  );
  setCurrentDetails(
    `Comparing recovery point ${point.id} of target ${id.target} with ${source.host}:${source.directory}, by checksum.`,
  );
  // The live volume is compared: what changed there since the point was captured is told apart.
  const capture: Capture = { syncId: id.syncId, method: 'Direct', path: volume.path, live: true };
  const differences: Difference[] = await orStepFailed(
    onHost(source.host, `Compare with ${point.id} by checksum`, { startToCloseTimeout: '30d' }).verify({
      ...atSource,
      id,
      capture,
      landing,
      mover,
      capturedAt: point.capturedAt,
    }),
    source.host,
    source.directory,
  );
  const verifiedAt = new Date().toISOString();
  const equal = differences.every((difference) => difference.changedSince);
  if (equal) {
    await orStepFailed(
      onHost(target.host, 'Note that it was verified').markVerified({
        ...atTarget,
        pointId: point.id,
        at: verifiedAt,
      }),
      target.host,
      target.directory,
    );
    await onControl('Record in the catalog').recordVerified({
      relationship,
      target: id.target,
      pointId: point.id,
      at: verifiedAt,
    });
  }
  return {
    relationship,
    target: id.target,
    pointId: point.id,
    capturedAt: point.capturedAt,
    verifiedAt,
    equal,
    differences: differences.slice(0, TOLD_DIFFERENCES),
    totalDifferences: differences.length,
  };
}

/** Compares contents and all metadata of a recovery point with the source, and names each difference. */
export async function verify(input: VerifyInput): Promise<VerifyResult> {
  const { document, sequence, request } = input;
  const target = chooseTarget(document, request.target);
  const id: TransferId = {
    relationship: document.metadata.name,
    target: targetName(target),
    syncId: makeSyncId(document.metadata.name, sequence),
  };
  try {
    const result = await compare(input, id);
    setCurrentDetails(
      result.equal
        ? `Equal: ${result.pointId} holds what ${document.spec.source.directory} held when it was captured (${result.totalDifferences} entries changed there since).`
        : `**Not equal**: ${result.totalDifferences} differences, for example ${JSON.stringify(result.differences.find((each) => !each.changedSince))}`,
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
    await closeBoth(id, document.spec.source.host, target.host);
  }
}

/** Closes what a transfer outside a sync has opened on either side. Best effort: landings expire. */
export async function closeBoth(id: TransferId, ...hosts: string[]): Promise<void> {
  const { workflowId } = workflowInfo();
  await CancellationScope.nonCancellable(() =>
    Promise.allSettled(
      [...new Set(hosts)].map((host) =>
        onHost(host, `Close what ${workflowId} opened`, {
          scheduleToStartTimeout: '5s',
          retry: { maximumAttempts: 2 },
        }).closeTransfer({ id }),
      ),
    ),
  );
}
