/** The chart as files for `kubectl apply`: all at once, and in parts, for agents that run elsewhere. */
import { Document } from 'yaml';
import { format } from './format.mjs';

const EXAMPLE = {
  host: 'east',
  namespaces: ['shop'],
  secrets: { shop: ['wiki-s3'] },
  images: { registry: 'registry.example.net' },
  temporal: { address: 'temporal.example.net:7233' },
  crds: { install: false },
  volsync: { enabled: true },
};

const WITHDRAW = ['Role/tidemark-withdraw', 'RoleBinding/tidemark-withdraw'];
const SECRETS = ['Role/tidemark-agent-secrets', 'RoleBinding/tidemark-agent-secrets'];

const VOLSYNC = [
  'ClusterRole/tidemark-agent-volsync',
  'RoleBinding/tidemark-agent-volsync',
  'ClusterRole/tidemark-agent-populator',
  'ClusterRoleBinding/tidemark-agent-populator',
];

/** By file: what is said of it, and the objects that are in it. */
const PARTS = {
  'agent-cluster-role.yaml': ['', ['ClusterRole/tidemark-agent']],
  'agent-namespace-role.yaml': ['', ['ClusterRole/tidemark-agent-namespace']],
  'agent-account.yaml': [
    'The account of an agent, bound to what it needs of the cluster, and in one namespace. For each further namespace, make the\n' +
      'RoleBinding there too.',
    [
      'Namespace/tidemark',
      'ServiceAccount/tidemark-agent',
      'ClusterRoleBinding/tidemark-agent',
      'RoleBinding/tidemark-agent',
    ],
  ],
  'agent-resources.yaml': [
    '',
    ['ClusterRole/tidemark-agent-resources', 'RoleBinding/tidemark-agent-resources'],
  ],
  'agent-volsync.yaml': ['', VOLSYNC],
  'agent-secrets.yaml': ['', SECRETS],
  'withdraw.yaml': [
    'To be applied before install.yaml is deleted. Set the image, the name of the host and the namespaces.',
    [...WITHDRAW, 'Job/tidemark-withdraw'],
  ],
};

function namespace(isRestricted) {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  return new Document({
    ...{ apiVersion: 'v1', kind: 'Namespace' },
    metadata: { name: 'tidemark', ...(isRestricted && { labels }) },
  });
}

async function write(said, documents) {
  const note = `# Made by \`npm run manifests\` from deploy/helm/tidemark; change that, not this file.\n`;
  const about = said && `${said.replaceAll(/^/gm, '# ')}\n`;
  const texts = documents.map((document) => document.toString({ lineWidth: 0, directives: false }).trim());
  return await format(`${note}${about}${texts.join('\n---\n')}\n`);
}

function pick(objects, names) {
  return names.map((name) => {
    const found = objects.get(name);
    if (!found) throw new Error(`the chart has no ${name}`);
    return found;
  });
}

/** `{ file: text }`, in deploy/kubernetes. @param renderWith renders the chart with values */
export async function makePlain(renderWith) {
  const objects = await renderWith(EXAMPLE);
  objects.set('Namespace/tidemark', namespace(false));
  const plainly = await renderWith({ ...EXAMPLE, volsync: { enabled: false } });
  const alone = await renderWith({
    ...EXAMPLE,
    customResources: { enabled: false },
    volsync: { enabled: false },
  });
  const files = {};
  for (const [file, [said, names]] of Object.entries(PARTS))
    files[file] = await write(said, pick(file === 'withdraw.yaml' ? plainly : objects, names));
  const left = new Set([...WITHDRAW, ...SECRETS, ...VOLSYNC, 'Job/tidemark-withdraw', 'Namespace/tidemark']);
  const others = [...plainly].filter(([name]) => !left.has(name)).map(([, document]) => document);
  return {
    ...files,
    'agent.yaml': await write(
      'An agent in the cluster that it speaks for, with the account of agent-account.yaml. Set its image, the address of Temporal, the\n' +
        'name of the host and the namespaces that it serves.',
      pick(alone, ['StatefulSet/tidemark-agent']),
    ),
    'install.yaml': await write(
      'Control worker and agent, with what they need of the cluster and in namespace shop: what the Helm chart makes. Apply\n' +
        'crds/relationships.yaml and crds/relationshipoperations.yaml first. Set the images, the address of Temporal, the name of the host and the namespaces that it serves.',
      [namespace(true), ...others],
    ),
  };
}
