import { NO_SPEC } from '../model/vanished';
import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { type Actor, SOMEBODY } from '../model/actor';
import { encodeFailure } from '../model/failure-wire';
import { approvedBy } from '../model/approvals';
import { takeNews } from '../model/operation-news';
import type { TargetOutcome } from '../model/records';
import {
  objectionToAwaited,
  objectionToCompare,
  objectionToNone,
  objectionToTargets,
} from '../model/choose-targets';
import { isFilledByOthers } from '../model/endpoints';
import { recordTargetFailure } from '../model/record-sync';
import {
  activeDocument,
  initialState,
  reasonAgainst,
  setNotice,
  toStatus,
  waitingForApproval,
} from '../model/relationship-state';
import type { RelationshipState } from '../model/relationship-state';
import { takeoversOf } from '../model/takeovers';
import { admitSync, turnOfWant } from './admit';
import { Applier, examineFor } from './apply';
import { Display } from './display';
import { HostWatch } from './host-watch';
import * as messages from '../api/messages';
import { currentActor } from './actor';
import { EventLog } from './event-log';
import { handleDrills } from './hold-drills';
import { runOperation } from './operations';
import { cancelAll, type Operations } from './children';
import { MakeWay } from './make-way';
import { toApprover, toRestoreRequest, toSyncRequest, toVerifyRequest } from './requests';
import { takeUp } from './recall';
import { handleSwitching } from './switching';
import { type Want, WantQueue } from './wants';

export interface RelationshipInput {
  name: string;
  /** What the run before this one handed over. */
  carried?: RelationshipState;
}

/** An old primary that answers, and can't be fenced, is asked again after so long, then twice as long. */
const FENCE_AGAIN_MS = 10_000;

/** Temporal ends a workflow at 51,200. */
const FULL_HISTORY_EVENTS = 20_000;

/** Who approves by this name, where the message itself does not tell. */
function approverCalled(by: string): Actor {
  const actor = currentActor() ?? SOMEBODY;
  return { ...actor, name: actor.name ?? by };
}

function refused(message: string): ApplicationFailure {
  return ApplicationFailure.create(encodeFailure({ type: messages.REFUSED_BY_STATE, message }));
}

/**
 * The durable state of one relationship, and the only one that starts operations on it: never two at
 * once, by construction. It moves no data itself. Continues as new between operations. Cancelling it ends
 * what runs, and the relationship goes on: only `retire` ends that.
 */
export async function relationship(input: RelationshipInput): Promise<void> {
  const { cancelRequested } = CancellationScope.current();
  await CancellationScope.nonCancellable(() => live(input, cancelRequested));
}

/** @param cancelRequested rejects where somebody cancels the workflow */
async function live(input: RelationshipInput, cancelRequested: Promise<never>): Promise<void> {
  const state = input.carried ?? initialState(input.name);
  const cancels: Operations['cancels'] = new Map();
  const way = new MakeWay(state, cancels);
  const wants = new WantQueue((want) => turnOfWant(state, want));
  const before = input.carried ? Promise.resolve(false) : takeUp(state);
  const display = new Display(state);
  const show = () => display.show();
  const log = new EventLog(state, show);
  const applier = new Applier(state, wants, before, log);
  const first: { apply: 'waiting' | 'accepted' | 'refused' } = {
    apply: state.document ? 'accepted' : 'waiting',
  };
  let dirty = true;

  const publishState = () => display.publish();
  const hosts = new HostWatch(() => {
    state.absentHosts = [];
    if (state.retryAt) state.retryAt = new Date().toISOString();
    dirty = true;
  });

  /** An old primary that could not be told that it is no longer primary is told as soon as its agent is back. */
  const oldPrimary = new HostWatch(() => void wants.fence(), FENCE_AGAIN_MS);
  const watchOldPrimary = () => {
    const unfenced = takeoversOf(state.takeover).filter(({ fenced }) => !fenced);
    const hostsOfThem = unfenced.flatMap(
      ({ from }) => state.targets.find(({ name }) => name === from)?.host ?? [],
    );
    oldPrimary.watch([...new Set(hostsOfThem)]);
  };

  /** So many events are enough: once the targets that fetch are through, it continues as new. */
  const isFull = () => state.fetches !== undefined && workflowInfo().historyLength > FULL_HISTORY_EVENTS;

  const checkState = (_message?: unknown) => {
    const reason = reasonAgainst(state);
    if (reason) throw refused(reason);
  };

  async function setPaused(paused: boolean) {
    if (state.retired) checkState();
    const { operation } = state;
    if (!paused && operation?.waiting?.for === 'resume') {
      await getExternalWorkflowHandle(operation.workflowId).signal(messages.resumeSignal);
      log.note('resumed', { text: `${operation.workflowId} goes on`, workflowId: operation.workflowId });
      return;
    }
    const wasPaused = state.paused;
    state.paused = paused;
    if (paused !== wasPaused) log.note(paused ? 'paused' : 'resumed');
    if (paused) way.make();
    await applier.keepSchedule(!paused);
    if (!paused && state.retryAt) state.retryAt = new Date().toISOString();
    // What was brought meanwhile was told of once, and refused.
    const source = activeDocument(state)?.spec.source;
    if (wasPaused && !paused && source && isFilledByOthers(source)) void wants.sync('request');
    dirty = true;
  }

  function approve(by: string): messages.ApproveAnswer {
    const reason = waitingForApproval(state);
    if (reason === undefined) throw refused(`nothing waits for an approval in relationship ${state.name}`);
    if (state.approved) throw refused(`relationship ${state.name} is approved already: its sync comes next`);
    log.note('approved', { text: reason }, approverCalled(by));
    const { operation } = state;
    if (operation?.waiting) {
      const { approvals } = operation.waiting;
      if (approvals) operation.waiting.approvals = approvedBy(approvals, by);
      getExternalWorkflowHandle(operation.workflowId)
        .signal(messages.approveSignal, { by })
        // It has ended meanwhile: then nothing waits for an approval.
        .catch(() => undefined);
      return approvals ? { reason: approvals.what, approvals: approvedBy(approvals, by) } : { reason };
    }
    setNotice(state, `Approved by ${by}: ${reason}`);
    state.approved = true;
    delete state.approval;
    void wants.sync('approved');
    return { reason };
  }

  const specTargets = () => activeDocument(state)?.spec.targets ?? [];
  /** What is checked where it is carried out. */
  const unchecked = () => undefined;
  /** A signal has nobody to tell: what it is refused for goes to the current details. */
  const refuse = (error: unknown) => {
    setNotice(state, `Not done: ${error instanceof Error ? error.message : String(error)}`);
    show();
  };
  const asSignal = (act: () => unknown, check: () => void = checkState) => {
    try {
      check();
      delete state.notice;
      act();
      show();
    } catch (error) {
      refuse(error);
    }
  };

  const changed = () => {
    dirty = true;
    publishState();
  };
  const operations: Operations = {
    state,
    log,
    wants,
    show: () => publishState(),
    keepSchedule: (resume) => applier.keepSchedule(resume),
    inTurn: (step) => applier.inTurn(step),
    changed,
    cancels,
  };

  /** Whoever waits for a push makes way for it. */
  const beforeAll = ({ started }: Pick<Want, 'started'>) => {
    way.make();
    return started;
  };

  // Whatever came with the first task runs as soon as its handler is set: what handlers use stands before them all.
  setHandler(messages.statusQuery, () => {
    const status = toStatus(state);
    if (!status) throw refused(`relationship ${state.name} ${NO_SPEC}`);
    return status;
  });
  setHandler(messages.toldQuery, () => display.told);
  setHandler(messages.historyQuery, () => state.history);
  setHandler(messages.carriedQuery, () => state);
  setHandler(messages.applyUpdate, async (document) => {
    try {
      const answer = await applier.apply(document);
      first.apply = 'accepted';
      if (answer.outcome === 'changed') way.make();
      return answer;
    } catch (error) {
      if (first.apply === 'waiting') first.apply = 'refused';
      throw error;
    } finally {
      dirty = true;
    }
  });
  setHandler(messages.examineUpdate, (document) => examineFor(state, document));
  setHandler(messages.syncUpdate, (request) => admitSync(operations, toSyncRequest(request), isFull()), {
    validator: (request) => {
      // A tick is never refused: it is skipped, and counted.
      const { scheduled, targets } = toSyncRequest(request);
      if (!scheduled || !state.document || state.retired) checkState();
      const objection = scheduled
        ? undefined
        : (objectionToNone(state) ??
          objectionToTargets(specTargets(), targets) ??
          objectionToAwaited(state, targets));
      if (objection !== undefined) throw refused(`${state.name}: ${objection}`);
    },
  });
  setHandler(messages.pauseUpdate, () => setPaused(true));
  setHandler(messages.resumeUpdate, () => setPaused(false));
  setHandler(messages.verifyUpdate, async (request) => await wants.verify(toVerifyRequest(request)).started, {
    validator: (request) => {
      const { target } = toVerifyRequest(request);
      checkState();
      const objection =
        objectionToCompare(state) ?? objectionToAwaited(state, target === undefined ? [] : [target]);
      if (objection !== undefined) throw refused(objection);
    },
  });
  setHandler(
    messages.restoreUpdate,
    async (request) => await beforeAll(wants.restore(toRestoreRequest(request))),
    {
      validator: (request) => {
        toRestoreRequest(request);
        // A paused relationship may be restored from: that is when one wants to.
        if (!state.document || state.retired) checkState();
      },
    },
  );
  setHandler(messages.approveUpdate, (request) => approve(toApprover(request)), {
    validator: (request) => void toApprover(request),
  });
  setHandler(messages.retireUpdate, async () => void (await beforeAll(wants.retire())));
  setHandler(messages.syncSignal, (request) =>
    asSignal(() => void wants.sync('request', toSyncRequest(request).targets)),
  );
  setHandler(messages.pauseSignal, () => setPaused(true).catch(refuse));
  setHandler(messages.resumeSignal, () => setPaused(false).catch(refuse));
  setHandler(messages.verifySignal, (request) => asSignal(() => void wants.verify(toVerifyRequest(request))));
  setHandler(messages.targetFailedSignal, (outcome: TargetOutcome | undefined) => {
    if (!outcome?.failure) return;
    recordTargetFailure(state, outcome);
    publishState();
  });
  setHandler(messages.approveSignal, (request) =>
    asSignal(() => void approve(toApprover(request)), unchecked),
  );
  setHandler(messages.retireSignal, () => void beforeAll(wants.retire()));
  setHandler(messages.reselectSignal, async () => {
    await applier.reselect();
    dirty = true;
  });
  const drills = handleDrills({ state, changed, log, asSignal: (act) => asSignal(act, unchecked) });
  handleSwitching({
    state,
    wants,
    cancel: () => cancelAll(operations),
    cancelDrill: () => drills.cancel(),
    asSignal: (act) => asSignal(act, unchecked),
    log,
    onNews: (news) => {
      takeNews(state, news);
      publishState();
    },
  });
  const isQuiet = () => !state.drill && !state.fetches && applier.isIdle;
  let isCancelled = false;
  cancelRequested.catch(() => {
    isCancelled = true;
    const what = (state.operation ?? state.fetches?.[0])?.kind ?? (state.drill && 'drill');
    log.note('cancelled', { text: 'the workflow was cancelled in Temporal' }, SOMEBODY);
    const ended = what === undefined ? 'nothing ran' : `the ${what} that ran was told to end`;
    setNotice(
      state,
      `Somebody cancelled this workflow: ${ended}, and the relationship goes on; tidemark pause ${state.name} stops it, tidemark delete ${state.name} ends it`,
    );
    cancelAll(operations);
    drills.cancel();
    changed();
  });

  show();
  // Brought back, it goes on as it was, whatever becomes of the spec that comes with it.
  if (await before) first.apply = 'accepted';
  await condition(() => first.apply !== 'waiting' || (isCancelled && allHandlersFinished()));
  if (first.apply === 'waiting') throw new CancelledFailure('cancelled before it had a spec');
  if (first.apply === 'refused') {
    await condition(allHandlersFinished);
    return;
  }

  while (!state.retired) {
    if (dirty) {
      dirty = false;
      hosts.watch(state.paused ? [] : state.absentHosts);
      watchOldPrimary();
      publishState();
    }
    const retryInMs =
      state.retryAt && !state.paused ? Math.max(0, Date.parse(state.retryAt) - Date.now()) : undefined;
    // Skipped ticks alone fill a history too. A run that was cancelled can't be cancelled once more: the next one can.
    // What a pause holds is in this run alone.
    const mayContinue = () =>
      (workflowInfo().continueAsNewSuggested || isCancelled) && isQuiet() && wants.isEmpty();
    const ready = () => dirty || (wants.hasNext(state.paused) && !isFull()) || mayContinue();
    if (retryInMs === undefined) await condition(ready);
    else if (retryInMs > 0)
      await condition(ready, retryInMs, { summary: 'Sync again, after one that failed' });
    if (!state.paused && state.retryAt && Date.parse(state.retryAt) <= Date.now() && wants.isEmpty()) {
      void wants.sync('retry', state.retryTargets);
    }
    const want = isFull() ? undefined : wants.take(state.paused);
    if (want) {
      await runOperation(operations, want);
      way.settle(wants, want.kind === 'sync' ? want.reason : 'request');
      dirty = true;
    } else if (mayContinue()) {
      await condition(() => allHandlersFinished() || !wants.isEmpty());
      if (!wants.isEmpty()) continue;
      hosts.stop();
      oldPrimary.stop();
      display.stop();
      await continueAsNew<typeof relationship>({ name: state.name, carried: state });
    }
  }
  hosts.stop();
  oldPrimary.stop();
  // Who asked while it was being deleted must not wait for ever.
  wants.refuseAll(refused(reasonAgainst(state) ?? ''));
  publishState();
  display.stop();
  await condition(allHandlersFinished);
}
