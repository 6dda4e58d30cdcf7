/** One look at one operation that was asked for by a resource: begun once, followed to its end, cancelled with it. */
import { isDeepStrictEqual } from 'node:util';
import { ClientError, tellError } from '../client/exit-codes';
import type { RelationshipStatus } from '../model/status';
import type { Looked } from './pace';
import { hold, isHeld, letGo } from './held';
import { namespaceOf, objectionToRestore } from './document';
import {
  enterPhase,
  isOver,
  OPERATION_RESOURCE,
  type OperationPhase,
  type Outcome,
  type OperationResource,
  type OperationSpec,
  updateOf,
} from './operation';
import { findAllowing, findStatus, isOwnedBy, type ReconcileContext } from './reconcile';
import { relationshipNameOf } from './resource';
import { toInstant } from './status';

interface Entered {
  phase: OperationPhase;
  message: string;
  workflow?: string;
}

const waiting = (message: string): Entered => ({ phase: 'Waiting', message });
const failed = (message: string): Entered => ({ phase: 'Failed', message });

/** Asked for again, it would be refused again. */
const isFinal = (error: unknown): boolean =>
  ['RefusedByState', 'InvalidSpec', 'WrongUse', 'PointMissing'].includes(tellError(error).type);

async function findRefusal(
  { api, options }: ReconcileContext,
  { metadata, spec }: OperationResource,
): Promise<string | undefined> {
  const to = spec?.restore?.to;
  if (!to) return undefined;
  const own = metadata.namespace ?? '';
  const named = to.host === options.cluster ? (namespaceOf(to.path) ?? '') : own;
  const isAllowed = named === own || (await findAllowing(api, own, [named])).has(named);
  return objectionToRestore(options, to.host, isAllowed, { own, other: named });
}

/** `latest` stands for the newest point of the target, or of all. */
function withNewestPoint(spec: OperationSpec, { targets }: RelationshipStatus): OperationSpec {
  const { restore } = spec;
  if (restore?.point !== 'latest') return spec;
  const points = targets
    .filter(({ name }) => restore.target === undefined || name === restore.target)
    .flatMap(({ recoveryPoint }) => recoveryPoint ?? []);
  const point = points.toSorted().at(-1);
  return point === undefined ? spec : { ...spec, restore: { ...restore, point } };
}

async function begin(
  context: ReconcileContext,
  resource: OperationResource,
  relationship: string,
): Promise<Entered> {
  const { metadata, spec } = resource;
  const { namespace = '', uid = '' } = metadata;
  const owner = `${namespace}/${spec?.relationship ?? ''}`;
  const found = await findStatus(context.relationships, relationship);
  if (!found || !isOwnedBy(context.options.cluster, owner, found))
    return waiting(`there is no relationship of resource ${owner} yet`);
  const refusal = await findRefusal(context, resource);
  if (refusal !== undefined) return failed(refusal);
  const by = `RelationshipOperation ${namespace}/${metadata.name}`;
  const asked = spec && updateOf(withNewestPoint(spec, found), by);
  if (!asked) return failed('it names no operation');
  try {
    const workflow = await context.relationships.begin(relationship, asked, uid);
    return workflow === undefined
      ? { phase: 'Succeeded', message: 'done' }
      : { phase: 'Running', message: `it runs as ${workflow}`, workflow };
  } catch (error) {
    if (!isFinal(error)) throw error;
    const { message, hint } = tellError(error);
    return failed(hint === undefined ? message : `${message}; ${hint}`);
  }
}

/** What it waits for a person to do. */
function waitsFor(status: RelationshipStatus | undefined, workflow: string): string | undefined {
  const { operation } = status ?? {};
  return operation?.workflowId === workflow ? operation.waiting?.text : undefined;
}

async function look(context: ReconcileContext, relationship: string, workflow: string): Promise<Entered> {
  const outcome: Outcome = await context.relationships.outcome(workflow);
  if (outcome.phase !== 'Running') return outcome;
  const text = waitsFor(await findStatus(context.relationships, relationship), workflow);
  return text === undefined ? { phase: 'Running', message: `it runs as ${workflow}` } : waiting(text);
}

async function remove(
  { api, relationships }: ReconcileContext,
  resource: OperationResource,
  relationship: string,
): Promise<void> {
  const { status = {} } = resource;
  if (status.workflow !== undefined && !isOver(status)) {
    try {
      const found = await findStatus(relationships, relationship);
      if (found?.operation?.workflowId === status.workflow) await relationships.cancel(relationship);
      // Beside a drill, something else may run.
      if (found?.drill?.workflowId === status.workflow) await relationships.cancelDrill(status.workflow);
    } catch (error) {
      // What has gone too far to be cancelled goes on, as it would for whoever types that.
      if (!(error instanceof ClientError) && !isFinal(error)) throw error;
    }
  }
  await letGo(api, resource);
}

/** Undefined: it is over, or gone. @throws TidemarkError or Conflict as `reconcile` */
export async function reconcileOperation(
  context: ReconcileContext,
  { namespace, name }: { namespace: string; name: string },
): Promise<Looked | undefined> {
  const { api, options } = context;
  const where = { ...OPERATION_RESOURCE, metadata: { namespace, name } };
  const resource = await api.read<OperationResource>(where);
  if (!resource) return undefined;
  const { metadata, spec, status = {} } = resource;
  const relationship = relationshipNameOf(options.cluster, namespace, spec?.relationship ?? '');
  if (metadata.deletionTimestamp !== undefined) {
    if (isHeld(resource)) await remove(context, resource, relationship);
    return undefined;
  }
  if (isOver(status)) return undefined;
  await hold(api, resource);
  const entered =
    status.workflow === undefined
      ? await begin(context, resource, relationship)
      : await look(context, relationship, status.workflow);
  const next = enterPhase(status, entered, toInstant(new Date()));
  if (!isDeepStrictEqual(next, status)) await api.applyStatus(OPERATION_RESOURCE, metadata, next);
  if (isOver(next)) return undefined;
  return { isBusy: true, isWrong: entered.phase === 'Waiting' && next.workflow === undefined };
}
