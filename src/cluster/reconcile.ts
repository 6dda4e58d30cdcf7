/** One look at one resource: what it says is applied, what its relationship knows is written to its status. */
import { isDeepStrictEqual } from 'node:util';
import { inOneLine } from '../model/failure';
import type { ScheduleSeen } from '../model/summary';
import { summarize } from '../model/summary';
import type { RelationshipStatus } from '../model/status';
import { ClientError, tellError } from '../client/exit-codes';
import { saysNoSpec } from '../client/find-vanished';
import type { ClusterApi } from '../hosts/cluster/contract';
import type { Looked } from './pace';
import { hold, isHeld, letGo } from './held';
import type { OperationUpdate, Outcome } from './operation';
import {
  allows,
  documentOf,
  foreignNamespaces,
  type FrontDoorOptions,
  hasSelector,
  refusalsOf,
  selectableHosts,
} from './document';
import { RESOURCE_LABELS } from '../model/resource-labels';
import { relationshipNameOf, RESOURCE, type RelationshipResource } from './resource';
import { type NotReady, statusOf, toInstant } from './status';

/** What the front door asks of Temporal. */
export interface Relationships {
  apply(document: object): Promise<unknown>;
  status(name: string): Promise<RelationshipStatus>;
  schedule(name: string): Promise<ScheduleSeen>;
  retire(name: string): Promise<void>;
  /**
   * Begins an operation, once for each `id`.
   * @returns its workflow; undefined where it is done at once
   */
  begin(name: string, asked: OperationUpdate, id: string): Promise<string | undefined>;
  outcome(workflowId: string): Promise<Outcome>;
  /** What runs is told to end, but a drill beside it. */
  cancel(name: string): Promise<void>;
  cancelDrill(workflowId: string): Promise<void>;
}

export interface ReconcileContext {
  api: ClusterApi;
  relationships: Relationships;
  options: FrontDoorOptions;
}

export async function findStatus(
  relationships: Relationships,
  name: string,
): Promise<RelationshipStatus | undefined> {
  try {
    return await relationships.status(name);
  } catch (error) {
    if (error instanceof ClientError && error.type === 'NotFound') return undefined;
    // Its first spec was refused.
    if (saysNoSpec(error)) return undefined;
    throw error;
  }
}

const labelsOf = (status: RelationshipStatus | undefined) => status?.document.metadata.labels ?? {};

/** Whether a relationship is kept by a resource: `shop/mysql`. */
export function isOwnedBy(cluster: string, owner: string, found: RelationshipStatus): boolean {
  const { [RESOURCE_LABELS.cluster]: ofCluster, [RESOURCE_LABELS.resource]: ofResource } = labelsOf(found);
  return ofCluster === cluster && ofResource === owner;
}

/** Whether a relationship of this name is this resource's; another one's, or made by hand, it is not touched. */
function isOwn(
  cluster: string,
  { metadata, status }: RelationshipResource,
  found: RelationshipStatus,
): boolean {
  if (isOwnedBy(cluster, `${metadata.namespace ?? ''}/${metadata.name}`, found)) return true;
  // Somebody has applied a file over it.
  return labelsOf(found)[RESOURCE_LABELS.resource] === undefined && status?.observedGeneration !== undefined;
}

export function explainTaken(name: string, found: RelationshipStatus): NotReady {
  const owner = labelsOf(found)[RESOURCE_LABELS.resource];
  const by = owner === undefined ? 'by hand, with tidemark apply' : `by resource ${owner}`;
  return {
    reason: 'NameTaken',
    message: `relationship ${name} was made ${by}: tidemark delete ${name} gives the name free`,
  };
}

/** Whether what runs is what the resource says. */
function isApplied(
  options: FrontDoorOptions,
  { metadata, spec }: RelationshipResource,
  found: RelationshipStatus,
): boolean {
  const { [RESOURCE_LABELS.uid]: uid, [RESOURCE_LABELS.generation]: generation } = labelsOf(found);
  // The agent may have been started with others since.
  const hosts = hasSelector(spec) ? selectableHosts(options) : undefined;
  if (labelsOf(found)[RESOURCE_LABELS.hosts] !== hosts) return false;
  return !found.vanished && uid === metadata.uid && generation === String(metadata.generation);
}

/** The end of what a tool said tells most. */
const MOST_WORDS = 400;

/** In words, a tool's own among them, shortly. */
export function explain(error: unknown): NotReady {
  const { type, message, problems = [], hint, toolMessage: said = '' } = tellError(error);
  const toolMessage = said.length > MOST_WORDS ? `…${said.slice(-MOST_WORDS)}` : said;
  const text = inOneLine({
    message: problems.length > 0 ? problems.join('\n') : message,
    toolMessage,
    ...(hint !== undefined && { hint }),
  });
  return { reason: type === 'InvalidSpec' ? 'Refused' : 'Unreachable', message: text };
}

/** Those of the namespaces that let resources of another one, `own`, name their claims. */
export async function findAllowing(
  api: ClusterApi,
  own: string,
  names: readonly string[],
): Promise<Set<string>> {
  const namespaces = await Promise.all(
    names.map((name) => api.read({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
  );
  return new Set(names.filter((_, index) => allows(namespaces[index]?.metadata.annotations, own)));
}

/** The relationship as it is once what the resource says was applied; or why it is not as that says. */
async function applyResource(
  context: ReconcileContext,
  resource: RelationshipResource,
  name: string,
): Promise<{ found?: RelationshipStatus | undefined; wrong?: NotReady }> {
  const { api, relationships, options } = context;
  let found: RelationshipStatus | undefined;
  try {
    found = await findStatus(relationships, name);
    if (found && !isOwn(options.cluster, resource, found)) return { wrong: explainTaken(name, found) };
    const foreign = foreignNamespaces(options.cluster, resource);
    const allowing = await findAllowing(api, resource.metadata.namespace ?? '', foreign);
    const refusals = refusalsOf(resource, options, allowing);
    if (refusals.length > 0) return { found, wrong: { reason: 'Refused', message: refusals.join('\n') } };
    if (found && isApplied(options, resource, found)) return { found };
    await relationships.apply(documentOf(options, resource));
    return { found: await findStatus(relationships, name) };
  } catch (error) {
    return { found, wrong: explain(error) };
  }
}

/** Its relationship is deleted with it: as by `tidemark delete`, data, recovery points and history stay. */
async function remove(
  { api, relationships, options }: ReconcileContext,
  resource: RelationshipResource,
  name: string,
): Promise<void> {
  const found = await findStatus(relationships, name);
  if (found && isOwn(options.cluster, resource, found)) await relationships.retire(name);
  await letGo(api, resource);
}

/** What goes on in a relationship, as {@link Looked} has it. */
export const doingOf = (found: RelationshipStatus | undefined): string =>
  [found?.phase, found?.operation?.workflowId, found?.operation?.phase].join(' ');

async function writeStatus(
  context: ReconcileContext,
  resource: RelationshipResource,
  name: string,
  found: RelationshipStatus | undefined,
  wrong: NotReady | undefined,
): Promise<Omit<Looked, 'isWrong'>> {
  const { metadata, status: former } = resource;
  const now = new Date();
  const seen: ScheduleSeen =
    found && !wrong ? await context.relationships.schedule(name).catch(() => ({})) : {};
  const summary = found && summarize(found, now.getTime(), seen);
  const status = statusOf({
    ...(summary && { summary }),
    ...(wrong && { wrong }),
    ...(former && { former }),
    ...(metadata.generation !== undefined && { generation: metadata.generation }),
    relationship: name,
    at: toInstant(now),
  });
  if (!isDeepStrictEqual(status, former)) await context.api.applyStatus(RESOURCE, metadata, status);
  return {
    isBusy: summary?.operation !== null || summary.lastSync === null,
    doing: doingOf(found),
    ...(seen.nextRun !== undefined && { dueAt: new Date(seen.nextRun) }),
  };
}

/** Undefined: it is gone, or goes. @throws TidemarkError or Conflict where the API server does not answer, or somebody changed the resource meanwhile */
export async function reconcile(
  context: ReconcileContext,
  { namespace, name }: { namespace: string; name: string },
): Promise<Looked | undefined> {
  const { api, options } = context;
  const resource = await api.read<RelationshipResource>({ ...RESOURCE, metadata: { namespace, name } });
  if (!resource) return undefined;
  const relationship = relationshipNameOf(options.cluster, namespace, name);
  if (resource.metadata.deletionTimestamp !== undefined) {
    if (isHeld(resource)) await remove(context, resource, relationship);
    return undefined;
  }
  await hold(api, resource);
  const { found, wrong } = await applyResource(context, resource, relationship);
  const looked = await writeStatus(context, resource, relationship, found, wrong);
  return { ...looked, isWrong: wrong !== undefined };
}
