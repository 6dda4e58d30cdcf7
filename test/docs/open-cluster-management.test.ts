/** The example of an add-on for Open Cluster Management installs what `deploy/kubernetes` has, with labels that agents take. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { makeProgram } from '../../src/cli/program';
import { parseLabels } from '../../src/model/labels';
import { type Manifest, readAddOn, renderParts } from '../support/cluster/open-cluster-management';
import { ROOT } from '../support/markdown';

interface Placed {
  spec: {
    installStrategy: { placements: { name: string; namespace: string; configs: { name: string }[] }[] };
  };
}
interface Config extends Manifest {
  spec: { customizedVariables: { name: string; value: string }[] };
}
type Pod = { spec: { template: { spec: { containers: { args: string[] }[] } } } };

const find = (objects: readonly Manifest[], kind: string, name?: string): Manifest => {
  const found = objects.find(
    (each) => each.kind === kind && (name ?? each.metadata.name) === each.metadata.name,
  );
  if (!found) throw new Error(`there is no ${kind} ${name ?? ''}`);
  return found;
};
const read = (name: string) =>
  parseAllDocuments(readFileSync(join(ROOT, 'deploy/kubernetes', name), 'utf8')).map(
    (document) => document.toJS() as Manifest,
  );
/** Each placement with the variables that its clusters get. */
async function placements() {
  const objects = await readAddOn();
  const { spec } = find(objects, 'ClusterManagementAddOn') as unknown as Placed;
  return spec.installStrategy.placements.map(({ name, namespace, configs }) => {
    expect(find(objects, 'Placement', name).metadata.namespace).toBe(namespace);
    const { customizedVariables } = (find(objects, 'AddOnDeploymentConfig', configs[0]?.name) as Config).spec;
    const own = customizedVariables.map((variable) => [variable.name, variable.value] as const);
    const variables = { CLUSTER_NAME: 'edge1', ...Object.fromEntries(own) };
    return { name, parts: renderParts(find(objects, 'AddOnTemplate').spec, variables) };
  });
}

test('every placement fills in all of the template, and its agents get labels that are ones', async () => {
  const all = await placements();
  expect(all.map(({ name }) => name)).toEqual(['eu', 'us']);
  for (const { name, parts } of all) {
    expect(JSON.stringify(parts)).not.toContain('{{');
    const [container] = (find(parts, 'StatefulSet') as unknown as Pod).spec.template.spec.containers;
    const labels = container?.args.flatMap((arg) => (arg.startsWith('--label=') ? [arg.slice(8)] : []));
    expect(parseLabels(labels ?? [])).toEqual({
      labels: { region: name, tier: 'edge', cluster: 'edge1' },
      problems: [],
    });
    const known = makeProgram('0').commands.find((command) => command.name() === 'agent')?.options;
    const options = container?.args.filter((arg) => arg.startsWith('--')).map((arg) => arg.split('=')[0]);
    for (const option of options ?? []) expect(known?.map(({ long }) => long)).toContain(option);
  }
});

function dropReleaseLabels(key: string, value: unknown): unknown {
  if (key !== 'labels' || typeof value !== 'object' || value === null) return value;
  const others = Object.entries(value).filter(
    ([label]) => !['app.kubernetes.io/part-of', 'app.kubernetes.io/version'].includes(label),
  );
  return others.length > 0 ? Object.fromEntries(others) : undefined;
}

test('account and rights are those of deploy/kubernetes, and nothing more', async () => {
  const [{ parts } = { parts: [] }] = await placements();
  const same = ['agent-account.yaml', 'agent-cluster-role.yaml', 'agent-namespace-role.yaml'].flatMap(read);
  // Labels say which release something is of: here it is the add-on's.
  const withoutLabels = (objects: readonly object[]) =>
    objects.map((each) => JSON.parse(JSON.stringify(each), dropReleaseLabels) as unknown);
  expect(withoutLabels(parts.filter(({ kind }) => kind !== 'StatefulSet'))).toEqual(withoutLabels(same));
  const own = find(read('agent.yaml'), 'StatefulSet') as unknown as Pod;
  const agent = find(parts, 'StatefulSet') as unknown as Pod;
  // What its owner chooses: where it is had from, with what options, and how much it may take.
  const chosen = new Set(['args', 'env', 'image', 'imagePullPolicy', 'resources']);
  const withoutArgs = (text: string) =>
    JSON.parse(text, (key, value: unknown) => (chosen.has(key) ? [] : dropReleaseLabels(key, value))) as {
      metadata: object;
      spec: { template: { spec: { containers: object[] } } };
    };
  const shapeOf = (pod: Pod) => {
    const { spec } = withoutArgs(JSON.stringify(pod));
    const { containers, ...others } = spec.template.spec;
    const [container] = containers;
    return { ...others, container: { image: [], imagePullPolicy: [], resources: [], ...container } };
  };
  expect(shapeOf(agent)).toEqual(shapeOf(own));
});
