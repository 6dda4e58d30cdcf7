/** Starts the operations of a relationship as child workflows, and takes their results. */
import { makeOperationId } from '../model/names';
import { primaryName } from '../model/orientation';
import { recordReadBack } from '../model/store-failover';
import { activeDocument } from '../model/relationship-state';
import type { RestoreResult, VerifyResult } from '../api/messages';
import { failedEnd } from './event-log';
import { tellRestore, tellVerify } from './event-texts';
import { retire } from './retire';
import { runSync } from './run-sync';
import { type Operations, runChild } from './children';
import { runFence, runSwitch } from './switch-operations';
import type { RestoreWant, VerifyWant, Want } from './wants';

async function runPlain(operations: Operations, want: VerifyWant | RestoreWant): Promise<void> {
  const { state } = operations;
  const { epoch } = state;
  const document = activeDocument(state);
  const primary = state.document && primaryName(state.document, state.primary);
  state.sequence++;
  const input = { document, primaryName: primary, epoch, sequence: state.sequence, request: want.request };
  const workflowId = makeOperationId(state.name, want.kind, state.sequence);
  const end = operations.log.begin(want.kind, { workflowId }, want.actor);
  try {
    const result = await runChild<typeof input, VerifyResult | RestoreResult>(
      operations,
      want.kind,
      'request',
      input,
      () => {
        operations.show();
        want.started.resolve({ workflowId });
      },
    );
    recordReadBack(state, result.target, result.readBack);
    end({ result: 'succeeded', ...('equal' in result ? tellVerify(result) : tellRestore(result)) });
    want.ended.resolve();
  } catch (error) {
    end(failedEnd(error));
    // Whoever asked reads the failure from the operation's own workflow.
    want.started.resolve({ workflowId });
    want.ended.reject(error);
  }
}

/** Runs one operation until the next may begin. Never throws: what became of it is in the state and in its own workflow. */
export async function runOperation(operations: Operations, want: Want): Promise<void> {
  const { state } = operations;
  if (!state.document) return;
  switch (want.kind) {
    case 'sync':
      return runSync(operations, want);
    case 'verify':
    case 'restore':
      return runPlain(operations, want);
    case 'failover':
    case 'relocate':
    case 'reverse':
      return runSwitch(operations, want);
    case 'fence':
      return runFence(operations);
    case 'retire':
      await operations.inTurn(() => retire(state));
      operations.log.note('deleted', {}, want.actor);
      want.started.resolve({ workflowId: '' });
  }
}
