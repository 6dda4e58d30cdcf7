/** A target becomes the primary: what failovers and relocations have in common. */
import { workflowInfo } from '@temporalio/workflow';
import { targetName, volumePath } from '../model/endpoints';
import type { TargetSpec } from '../model/spec';
import type { Takeover } from '../model/status';
import type { Saga } from './saga';
import { onHost, orStepFailed } from './steps';
import { fence, IMPATIENT, namesOf, runHooks, sideOf } from './switch-steps';
import type { SwitchInput } from './switch-steps';

/** Puts a target back to its recovery point, and takes it: its old epoch can't write there any more. */
export async function rollback(
  saga: Saga,
  input: SwitchInput,
  target: TargetSpec,
  epoch: number,
  pointId: string | null,
): Promise<void> {
  const { host } = target;
  const volume = volumePath(target);
  const { step } = sideOf(input, target, epoch, 'target');
  const name = targetName(target);
  await saga.step({
    phase: 'RollingBack',
    text: pointId === null ? `${name} stays as it is: no recovery point` : `${name} goes back to ${pointId}`,
    host,
    volume,
    act: () =>
      orStepFailed(
        onHost(host, `Roll ${volume} back to ${pointId ?? 'nothing'}`).rollback({
          ...step,
          targets: namesOf(input),
          ...(pointId !== null && { pointId }),
        }),
        host,
        volume,
      ),
  });
}

/** Makes a target the primary. Once that has succeeded there is no way back but another failover. */
async function promote(saga: Saga, input: SwitchInput, target: TargetSpec, epoch: number): Promise<void> {
  const { host } = target;
  const volume = volumePath(target);
  await saga.step({
    phase: 'Promoting',
    text: `${host}:${volume} becomes the primary of epoch ${epoch}`,
    host,
    volume,
    act: () =>
      orStepFailed(
        onHost(host, `Promote ${volume}: epoch ${epoch}`).promote(
          sideOf(input, target, epoch, 'source').step,
        ),
        host,
        volume,
      ),
    // Its answer may be lost, and it the primary all the same.
    undo: async () => {
      await saga.tell({ epoch: epoch + 1 });
      await fence(input, target, targetName(target), epoch + 1, IMPATIENT);
    },
  });
}

/** What a takeover is from: the recovery point, and what became of the old primary. */
export type TakeoverFrom = Pick<Takeover, 'pointId' | 'capturedAt' | 'fenced' | 'fencing'>;

/** Promotes a target that was rolled back, and starts the service there. To be called within `Saga.finish`. */
export async function takeOver(
  saga: Saga,
  input: SwitchInput,
  target: TargetSpec,
  epoch: number,
  from: TakeoverFrom,
): Promise<Takeover> {
  await promote(saga, input, target, epoch);
  const takeover: Takeover = {
    target: targetName(target),
    from: input.primaryName,
    at: new Date().toISOString(),
    workflowId: workflowInfo().workflowId,
    ...from,
  };
  await saga.tell({ epoch, takeover });
  const { afterPromote } = input.document.spec.hooks;
  const { pointId } = from;
  await saga.step({
    phase: 'RunningHooks',
    text: afterPromote.length > 0 ? 'starting the service' : 'no hooks are configured',
    host: target.host,
    volume: volumePath(target),
    act: () =>
      runHooks(sideOf(input, target, epoch, 'source'), afterPromote, {
        ...(pointId !== null && { pointId }),
      }),
  });
  return takeover;
}
