import { CancellationScope, isCancellation, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { targetName, volumePath } from '../model/endpoints';
import { code } from '../model/markdown';
import type { Failure } from '../model/records';
import { renderSagaDetails } from '../model/saga-details';
import type { SagaPhase } from '../model/saga-details';
import type { TargetSpec } from '../model/spec';
import type { DrillOutcome } from '../model/status';
import type { DrillRequest } from '../api/messages';
import { onHost, orStepFailed, StepFailed, toFailure } from './steps';
import { findTarget, refuseTarget, runHooks, sideOf } from './switch-steps';
import type { SwitchInput } from './switch-steps';

export interface DrillInput extends SwitchInput {
  request: DrillRequest & { target: string };
}

/** A host that was lost in the middle is waited for; after that, its next drill removes what is left. */
const CLEAN_UP = { scheduleToStartTimeout: '1h' } as const;

/** Phases by name, without undo: the clean-up is one step, and runs always. */
class Phases {
  private readonly phases: SagaPhase[] = [];

  constructor(private readonly title: string) {}

  async run<T>(phase: string, text: string, act: () => Promise<T>): Promise<T> {
    const shown: SagaPhase = { phase, text, state: 'running' };
    this.phases.push(shown);
    this.show();
    try {
      const result = await act();
      shown.state = 'done';
      return result;
    } catch (error) {
      shown.state = 'failed';
      shown.failure = error instanceof StepFailed ? error.failure : toFailure(error, '');
      throw error;
    } finally {
      this.show();
    }
  }

  private show(): void {
    setCurrentDetails(renderSagaDetails([this.title], this.phases));
  }
}

type Side = ReturnType<typeof sideOf>;

async function rehearse(
  input: DrillInput,
  phases: Phases,
  target: TargetSpec,
  side: Side,
  onClone: (pointId: string) => void,
): Promise<{ how: 'Snapshot' | 'Clone' | 'Copy'; pointId: string; answeredMs: number }> {
  const { hooks } = input.document.spec;
  const { pointId } = input.request;
  const clone = await phases.run('Cloning', `a copy of ${pointId ?? 'the newest recovery point'}`, () =>
    orStepFailed(
      onHost(target.host, `Clone ${pointId ?? 'the newest recovery point'}`, {
        // A clone that is still being made when it is removed would stay.
        cancellationType: 'WAIT_CANCELLATION_COMPLETED',
      }).makeClone({
        ...side.step,
        cloneId: side.step.syncId,
        ...(pointId !== undefined && { pointId }),
      }),
      target.host,
      volumePath(target),
    ),
  );
  onClone(clone.pointId);
  const more = { pointId: clone.pointId, path: clone.path };
  try {
    await phases.run('Starting', `the service starts on ${clone.path}`, () =>
      runHooks(side, hooks.startDrill, more),
    );
    await phases.run('Probing', 'does it answer?', () => runHooks(side, hooks.probeDrill, more));
    return { how: clone.how, pointId: clone.pointId, answeredMs: Date.now() };
  } finally {
    await CancellationScope.nonCancellable(() =>
      phases
        .run('Stopping', 'the service is stopped', () => runHooks(side, hooks.stopDrill, more))
        // What it left running is its own hooks' business; the clone goes all the same.
        .catch(() => undefined),
    );
  }
}

/**
 * Rehearses a failover on a clone of a recovery point, while replication goes on; measures how long it
 * takes until the service answers. Ends well even where the rehearsal failed: that is its result.
 */
export async function drill(input: DrillInput): Promise<DrillOutcome> {
  const { document, epoch, request } = input;
  const { name } = document.metadata;
  const target = findTarget(document, request.target);
  if (!target) throw refuseTarget(document, request.target);
  const side = sideOf(input, target, epoch, 'target');
  const startedAt = new Date().toISOString();
  const phases = new Phases(`### Drill of ${code(name)} at ${code(targetName(target))}`);
  const common = { target: request.target, startedAt, workflowId: workflowInfo().workflowId };
  let used = request.pointId ?? null;
  let outcome: Omit<DrillOutcome, 'endedAt'>;
  try {
    const { how, pointId, answeredMs } = await rehearse(
      input,
      phases,
      target,
      side,
      (cloned) => (used = cloned),
    );
    // Without a hook nobody has seen a service answer: a clone is no recovery.
    const { startDrill, probeDrill } = document.spec.hooks;
    const isMeasured = startDrill.length + probeDrill.length > 0;
    const rtoSeconds = isMeasured ? (answeredMs - Date.parse(startedAt)) / 1000 : null;
    outcome = { ...common, pointId, how, result: 'succeeded', rtoSeconds };
  } catch (error) {
    const failure: Failure =
      error instanceof StepFailed ? error.failure : toFailure(error, target.host, volumePath(target));
    const result = isCancellation(error) || failure.type === 'Cancelled' ? 'cancelled' : 'failed';
    outcome = { ...common, pointId: used, result, rtoSeconds: null, failure };
  }
  const endedAt = new Date().toISOString();
  await CancellationScope.nonCancellable(() =>
    phases
      .run('CleaningUp', 'the clone is removed', () =>
        onHost(target.host, 'Remove the clone', CLEAN_UP).removeClones(side.step),
      )
      .catch(() => undefined),
  );
  return { ...outcome, endedAt };
}
