/** Holds drills beside whatever else a relationship does: one at a time, and none of its copies is touched. */
import { CancellationScope, setHandler, startChild } from '@temporalio/workflow';
import { setNotice } from '../model/relationship-state';
import type { RelationshipState } from '../model/relationship-state';
import type { DrillOutcome } from '../model/status';
import { childOptions } from './children';
import type { DrillInput } from './drill';
import type { EndEvent, EventLog } from './event-log';
import { failedEnd } from './event-log';
import { tellDrill } from './event-texts';
import * as messages from '../api/messages';
import { toDrillSchedule, toFailoverRequest } from './requests';
import { onControl, toFailure } from './steps';
import { refuse } from './switch-steps';
import { meantTarget, switchInput } from './switching';

export interface DrillParts {
  state: RelationshipState;
  /** Something has changed that the relationship shows. */
  changed: () => void;
  asSignal: (act: () => unknown) => void;
  log: EventLog;
}

/** Drills as their relationship sees them. */
export interface Drills {
  /** Ends the drill that runs. */
  cancel: () => void;
}

/** Why no drill can be held now. @throws ApplicationFailure `RefusedByState` */
function checkDrill({ state }: DrillParts, target: string): void {
  if (state.retired) throw refuse('RefusedByState', `relationship ${state.name} is being deleted`);
  if (state.drill) {
    throw refuse('RefusedByState', `${state.name}: a drill runs already: ${state.drill.workflowId}`);
  }
  if (!state.targets.some(({ name, capturedAt }) => name === target && capturedAt !== undefined)) {
    const hint = state.takeover
      ? `tidemark reverse ${state.name} first`
      : `tidemark sync ${state.name} --wait first`;
    throw refuse('RefusedByState', `${target} has no recovery point of the present primary yet`, hint);
  }
}

async function startDrill(
  parts: DrillParts,
  input: unknown,
  scope: CancellationScope,
): Promise<messages.OperationStarted> {
  const { state, changed } = parts;
  const request = toFailoverRequest(input);
  const target = meantTarget(state, request.target);
  checkDrill(parts, target);
  state.sequence++;
  const given = switchInput(state);
  const options = childOptions(given.document, {
    kind: 'drill',
    sequence: state.sequence,
    reason: 'request',
  });
  const { workflowId } = options;
  const startedAt = new Date().toISOString();
  state.drill = { workflowId, startedAt };
  const end = parts.log.begin('drill', { workflowId, target });
  const args: [DrillInput] = [{ ...given, request: { ...request, target } }];
  try {
    const child = await scope.run(() =>
      startChild<(input: DrillInput) => Promise<DrillOutcome>>('drill', {
        ...options,
        args,
      }),
    );
    void awaitEnd(
      parts,
      scope.run(() => child.result()),
      { target, workflowId, startedAt },
      end,
    );
  } catch (error) {
    end(failedEnd(error));
    delete state.drill;
    throw error;
  }
  changed();
  return { workflowId };
}

async function awaitEnd(
  { state, changed }: DrillParts,
  result: Promise<DrillOutcome>,
  about: Pick<DrillOutcome, 'target' | 'workflowId' | 'startedAt'>,
  end: EndEvent,
): Promise<void> {
  try {
    state.lastDrill = await result;
  } catch (error) {
    const failure = toFailure(error, '');
    const endedAt = new Date().toISOString();
    state.lastDrill = { ...about, endedAt, pointId: null, result: 'failed', rtoSeconds: null, failure };
  }
  end({ result: state.lastDrill.result, ...tellDrill(state.lastDrill) });
  delete state.drill;
  changed();
}

/** Makes the Temporal Schedule of the drills what the state says; removes it where there is none. */
export async function keepDrillSchedule(state: RelationshipState): Promise<{ nextRun?: string }> {
  const { drillSchedule, document } = state;
  return await onControl('Keep the Schedule of drills in step').keepSchedule({
    what: 'drill',
    relationship: state.name,
    crons: drillSchedule === undefined ? [] : [drillSchedule],
    timezone: document?.spec.trigger.timezone ?? 'UTC',
    jitterMs: 0,
    catchUpMs: 600_000,
    paused: false,
    note: `Drills of ${state.name}. Change it with tidemark drill ${state.name} --schedule`,
  });
}

/** Takes the messages about drills. */
export function handleDrills(parts: DrillParts): Drills {
  const { state, changed, asSignal } = parts;
  let running: CancellationScope | undefined;
  const start = (request: unknown) => {
    const scope = new CancellationScope();
    if (!state.drill) running = scope;
    return startDrill(parts, request, scope);
  };
  setHandler(messages.drillUpdate, (request) => start(request));
  setHandler(messages.drillSignal, (request) =>
    asSignal(() => {
      start(request).catch((error: unknown) => {
        setNotice(state, `Not done: ${error instanceof Error ? error.message : String(error)}`);
        changed();
      });
    }),
  );
  setHandler(
    messages.scheduleDrillUpdate,
    async (request) => {
      const before = state.drillSchedule;
      const cron = toDrillSchedule(request);
      if (cron === undefined) delete state.drillSchedule;
      else state.drillSchedule = cron;
      try {
        const answer = await keepDrillSchedule(state);
        parts.log.note('drillSchedule', {
          text: cron === undefined ? 'no drills by the clock any more' : cron,
        });
        return answer;
      } catch (error) {
        if (before === undefined) delete state.drillSchedule;
        else state.drillSchedule = before;
        throw error;
      }
    },
    { validator: (request) => void toDrillSchedule(request) },
  );
  return { cancel: () => running?.cancel() };
}
