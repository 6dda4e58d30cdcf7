import { formatEntries } from '../model/units';
import { targetName, volumePath } from '../model/endpoints';
import { code } from '../model/markdown';
import type { Point } from '../model/records';
import type { Relationship, TargetSpec } from '../model/spec';
import { bringBack } from './bring-back';
import { compare, noteVerified } from './compare';
import type { RelocateRequest, RelocateResult } from '../api/messages';
import { stepAt } from './leg';
import { Saga } from './saga';
import { StepFailed } from './steps';
import {
  APPROVERS,
  fence,
  findTarget,
  refuse,
  refuseTarget,
  reinstate,
  runHooks,
  runSync,
  sideOf,
  toFenced,
} from './switch-steps';
import type { SwitchInput } from './switch-steps';
import { rollback, takeOver } from './take-over';

export interface RelocateInput extends SwitchInput {
  /** As it will hold once the target is the primary. */
  turned: Relationship;
  request: RelocateRequest & { target: string };
}

/** The last sync from the old primary, with nobody writing there any more. */
async function lastSync(saga: Saga, input: RelocateInput, target: TargetSpec): Promise<Point> {
  const name = targetName(target);
  const sequence = input.sequence + 1;
  const record = await saga.step({
    phase: 'Syncing',
    text: `everything that was written goes to ${name}`,
    host: target.host,
    volume: volumePath(target),
    act: () =>
      runSync(saga, input.document, {
        epoch: input.epoch,
        sequence,
        reason: 'relocation',
        targets: [name],
        approved: false,
      }),
  });
  const point = record.targets.find((outcome) => outcome.name === name)?.point;
  if (!point) throw refuse('TransferInterrupted', `the sync to ${name} has published no recovery point`);
  return point;
}

/** Compares contents and all metadata by checksum. @throws StepFailed `VerificationFailed` */
async function verifyPoint(
  saga: Saga,
  input: RelocateInput,
  target: TargetSpec,
  pointId: string,
): Promise<void> {
  const { document, epoch } = input;
  const { source, mover } = document.spec;
  const holder = sideOf(input, target, epoch, 'target');
  await saga.step({
    phase: 'Verifying',
    text: `${pointId} is compared with ${source.host}:${volumePath(source)} by checksum`,
    host: target.host,
    volume: volumePath(target),
    act: async () => {
      const { comparison } = await compare({
        id: { relationship: document.metadata.name, target: 'relocate', syncId: holder.step.syncId },
        volume: sideOf(input, source, epoch, 'source'),
        holder,
        pointId,
        mover,
        quick: false,
      });
      const [first] = comparison.differences;
      if (!first) {
        await noteVerified(holder, targetName(target), pointId, new Date().toISOString());
        return;
      }
      if (!first.changedSince) await noteVerified(holder, targetName(target), pointId, null);
      const { host } = source;
      throw new StepFailed({
        type: 'VerificationFailed',
        message: `source and target differ in ${formatEntries(comparison.total)}, for example ${first.path} (${first.what.join(', ')})`,
        host,
        volume: volumePath(source),
        hint: first.changedSince
          ? `something still writes there: stop it, by a quiesce hook or by hand, and relocate again`
          : `tidemark verify ${document.metadata.name} names all of them`,
      });
    },
  });
}

async function switchOver(saga: Saga, input: RelocateInput, target: TargetSpec): Promise<RelocateResult> {
  const { document, turned, primaryName, request } = input;
  const { source, hooks } = document.spec;
  const epoch = input.epoch + 1;
  const old = sideOf(input, source, input.epoch, 'source');
  const { workloads = [] } = old.step.volume.options ?? {};
  await saga.step({
    phase: 'Quiescing',
    text:
      hooks.quiesce.length > 0 || workloads.length > 0
        ? 'stopping what writes to the source'
        : 'no hooks are configured',
    host: source.host,
    volume: volumePath(source),
    act: async () => {
      await runHooks(old, hooks.quiesce);
      const summary = `Scale down ${workloads.join(', ')}`;
      if (workloads.length > 0) await stepAt(old, summary, (host) => host.quiesce(old.step));
    },
    undo: async () => {
      const summary = `Scale up ${workloads.join(', ')}`;
      if (workloads.length > 0) await stepAt(old, summary, (host) => host.unquiesce(old.step));
      await runHooks(old, hooks.unquiesce);
    },
  });
  const point = await lastSync(saga, input, target);
  await verifyPoint(saga, input, target, point.id);
  await saga.tell({ epoch });
  const demoted = await saga.step({
    phase: 'Demoting',
    text: `${source.host}:${volumePath(source)} is no longer the primary: epoch ${epoch}`,
    host: source.host,
    volume: volumePath(source),
    act: () => fence(input, source, primaryName, epoch),
    undo: () => reinstate(saga, input, epoch + 1),
  });
  if (!demoted.readOnly)
    saga.say(`its users can still write to it: ${demoted.whyNot ?? 'no reason was given'}`);
  await rollback(saga, input, target, epoch, point.id);
  return await saga.finish(async () => {
    const takeover = await takeOver(saga, input, target, epoch, {
      pointId: point.id,
      capturedAt: point.capturedAt,
      ...toFenced(demoted),
    });
    const former = findTarget(turned, primaryName);
    if (!former)
      throw refuse('RefusedByState', `relationship ${document.metadata.name} has lost its old primary`);
    const back = await bringBack(
      saga,
      {
        document: turned,
        primaryName: request.target,
        epoch,
        sequence: input.sequence + 1,
        from: primaryName,
        pointId: point.id,
        acceptDiverged: true,
      },
      former,
    );
    return { relationship: document.metadata.name, epoch, takeover, ...back };
  });
}

/** Moves the primary to a target, both sides being alive: loses nothing, or changes nothing. */
export async function relocate(input: RelocateInput): Promise<RelocateResult> {
  const { document, request } = input;
  const { name } = document.metadata;
  const saga = new Saga(
    () => [
      `### Relocation of ${code(name)} from ${code(document.spec.source.host)} to ${code(request.target)}`,
    ],
    false,
  );
  return await saga.run(async () => {
    const target = findTarget(document, request.target);
    if (!target) throw refuseTarget(document, request.target);
    await saga.approvals(APPROVERS[document.spec.approval], `relocation of ${name} to ${request.target}`);
    return await switchOver(saga, input, target);
  });
}
