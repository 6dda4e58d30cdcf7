import { formatEntries } from '../model/units';
import { ApplicationFailure, setCurrentDetails } from '@temporalio/workflow';
import { encodeFailure } from '../model/failure-wire';
import { targetName, volumeIn, volumeOf, volumePath } from '../model/endpoints';
import { isOwnStore } from '../model/kinds';
import { describeLeftOut, mergeLeftOut } from '../model/left-out';
import { makeSyncId } from '../model/names';
import type { Relationship } from '../model/spec';
import type { TransferId } from '../movers/contract';
import { compare, noteVerified } from './compare';
import type { VerifyRequest, VerifyResult } from '../api/messages';
import { StepFailed } from './steps';
import { findTarget, refuseTarget } from './switch-steps';

export interface VerifyInput {
  document: Relationship;
  epoch: number;
  sequence: number;
  request: VerifyRequest;
}

function chooseTarget(document: Relationship, wanted: string | undefined) {
  const target = wanted ? findTarget(document, wanted) : document.spec.targets[0];
  if (target) return target;
  throw refuseTarget(document, wanted ?? '');
}

async function compareWithPoint(input: VerifyInput, id: TransferId): Promise<VerifyResult> {
  const { document, epoch, request } = input;
  const { source, mover } = document.spec;
  const relationship = document.metadata.name;
  const target = chooseTarget(document, request.target);
  const { syncId } = id;
  const startedAt = Date.now();
  const atTarget = {
    volume: volumeIn(document, target),
    claim: { relationship, epoch, role: 'target' as const },
    syncId,
  };
  const { comparison, point } = await compare({
    id,
    volume: {
      host: source.host,
      step: { volume: volumeIn(document, source), claim: { relationship, epoch, role: 'source' }, syncId },
    },
    holder: { host: target.host, step: atTarget },
    ...(request.pointId && { pointId: request.pointId }),
    mover,
    quick: false,
    onPoint: (found) =>
      setCurrentDetails(
        `Comparing recovery point ${found.id} of target ${id.target} with ${source.host}:${volumePath(source)}, by checksum.`,
      ),
  });
  const verifiedAt = new Date().toISOString();
  const seconds = (Date.now() - startedAt) / 1000;
  const { host } = target;
  const equal = comparison.unexplained === 0;
  const holder = { host: target.host, step: atTarget };
  await noteVerified(holder, id.target, point.id, equal ? verifiedAt : null);
  return {
    relationship,
    target: id.target,
    pointId: point.id,
    capturedAt: point.capturedAt,
    verifiedAt,
    equal,
    // What rsync wrote it compares where that lies.
    ...(isOwnStore(volumeOf(target).kind) && {
      readBack: { how: 'verify', bytes: point.bytes, seconds, host, at: verifiedAt },
    }),
    differences: comparison.differences,
    totalDifferences: comparison.total,
    // Movers that don't compare files say nothing of what was not frozen: the point does.
    leftOut: mergeLeftOut(comparison.leftOut ?? point.leftOut),
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
    const result = await compareWithPoint(input, id);
    const except = result.leftOut.length > 0 ? `, but for ${describeLeftOut(result.leftOut)}` : '';
    setCurrentDetails(
      result.equal
        ? `Equal: ${result.pointId} holds what ${volumePath(document.spec.source)} held when it was captured${except} (${formatEntries(result.totalDifferences)} changed there since).`
        : `**Not equal**: ${result.totalDifferences} differences, for example ${JSON.stringify(result.differences.find((each) => !each.changedSince))}`,
    );
    return result;
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    throw ApplicationFailure.create(encodeFailure(error.failure));
  }
}
