/** The chart as a bundle for the Operator Lifecycle Manager. It knows neither StatefulSets nor claims: see its README. */
import { stringify } from 'yaml';
import { format } from './format.mjs';

const CONFIG = 'tidemark';
const DATABASE = 'tidemark-database';
const VALUES = {
  host: 'host-of-config',
  namespaces: ['shop'],
  images: { registry: 'registry.example.net' },
  temporal: { address: 'temporal.example.net:7233' },
  control: { database: { secret: DATABASE } },
  crds: { install: false },
  networkPolicy: { enabled: false },
};

const fromConfig = (name, key) => ({
  name,
  valueFrom: { configMapKeyRef: { name: CONFIG, key } },
});

/** What an installation says for itself, in a ConfigMap and by its OperatorGroup. */
function settle({ name, value, ...more }) {
  if (name === 'TEMPORAL_ADDRESS') return fromConfig(name, 'temporal-address');
  if (name === 'TEMPORAL_NAMESPACE') return fromConfig(name, 'temporal-namespace');
  return { name, ...(value !== undefined && { value }), ...more };
}

const OWN_ENV = [
  fromConfig('TIDEMARK_HOST_NAME', 'host'),
  {
    name: 'TARGET_NAMESPACES',
    valueFrom: { fieldRef: { fieldPath: "metadata.annotations['olm.targetNamespaces']" } },
  },
];
const ARGS = { '--host': '$(TIDEMARK_HOST_NAME)', '--namespaces': '$(TARGET_NAMESPACES)' };

function settleArg(arg) {
  const [flag] = arg.split('=');
  return ARGS[flag] ? `${flag}=${ARGS[flag]}` : arg;
}

function toDeployment(set) {
  const { metadata, spec } = set.toJS();
  const { template } = spec;
  const [container] = template.spec.containers;
  container.env = [...OWN_ENV, ...container.env.map(settle)];
  container.args = container.args.map(settleArg);
  if (!template.spec.volumes.some(({ name }) => name === 'state'))
    template.spec.volumes.push({ name: 'state', emptyDir: {} });
  // OLM makes the accounts, and knows which of their pods may have a token.
  return {
    name: metadata.name,
    label: metadata.labels,
    spec: { replicas: 1, strategy: { type: 'Recreate' }, selector: spec.selector, template },
  };
}

const rulesOf = (objects, name) => objects.get(`ClusterRole/${name}`).toJS().rules;

function owned(definition) {
  const { metadata, spec } = definition;
  return {
    name: metadata.name,
    version: spec.versions[0].name,
    kind: spec.names.kind,
    displayName: spec.names.kind,
    description: spec.versions[0].schema.openAPIV3Schema.description ?? `A ${spec.names.kind} of Tidemark.`,
  };
}

function makeVersion(objects, definitions, version) {
  const images = ['tidemark', 'tidemark-mover'].map((name) => ({
    name,
    image: `${VALUES.images.registry}/${name}:${version}`,
  }));
  const account = 'tidemark-agent';
  return {
    apiVersion: 'operators.coreos.com/v1alpha1',
    kind: 'ClusterServiceVersion',
    metadata: {
      name: `tidemark.v${version}`,
      annotations: {
        capabilities: 'Basic Install',
        categories: 'Storage',
        containerImage: images[0].image,
        'alm-examples': JSON.stringify([EXAMPLE]),
      },
    },
    spec: {
      displayName: 'Tidemark',
      description:
        'Keeps copies of PersistentVolumeClaims in other clusters, on machines and in object stores, and brings any earlier state ' +
        `back. Needs a Temporal, ConfigMap ${CONFIG} (host, temporal-address, temporal-namespace) and Secret ${DATABASE} (url).`,
      version,
      maturity: 'alpha',
      minKubeVersion: '1.29.0',
      provider: { name: 'Tidemark' },
      keywords: ['replication', 'backup', 'disaster-recovery', 'csi', 'temporal'],
      installModes: ['OwnNamespace', 'SingleNamespace', 'MultiNamespace', 'AllNamespaces'].map((type) => ({
        type,
        supported: type === 'SingleNamespace' || type === 'MultiNamespace',
      })),
      customresourcedefinitions: { owned: definitions.map(owned) },
      relatedImages: images,
      install: {
        strategy: 'deployment',
        spec: {
          clusterPermissions: [{ serviceAccountName: account, rules: rulesOf(objects, 'tidemark-agent') }],
          permissions: [
            {
              serviceAccountName: account,
              rules: [
                ...rulesOf(objects, 'tidemark-agent-namespace'),
                ...rulesOf(objects, 'tidemark-agent-resources'),
              ],
            },
            { serviceAccountName: 'tidemark-control', rules: [] },
          ],
          deployments: ['tidemark-agent', 'tidemark-control'].map((name) =>
            toDeployment(objects.get(`StatefulSet/${name}`)),
          ),
        },
      },
    },
  };
}

const EXAMPLE = {
  apiVersion: 'tidemark.dev/v1alpha1',
  kind: 'Relationship',
  metadata: { name: 'mysql', namespace: 'shop' },
  spec: {
    source: { host: 'east', pvc: 'shop/mysql', copyMethod: 'Snapshot' },
    targets: [{ host: 'east', pvc: 'shop/mysql-copy' }],
    trigger: { schedule: '*/15 * * * *' },
  },
};

const ANNOTATIONS = {
  annotations: {
    'operators.operatorframework.io.bundle.mediatype.v1': 'registry+v1',
    'operators.operatorframework.io.bundle.manifests.v1': 'manifests/',
    'operators.operatorframework.io.bundle.metadata.v1': 'metadata/',
    'operators.operatorframework.io.bundle.package.v1': 'tidemark',
    'operators.operatorframework.io.bundle.channels.v1': 'alpha',
    'operators.operatorframework.io.bundle.channel.default.v1': 'alpha',
  },
};

const NOTE = '# Made by `npm run manifests` from deploy/helm/tidemark; change that, not this file.\n';

/** `{ file: text }`, in deploy/bundle. @param definitions the CustomResourceDefinitions */
export async function makeBundle(renderWith, definitions, version) {
  const objects = await renderWith(VALUES);
  const write = (object) => format(NOTE + stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }));
  return {
    'manifests/tidemark.clusterserviceversion.yaml': await write(makeVersion(objects, definitions, version)),
    'metadata/annotations.yaml': await write(ANNOTATIONS),
  };
}
