/** How agents of a test's cluster are started: with the rights that the project asks for, and no more. */
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import type { Cluster } from '../../cluster/cluster';
import type { AgentSetup } from '../system/system';

const ROLES = resolve(__dirname, '../../../deploy/kubernetes');
const ACCOUNT = 'tidemark-agent';

const readObjects = async (name: string) =>
  parseAllDocuments(await readFile(`${ROLES}/${name}`, 'utf8')).map((document) => document.toJS() as object);

/** Makes the account of the agents, as `deploy/kubernetes` has it, with its rights in these namespaces alone. */
export async function bindAgent(cluster: Cluster, namespaces: readonly string[]): Promise<void> {
  const [namespace, account, clusterBinding, binding] = await readObjects('agent-account.yaml');
  const roles = [
    ...(await readObjects('agent-cluster-role.yaml')),
    ...(await readObjects('agent-namespace-role.yaml')),
  ];
  const bindings = namespaces.map((name) => ({ ...binding, metadata: { name: ACCOUNT, namespace: name } }));
  const made = namespaces.map((name) => ({
    ...{ apiVersion: 'v1', kind: 'Namespace' },
    metadata: { name, annotations: { 'tidemark.dev/privileged-movers': 'true' } },
  }));
  await cluster.apply(namespace ?? {}, ...made, account ?? {}, ...roles, clusterBinding ?? {}, ...bindings);
}

/** Installs the custom resources, and lets the agents serve them in these namespaces, as `deploy/kubernetes` has it. */
export async function installResources(cluster: Cluster, namespaces: readonly string[]): Promise<void> {
  const plurals = ['relationships', 'relationshipoperations'];
  const definitions = await Promise.all(plurals.map((plural) => readObjects(`crds/${plural}.yaml`)));
  const [role, binding] = (await readObjects('agent-resources.yaml')) as { metadata: { name: string } }[];
  const bindings = namespaces.map((namespace) => ({
    ...binding,
    metadata: { ...binding?.metadata, namespace },
  }));
  await cluster.apply(...definitions.flat(), role ?? {}, ...bindings);
  const names = plurals.map((plural) => `crd/${plural}.tidemark.dev`);
  await cluster.waitFor('condition=Established', names);
}

/** The same for the resources of VolSync and Scribe. */
export async function installVolSync(cluster: Cluster, namespaces: readonly string[]): Promise<void> {
  const groups = ['volsync', 'scribe'];
  const kinds = ['replicationsources', 'replicationdestinations'];
  const files = groups.flatMap((group) => kinds.map((kind) => `crds/${group}-${kind}.yaml`));
  const definitions = await Promise.all(files.map(readObjects));
  const [role, binding, ...ofCluster] = (await readObjects('agent-volsync.yaml')) as {
    metadata: { name: string };
  }[];
  const bindings = namespaces.map((namespace) => ({
    ...binding,
    metadata: { ...binding?.metadata, namespace },
  }));
  await cluster.apply(...definitions.flat(), role ?? {}, ...bindings, ...ofCluster);
  const names = groups.flatMap((group) => kinds.map((kind) => `crd/${kind}.${group}.backube`));
  await cluster.waitFor('condition=Established', names);
}

/** Makes Secrets in a namespace, and gives the agents the right to read these, as `deploy/kubernetes` has it. */
export async function makeSecrets(
  cluster: Cluster,
  namespace: string,
  secrets: Readonly<Record<string, Record<string, string>>>,
): Promise<void> {
  const [role, binding] = (await readObjects('agent-secrets.yaml')) as {
    metadata: object;
    rules: { resourceNames: string[] }[];
  }[];
  for (const rule of role?.rules ?? []) rule.resourceNames = Object.keys(secrets);
  const granted = [role, binding].map((each) => ({ ...each, metadata: { ...each?.metadata, namespace } }));
  const made = Object.entries(secrets).map(([name, stringData]) => ({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace } },
    stringData,
  }));
  await cluster.apply(...granted, ...made);
}

/** A kubeconfig that has nothing but a token of that account. */
export async function writeAgentKubeconfig(cluster: Cluster, path: string): Promise<string> {
  const token = await cluster.kubectl(['-n', 'tidemark', 'create', 'token', ACCOUNT, '--duration=12h']);
  const config = JSON.parse(await cluster.kubectl(['config', 'view', '--raw', '-o', 'json'])) as object;
  const user = { name: 'agent', user: { token: token.trim() } };
  const { clusters } = config as { clusters: [{ name: string }] };
  const context = { name: 'agent', context: { cluster: clusters[0].name, user: 'agent' } };
  const own = { ...config, users: [user], contexts: [context], 'current-context': 'agent' };
  await writeFile(path, stringify(own), { mode: 0o600 });
  return path;
}

/** Options of an agent of this cluster. */
export function clusterAgent(kubeconfig: string, template: string, ...more: string[]): AgentSetup {
  const options = ['--kubernetes', '--kubeconfig', kubeconfig, '--mover-image', 'tidemark.test/mover:1'];
  return { options: [...options, '--mover-template', template, '--limit', '60s', ...more] };
}

/** Everything of a kind that Tidemark has made in the cluster, as `kind/namespace/name`. */
export async function listMade(cluster: Cluster, kinds: readonly string[]): Promise<string[]> {
  const argv = ['get', kinds.join(','), '-A', '-l', 'app.kubernetes.io/managed-by=tidemark', '-o', 'json'];
  const { items } = JSON.parse(await cluster.kubectl(argv)) as {
    items: { kind: string; metadata: { namespace: string; name: string } }[];
  };
  return items.map(({ kind, metadata }) => `${kind}/${metadata.namespace}/${metadata.name}`);
}

/** What is there for one sync, or one step, and no longer. */
export const PASSING = ['jobs', 'pods', 'services', 'persistentvolumeclaims'];
