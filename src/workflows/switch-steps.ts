/** The steps that changes of the primary have in common, each a phase of a saga. */
import { ApplicationFailure, executeChild, workflowInfo } from '@temporalio/workflow';
import { encodeFailure } from '../model/failure-wire';
import type { StepContext } from '../activities/contract';
import type { Demoted } from '../volumes/contract';
import { missingTarget, targetName, volumeIn, volumePath } from '../model/endpoints';
import { listHooks } from '../model/hook-names';
import { makeSyncId } from '../model/names';
import { makePrice } from '../model/price';
import type { Price, PriceFindings } from '../model/price';
import type { Comparison, Failure, Role, SyncRecord } from '../model/records';
import type { HookSpec, Relationship, SourceSpec, TargetSpec } from '../model/spec';
import type { Takeover } from '../model/status';
import { childOptions } from './children';
import { compare } from './compare';
import type { Side } from './leg';
import type { Saga } from './saga';
import { onHost, orStepFailed, StepFailed, toFailure } from './steps';
import type { StepOverrides } from './steps';
import type { SyncInput } from './sync-context';

/** What every operation that changes the primary is given by its relationship. */
export interface SwitchInput {
  /** Oriented: its source is the present primary. */
  document: Relationship;
  /** What the present primary is called as a target. */
  primaryName: string;
  epoch: number;
  sequence: number;
}

/** How many people must approve, by the spec's word for it. */
export const APPROVERS = { none: 0, one: 1, two: 2 } as const;

/** Somebody waits for the answer, perhaps for a host that is dead. */
export const IMPATIENT: StepOverrides = {
  scheduleToStartTimeout: '8s',
  startToCloseTimeout: '60s',
  retry: { maximumAttempts: 2 },
};

type Endpoint = SourceSpec | TargetSpec;

export function findTarget(document: Relationship, name: string): TargetSpec | undefined {
  return document.spec.targets.find((target) => targetName(target) === name);
}

/** Says which targets there are instead. */
export function refuseTarget(document: Relationship, wanted: string): ApplicationFailure {
  const { metadata, spec } = document;
  const { message, hint } = missingTarget(metadata.name, wanted, spec.targets.map(targetName));
  return refuse('RefusedByState', message, hint);
}

/** An endpoint as the steps on its host are told of it. */
export function sideOf(
  input: Pick<SwitchInput, 'document' | 'sequence'>,
  endpoint: Endpoint,
  epoch: number,
  role: Role,
): Side & { step: StepContext } {
  const { name } = input.document.metadata;
  return {
    host: endpoint.host,
    step: {
      volume: volumeIn(input.document, endpoint),
      claim: { relationship: name, epoch, role },
      syncId: makeSyncId(name, input.sequence),
    },
  };
}

/** A failure that ends an operation before it has changed anything. */
export function refuse(
  type: Failure['type'] | 'RefusedByState',
  message: string,
  hint?: string,
): ApplicationFailure {
  return ApplicationFailure.create(encodeFailure({ type, message, ...(hint && { hint }) }));
}

/** What a failover to a target would cost, as far as it can be known. @throws StepFailed where the target can't be asked. */
export async function weigh(
  input: SwitchInput,
  target: TargetSpec,
  pointId: string | undefined,
): Promise<Price> {
  const { document, epoch } = input;
  const name = targetName(target);
  const holder = sideOf(input, target, epoch, 'target');
  const found = await orStepFailed(
    onHost(target.host, `Look at the recovery points of ${name}`, IMPATIENT).listPoints({
      ...holder.step,
      target: name,
    }),
    target.host,
    volumePath(target),
  );
  const findings: Omit<PriceFindings, 'comparison'> = {
    relationship: document.metadata.name,
    target: name,
    host: target.host,
    volume: volumePath(target),
    ...found,
    ...(pointId !== undefined && { pointId }),
    nowMs: Date.now(),
  };
  const { point } = makePrice(findings);
  if (!point) return makePrice(findings);
  const comparison = await compareSource(input, holder, point.id);
  return makePrice({ ...findings, comparison });
}

/** What the source has that a point has not; why it can't be known, where the source can't be asked. */
async function compareSource(
  input: SwitchInput,
  holder: Side,
  pointId: string,
): Promise<Comparison | Failure> {
  const { document, epoch } = input;
  const { source, mover } = document.spec;
  const { name } = document.metadata;
  try {
    const { comparison } = await compare({
      // A name that no target has, so that it never meets a sync's landing.
      id: { relationship: name, target: `price:${holder.host}`, syncId: workflowInfo().runId },
      volume: sideOf(input, source, epoch, 'source'),
      holder,
      pointId,
      mover,
      quick: true,
      overrides: IMPATIENT,
    });
    return comparison;
  } catch (error) {
    const failure = error instanceof StepFailed ? error.failure : toFailure(error, source.host);
    if (failure.type === 'Cancelled') throw error;
    return failure;
  }
}

/** Runs programs of the spec on a host, in order. */
export async function runHooks(
  side: Side,
  hooks: HookSpec[],
  more: { pointId?: string; path?: string } = {},
): Promise<void> {
  if (hooks.length === 0) return;
  await orStepFailed(
    onHost(side.host, `Run ${listHooks(hooks)}`, {
      retry: { maximumAttempts: 2 },
      // The hooks that undo these must not run beside them.
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    }).runHooks({
      ...side.step,
      ...more,
      hooks,
    }),
    side.host,
    side.step.volume.path,
  );
}

/**
 * Tells an old primary that it is no longer primary, and ends what it still sends or takes.
 * @throws StepFailed
 */
export async function fence(
  input: SwitchInput,
  endpoint: Endpoint,
  name: string,
  epoch: number,
  overrides: StepOverrides = {},
): Promise<Demoted> {
  const { host } = endpoint;
  const volume = volumePath(endpoint);
  const { step } = sideOf(input, endpoint, epoch, 'target');
  return await orStepFailed(
    onHost(host, `Fence ${volume}: epoch ${epoch}`, overrides).fence({
      ...step,
      targets: namesOf(input, name),
    }),
    host,
    volume,
  );
}

/** What is remembered of an old primary that was told: also where its users can still write to it. */
export function toFenced({ readOnly, whyNot, isGone }: Demoted): Pick<Takeover, 'fenced' | 'fencing'> {
  if (isGone) return { fenced: true, fencing: 'the volume is no more' };
  if (readOnly) return { fenced: true };
  return { fenced: true, fencing: `not read-only: ${whyNot ?? 'no reason was given'}` };
}

/** Every name that landings of this relationship may have been opened under. */
export function namesOf({ document, primaryName }: SwitchInput, ...more: string[]): string[] {
  return [...new Set([...document.spec.targets.map(targetName), primaryName, ...more])];
}

/** Puts the source back in charge of an epoch of its own. What can't be reached now, the next sync's preflight does. */
export async function reinstate(saga: Saga, input: SwitchInput, epoch: number): Promise<void> {
  const { source } = input.document.spec;
  await saga.tell({ epoch });
  const step = onHost(source.host, `Give ${volumePath(source)} back to its users: epoch ${epoch}`, IMPATIENT);
  await orStepFailed(
    step.promote(sideOf(input, source, epoch, 'source').step),
    source.host,
    volumePath(source),
  );
}

/** Runs one sync of the document, as a child of this operation. @throws StepFailed with what it failed with. */
export async function runSync(
  saga: Saga,
  document: Relationship,
  input: Omit<SyncInput, 'document'>,
): Promise<SyncRecord> {
  await saga.tell({ sequence: input.sequence });
  try {
    return await executeChild<(input: SyncInput) => Promise<SyncRecord>>('sync', {
      ...childOptions(document, { kind: 'sync', sequence: input.sequence, reason: input.reason }),
      args: [{ ...input, document }],
    });
  } catch (error) {
    throw new StepFailed(toFailure(error, document.spec.source.host));
  }
}
