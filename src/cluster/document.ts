/** The document that a resource stands for, and what it may not name. Pure. */
import { formatIssue, formatPath, makeProblem, type SpecIssue, type SpecPath } from '../model/issues';
import { RESOURCE_LABELS } from '../model/resource-labels';
import { relationshipNameOf, type RelationshipResource } from './resource';

/** What the agent was started with, about resources. */
export interface FrontDoorOptions {
  /** The host that is this cluster. */
  cluster: string;
  /** Other hosts that a resource may name. */
  hosts: readonly string[];
}

/** Whom the selectors of a resource may mean: nobody that it may not name. */
export const selectableHosts = ({ cluster, hosts }: FrontDoorOptions): string =>
  [cluster, ...hosts].join(',');

export const hasSelector = (spec: RelationshipResource['spec'] = {}): boolean =>
  endpointsOf(spec).some(({ endpoint }) => endpoint.hostSelector !== undefined);

/** What `apply` takes. */
export function documentOf(options: FrontDoorOptions, { metadata, spec }: RelationshipResource): object {
  const { cluster } = options;
  const { name, namespace = '', uid = '', generation = 0, labels } = metadata;
  return {
    apiVersion: 'tidemark/v1',
    kind: 'Relationship',
    metadata: {
      name: relationshipNameOf(cluster, namespace, name),
      labels: {
        ...labels,
        [RESOURCE_LABELS.cluster]: cluster,
        [RESOURCE_LABELS.resource]: `${namespace}/${name}`,
        [RESOURCE_LABELS.uid]: uid,
        [RESOURCE_LABELS.generation]: String(generation),
        ...(hasSelector(spec) && { [RESOURCE_LABELS.hosts]: selectableHosts(options) }),
      },
    },
    spec,
  };
}

/** Of a claim: `shop/mysql`. */
export const namespaceOf = (pvc: unknown): string | undefined =>
  typeof pvc === 'string' && pvc.includes('/') ? pvc.slice(0, pvc.indexOf('/')) : undefined;

interface NamedEndpoint {
  path: SpecPath;
  endpoint: Readonly<Record<string, unknown>>;
}

function endpointsOf(spec: Readonly<Record<string, unknown>>): NamedEndpoint[] {
  const { source, targets } = spec as { source?: object; targets?: object[] };
  return [
    { path: ['spec', 'source'], endpoint: { ...source } },
    ...(targets ?? []).map((target, index) => ({
      path: ['spec', 'targets', index],
      endpoint: { ...target },
    })),
  ];
}

const objectionToNamespace = (namespace: string, other: string): string =>
  `is in namespace ${other}, which does not allow ${namespace} that; kubectl annotate namespace ${other} ${ALLOW_FROM}=${namespace}`;

function objectionToHost({ cluster, hosts }: FrontDoorOptions, host: string): string | undefined {
  if (host === cluster || hosts.includes(host)) return undefined;
  return `resources of this cluster may not name ${host}; the agent of ${cluster} allows hosts by --resource-hosts`;
}

/** Why a resource may not have a point brought there. @param isAllowed the namespace there is its own, or allows it */
export function objectionToRestore(
  options: FrontDoorOptions,
  host: string,
  isAllowed: boolean,
  { own, other }: { own: string; other: string },
): string | undefined {
  const objection = objectionToHost(options, host);
  if (objection !== undefined) return `spec.restore.to.host: ${objection}`;
  return isAllowed ? undefined : `spec.restore.to.path: ${objectionToNamespace(own, other)}`;
}

/**
 * Whoever may make a resource in a namespace may not have by it what is not theirs: claims of other namespaces, and other hosts,
 * unless somebody who may has said so.
 */
function objectionsTo(
  { path, endpoint }: NamedEndpoint,
  namespace: string,
  { cluster, hosts }: FrontDoorOptions,
  allowing: ReadonlySet<string>,
): SpecIssue[] {
  const { pvc, hostSelector } = endpoint;
  // It may mean this very cluster.
  const host = hostSelector === undefined ? endpoint.host : cluster;
  if (typeof host !== 'string') return [];
  const objection = objectionToHost({ cluster, hosts }, host);
  if (objection !== undefined) return [makeProblem([...path, 'host'], objection)];
  const other = namespaceOf(pvc) ?? namespace;
  if (host !== cluster || other === namespace || allowing.has(other)) return [];
  return [makeProblem([...path, 'pvc'], objectionToNamespace(namespace, other))];
}

/** Of a namespace: others whose resources may name its claims, with commas between; `*` for all. */
export const ALLOW_FROM = 'tidemark.dev/allow-relationships-from';

/** Whether a namespace lets resources of another one name its claims. */
export const allows = (
  annotations: Readonly<Record<string, string>> | undefined,
  namespace: string,
): boolean =>
  (annotations?.[ALLOW_FROM] ?? '')
    .split(',')
    .map((each) => each.trim())
    .some((each) => each === '*' || each === namespace);

/** The namespaces of this cluster, beside its own, whose claims a resource names. */
export function foreignNamespaces(cluster: string, { metadata, spec = {} }: RelationshipResource): string[] {
  const named = endpointsOf(spec).flatMap(({ endpoint: { host, pvc, hostSelector } }) =>
    host === cluster || hostSelector !== undefined ? (namespaceOf(pvc) ?? []) : [],
  );
  return [...new Set(named)].filter((namespace) => namespace !== metadata.namespace);
}

/**
 * Every reason why a resource is refused before anybody else is asked.
 * @param allowing other namespaces, that allow this one to name their claims
 */
export function refusalsOf(
  { metadata, spec = {} }: RelationshipResource,
  options: FrontDoorOptions,
  allowing: ReadonlySet<string>,
): string[] {
  return endpointsOf(spec)
    .flatMap((each) => objectionsTo(each, metadata.namespace ?? '', options, allowing))
    .map(({ path, message }) => formatIssue({ path: formatPath(path), message }));
}
