/** What people may ask of a relationship about which side is the primary: checked, and put in line. */
import { NO_SPEC } from '../model/vanished';
import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import { encodeFailure } from '../model/failure-wire';
import { isSwitch } from '../model/document-change';
import { chooseStore, chooseTakeoverTarget } from '../model/choose-targets';
import { activeDocument } from '../model/relationship-state';
import type { OperationNews } from '../model/operation-news';
import { claimDoorOf, isAtSource, isFilledByOthers, targetName } from '../model/endpoints';
import { primaryName } from '../model/orientation';
import type { Price } from '../model/price';
import type { RelationshipState } from '../model/relationship-state';
import type { TargetSpec } from '../model/spec';
import { tellDetour } from '../model/store-failover';
import { awaitedNames, awaitedText, nextToReverse, replicatedTo } from '../model/takeovers';
import type { EventLog } from './event-log';
import * as messages from '../api/messages';
import { toFailoverRequest, toReverseRequest } from './requests';
import { onHost, StepFailed, toFailure } from './steps';
import { findTarget, IMPATIENT, refuse, refuseTarget, weigh } from './switch-steps';
import type { SwitchInput } from './switch-steps';
import type { WantQueue } from './wants';

export interface SwitchingParts {
  state: RelationshipState;
  wants: WantQueue;
  /** Cancels all that runs, but a drill. */
  cancel: () => void;
  cancelDrill: () => void;
  /** Runs what a signal asks for, and shows what it was refused for. */
  asSignal: (act: () => unknown) => void;
  onNews: (news: OperationNews) => void;
  log: EventLog;
}

/** What operations on the primary are given. @throws ApplicationFailure `RefusedByState` before the first spec */
export function switchInput(state: RelationshipState): SwitchInput {
  const document = activeDocument(state);
  if (!state.document || !document) throw refuse('RefusedByState', `relationship ${state.name} ${NO_SPEC}`);
  return {
    document,
    primaryName: primaryName(state.document, state.primary),
    epoch: state.epoch,
    sequence: state.sequence,
  };
}

/** A target that is no volume which a service could use. */
function refuseStore(state: RelationshipState, target: TargetSpec): ApplicationFailure {
  const { source } = switchInput(state).document.spec;
  const status = state.targets.find(({ name }) => name === targetName(target));
  const { message, hint } = tellDetour(state.name, { source, target }, status);
  return refuse('RefusedByState', message, hint);
}

/** There is no second volume to go to. */
const refuseClaimDoor = (name: string) =>
  refuse(
    'RefusedByState',
    `${name} has one volume, the claim into which somebody pushes: there is none to fail over to, or to move to`,
    `to go on in the claim: tidemark delete ${name}; to have an older point first: tidemark restore ${name}`,
  );

/** The target that is meant, by name or else the one that would lose least. @throws `RefusedByState` */
export function meantTarget(state: RelationshipState, wanted: string | undefined): string {
  const { document, primaryName: primary } = switchInput(state);
  const { source } = document.spec;
  if (isAtSource(source) && !isFilledByOthers(source)) throw refuseStoreAsSource(state.name);
  if (claimDoorOf(source)) throw refuseClaimDoor(state.name);
  const { takeover } = state;
  // Somebody else may just have done what is asked for.
  const since = takeover ? `${state.name} has failed over to ${primary}, at ${takeover.at}` : undefined;
  if (wanted === primary && !findTarget(document, wanted)) {
    throw refuse(
      'RefusedByState',
      `${since ? `${since}: ` : ''}${primary} is the primary of ${state.name} already`,
    );
  }
  const awaited = awaitedNames(takeover);
  const candidates = state.targets.filter(({ name }) => !awaited.includes(name));
  const target = wanted ?? chooseTakeoverTarget(document, candidates);
  const found = target === undefined ? undefined : findTarget(document, target);
  if (target !== undefined && found && !isAtSource(found)) return target;
  const store = found ?? (wanted === undefined ? chooseStore(document, candidates) : undefined);
  if (store) throw refuseStore(state, store);
  if (wanted === undefined && takeover && since !== undefined) {
    throw refuse('RefusedByState', `${since}; ${awaitedText(state.name, takeover, takeover.from)}`);
  }
  throw refuseTarget(document, wanted ?? '');
}

/** Nobody of this relationship writes to the store that it reads: there is no primary to be taken over from. */
function refuseStoreAsSource(name: string) {
  return refuse(
    'RefusedByState',
    `the source of ${name} is a store that others write to: no target can take its place`,
    `to go on with a copy by itself: tidemark delete ${name}, which leaves it as it is`,
  );
}

/** Whoever pushes is not ours to stop, and nothing is sent back to where they do. */
function refuseDoor(name: string, why: string) {
  return refuse(
    'RefusedByState',
    `${why}: somebody else pushes there, and nothing is ever sent back to it`,
    `to give it up for a copy: tidemark failover ${name}; then apply a spec with that copy as its source`,
  );
}

function checkNoSwitch({ state, wants }: SwitchingParts): void {
  if (state.retired) throw refuse('RefusedByState', `relationship ${state.name} is being deleted`);
  switchInput(state);
  const { operation } = state;
  const running = operation && isSwitch(operation.kind) ? operation : undefined;
  const waiting = wants.switching();
  if (!running && !waiting) return;
  const what = running
    ? `${running.kind} runs already: ${running.workflowId}`
    : `${waiting?.kind ?? ''} waits already`;
  throw refuse(
    'RefusedByState',
    `${state.name}: ${what}`,
    `tidemark describe ${state.name} says how it is; tidemark cancel ${state.name} ends it`,
  );
}

/** A relocation compares with a copy, which an old primary that has not come back is not. */
function checkIsCopy({ state }: SwitchingParts, target: string): void {
  if (!state.takeover || !awaitedNames(state.takeover).includes(target)) return;
  throw refuse('RefusedByState', awaitedText(state.name, state.takeover, target));
}

/** @throws `RefusedByState` where the primary has changed since it was looked at */
function checkEpoch({ state }: SwitchingParts, { epoch }: { epoch?: number }): void {
  if (epoch === undefined || epoch >= state.epoch) return;
  const { primaryName: primary } = switchInput(state);
  const how = state.takeover
    ? `has failed over to ${primary} meanwhile, at ${state.takeover.at}`
    : 'has changed';
  throw refuse(
    'RefusedByState',
    `${state.name} ${how}: it is in epoch ${state.epoch}, and this was asked for in epoch ${epoch}`,
    `tidemark describe ${state.name} says how it is; then ask again if that is still wanted`,
  );
}

function checkReverse(parts: SwitchingParts): void {
  checkNoSwitch(parts);
  const { name, takeover } = parts.state;
  if (takeover) {
    const from = nextToReverse(takeover)?.from ?? '';
    const old = findTarget(switchInput(parts.state).document, from);
    // A target that is a peer is sent to; an old primary is never waited for as one.
    if (old && isFilledByOthers(old)) throw refuseDoor(name, `${from} can't become a copy of ${name}`);
    return;
  }
  throw refuse(
    'RefusedByState',
    `no old primary of ${name} waits to come back, since it has not failed over, or that is a copy already: there is nothing to reverse`,
  );
}

/**
 * A reversal waits for the old primary's host, and nothing is synced meanwhile: where there are targets that it would
 * keep waiting, that host has to be there.
 */
async function checkOldPrimaryAnswers(state: RelationshipState): Promise<void> {
  const { document } = switchInput(state);
  const from = nextToReverse(state.takeover)?.from ?? '';
  const old = findTarget(document, from);
  if (!old || replicatedTo(document.spec.targets, state.takeover).length === 0) return;
  try {
    await onHost(old.host, `See whether ${from} is back`, IMPATIENT).ping();
  } catch (error) {
    const { message } = toFailure(error, old.host);
    throw refuse(
      'RefusedByState',
      `${from} can't be brought back yet: ${message}`,
      `start it there: tidemark agent --host ${old.host}; the other targets are synced meanwhile. A spec without it gives it up`,
    );
  }
}

/** @throws ApplicationFailure with why it can't be known */
async function price(state: RelationshipState, request: messages.PriceRequest): Promise<Price> {
  const input = switchInput(state);
  const name = meantTarget(state, request.target);
  const target = findTarget(input.document, name);
  if (!target) throw refuseTarget(input.document, name);
  try {
    return { ...(await weigh(input, target, request.pointId)), epoch: input.epoch };
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    throw ApplicationFailure.create(encodeFailure(error.failure));
  }
}

/** Takes the messages about who is primary: updates, and signals of the same names. */
export function handleSwitching(parts: SwitchingParts): void {
  const { state, wants, cancel, cancelDrill, asSignal, onNews, log } = parts;
  const failOver = (input: unknown) => {
    checkNoSwitch(parts);
    const request = toFailoverRequest(input);
    checkEpoch(parts, request);
    const want = wants.failover({ ...request, target: meantTarget(state, request.target) });
    // Whatever runs is for a primary that is given up.
    cancel();
    return want;
  };
  const relocate = (input: unknown) => {
    checkNoSwitch(parts);
    const request = toFailoverRequest(input);
    checkEpoch(parts, request);
    const { source } = switchInput(state).document.spec;
    if (isFilledByOthers(source)) throw refuseDoor(state.name, `${state.name} can't be relocated`);
    const target = meantTarget(state, request.target);
    checkIsCopy(parts, target);
    return wants.relocate({ target });
  };
  const reverse = async (input: unknown) => {
    const request = toReverseRequest(input);
    checkReverse(parts);
    checkEpoch(parts, request);
    await checkOldPrimaryAnswers(state);
    // Something else may have been asked for meanwhile.
    checkReverse(parts);
    return wants.reverse(request);
  };
  const cancelOperation = () => {
    const operation = state.operation ?? state.fetches?.[0];
    const running = operation ?? state.drill;
    if (!running) throw refuse('RefusedByState', `nothing runs in relationship ${state.name}`);
    const { workflowId } = running;
    log.note('cancelled', { text: `${workflowId} was told to end`, workflowId });
    if (operation) cancel();
    else cancelDrill();
    return { workflowId };
  };
  setHandler(messages.priceUpdate, (request) => price(state, toFailoverRequest(request)), {
    validator: (request) => void meantTarget(state, toFailoverRequest(request).target),
  });
  setHandler(messages.failoverUpdate, async (request) => await failOver(request).started);
  setHandler(messages.relocateUpdate, async (request) => await relocate(request).started);
  setHandler(messages.reverseUpdate, async (request) => await (await reverse(request)).started);
  setHandler(messages.cancelUpdate, cancelOperation);
  setHandler(messages.failoverSignal, (request) => asSignal(() => void failOver(request)));
  setHandler(messages.relocateSignal, (request) => asSignal(() => void relocate(request)));
  setHandler(messages.reverseSignal, async (request) => {
    try {
      await reverse(request);
    } catch (error) {
      asSignal(() => {
        throw error;
      });
    }
  });
  setHandler(messages.cancelSignal, () => asSignal(cancelOperation));
  setHandler(messages.operationNewsSignal, onNews);
}
