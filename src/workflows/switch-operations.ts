/** Runs changes of the primary as child workflows, and takes what became of them into the state. */
import { sleep } from '@temporalio/workflow';
import { nextToReverse, replicatedTo, takeoversOf, toTakeover } from '../model/takeovers';
import { activeDocument, isStopped, recordTakeover, setNotice } from '../model/relationship-state';
import { targetName } from '../model/endpoints';
import { describeFailure } from '../model/failure';
import type { RelationshipState } from '../model/relationship-state';
import type { Takeover } from '../model/status';
import { makeOperationId } from '../model/names';
import { recordBack } from '../model/operation-news';
import { orient, primaryAfter } from '../model/orientation';
import type { BringBackInput, BroughtBack } from './bring-back';
import type { FailoverInput } from './failover';
import type { FailoverResult, RelocateResult } from '../api/messages';
import { runChild } from './children';
import type { Operations } from './children';
import { failedEnd } from './event-log';
import { type Came, tellReverse, tellTakeover } from './event-texts';
import type { RelocateInput } from './relocate';
import { onControl, StepFailed, toFailure } from './steps';
import { fence, findTarget, IMPATIENT, toFenced } from './switch-steps';
import { switchInput } from './switching';
import type { SwitchWant } from './wants';

/** Answers which target it has brought into step itself, and what came of it. */
async function runByKind(operations: Operations, want: SwitchWant): Promise<{ back?: string; came: Came }> {
  const { state } = operations;
  const input = switchInput(state);
  const onStarted = (workflowId: string) => {
    operations.show();
    want.started.resolve({ workflowId });
  };
  const retryDelayMs = () => 60_000;
  switch (want.kind) {
    case 'failover': {
      const child: FailoverInput = { ...input, request: want.request };
      const { takeover, epoch } = await runChild<FailoverInput, FailoverResult>(
        operations,
        'failover',
        'request',
        child,
        onStarted,
      );
      recordTakeover(state, takeover, epoch);
      return { came: tellTakeover({ takeover, epoch }) };
    }
    case 'relocate': {
      const { document } = state;
      const turned = document && orient(document, primaryAfter(document, want.request.target));
      const child: RelocateInput = { ...input, turned: turned ?? input.document, request: want.request };
      const result = await runChild<RelocateInput, RelocateResult>(
        operations,
        'relocate',
        'request',
        child,
        onStarted,
      );
      recordTakeover(state, result.takeover, result.epoch);
      recordBack(state, result.record, result.takeover.from, retryDelayMs);
      return { back: result.takeover.from, came: tellTakeover(result) };
    }
    case 'reverse': {
      const takeover = nextToReverse(state.takeover);
      if (!takeover) return { came: { text: 'nothing was left to reverse' } };
      const child: BringBackInput = {
        ...input,
        from: takeover.from,
        pointId: takeover.pointId,
        acceptDiverged: want.request.acceptDiverged ?? false,
      };
      const result = await runChild<BringBackInput, BroughtBack>(
        operations,
        'reverse',
        'request',
        child,
        onStarted,
      );
      recordBack(state, result.record, takeover.from, retryDelayMs);
      return { back: takeover.from, came: tellReverse(takeover.from, result) };
    }
  }
}

/** Tells the Schedule and the catalog which way it goes now; for as long as it takes, since nobody else would. */
async function settle({ state, keepSchedule }: Operations): Promise<void> {
  const document = activeDocument(state);
  if (!document) return;
  for (;;) {
    try {
      await keepSchedule(!isStopped(state));
      await onControl('Record in the catalog').recordRelationship(document);
      return;
    } catch (error) {
      setNotice(
        state,
        `the Schedule or the catalog is not in step: ${describeFailure(toFailure(error, ''))}`,
      );
      await sleep('1m');
    }
  }
}

/** Runs one change of the primary to its end. Never throws. */
export async function runSwitch(operations: Operations, want: SwitchWant): Promise<void> {
  const { state } = operations;
  state.sequence++;
  const { takeoverEpoch } = state;
  const workflowId = makeOperationId(state.name, want.kind, state.sequence);
  const end = operations.log.begin(want.kind, { workflowId }, want.actor);
  let back: string | undefined;
  try {
    const ran = await runByKind(operations, want);
    back = ran.back;
    end({ result: 'succeeded', ...ran.came });
    delete state.notice;
    want.ended.resolve();
  } catch (error) {
    const failure = toFailure(error, '');
    end(failedEnd(error));
    setNotice(state, `${want.kind} ended: ${describeFailure(failure)}`);
    want.started.resolve({ workflowId });
    want.ended.reject(error);
  }
  // From whom the others are copied has changed: they are told so at once, not at their next tick.
  if (state.takeoverEpoch !== takeoverEpoch) syncOthers(operations, back);
  await settle(operations);
}

/** Syncs the targets that the change of the primary itself has not brought into step. */
function syncOthers({ state, wants }: Operations, back: string | undefined): void {
  const { spec } = activeDocument(state) ?? {};
  const others = replicatedTo(spec?.targets ?? [], state.takeover)
    .map(targetName)
    .filter((name) => name !== back);
  if (others.length > 0) wants.sync('switched', others);
}

/** Tells an old primary, whose host is back, that it is no longer primary. Never throws. */
export async function runFence({ state }: Operations): Promise<void> {
  const before = state.takeover;
  const fenced: Takeover[] = [];
  for (const takeover of takeoversOf(before))
    fenced.push(takeover.fenced ? takeover : await fenceAgain(state, takeover));
  const takeover = toTakeover(fenced);
  // The spec may have changed meanwhile.
  if (takeover && state.takeover === before) state.takeover = takeover;
}

async function fenceAgain(state: RelationshipState, takeover: Takeover): Promise<Takeover> {
  const input = switchInput(state);
  const old = findTarget(input.document, takeover.from);
  if (!old) return takeover;
  const { fencing: _before, ...rest } = takeover;
  try {
    const answer = await fence(input, old, takeover.from, state.epoch, IMPATIENT);
    setNotice(state, `${old.host} is back, and has been told that it is no longer primary`);
    return { ...rest, ...toFenced(answer) };
  } catch (error) {
    const failure = error instanceof StepFailed ? error.failure : toFailure(error, old.host);
    return { ...rest, fencing: describeFailure(failure) };
  }
}
