/** The CustomResourceDefinition of `Relationship`, made from the schema of the spec. Pure. */
import { schemaAt } from '../model/json-schema';
import { VOLUME_KINDS } from '../model/kinds';
import { type StructuralSchema, toStructural } from './structural';

export const GROUP = 'tidemark.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

const named = VOLUME_KINDS.map((kind) => `has(self.${kind})`);
const ONE_VOLUME = {
  rule: `[${named.join(', ')}].filter(x, x).size() == 1`,
  message: `must name one volume: ${VOLUME_KINDS.join(', ')}`,
};

export const text = (description: string): StructuralSchema => ({ type: 'string', description });
export const instant = (description: string): StructuralSchema => ({
  ...text(description),
  format: 'date-time',
});
const whole = (description: string): StructuralSchema => ({ type: 'integer', format: 'int64', description });

export const CONDITION: StructuralSchema = {
  type: 'object',
  required: ['type', 'status', 'lastTransitionTime', 'reason', 'message'],
  properties: {
    type: { type: 'string', maxLength: 316 },
    status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
    observedGeneration: { type: 'integer', format: 'int64', minimum: 0 },
    lastTransitionTime: { type: 'string', format: 'date-time' },
    reason: { type: 'string', minLength: 1, maxLength: 1024 },
    message: { type: 'string', maxLength: 32768 },
  },
};

const TARGET: StructuralSchema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: text('The name of the target.'),
    volume: text('Where it is: host and volume.'),
    status: text('up, warn or down.'),
    result: text('What became of its last sync.'),
    recoveryPoint: text('The newest recovery point.'),
    capturedAt: instant('When that was captured at the source.'),
    lastError: text('Type, text, the words of the tool, and what to do. Left out after a success.'),
  },
};

const STATUS: StructuralSchema = {
  type: 'object',
  description: 'What the relationship knows of itself, as `tidemark get` tells it.',
  properties: {
    observedGeneration: whole('Of the resource, as it was applied last.'),
    relationship: text(
      'What the relationship is called: tidemark get NAME, and relationship/NAME in Temporal.',
    ),
    phase: text('What it does now.'),
    health: text('up, warn or down: that of the worst target.'),
    capturedAt: instant('When the newest recovery point of the target that is furthest behind was captured.'),
    lastSyncTime: instant('When the last sync ended.'),
    lastSyncResult: text('What became of it.'),
    nextSyncTime: instant('The next tick of the schedule.'),
    epoch: whole('Rises with each change of the primary.'),
    direction: text('forward, or reversed after a failover.'),
    targets: {
      type: 'array',
      items: TARGET,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    },
    conditions: {
      type: 'array',
      items: CONDITION,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
    },
  },
};

export const column = (name: string, jsonPath: string, more: object = {}) => ({
  name,
  type: 'string',
  jsonPath,
  ...more,
});

function specSchema(): StructuralSchema {
  const spec = toStructural(schemaAt(['spec']) ?? {});
  const { source, targets, ...others } = spec.properties ?? {};
  const withRule = (schema: StructuralSchema | undefined): StructuralSchema => ({
    ...schema,
    'x-kubernetes-validations': [ONE_VOLUME],
  });
  return {
    ...spec,
    properties: {
      source: withRule(source),
      targets: { ...targets, items: withRule(targets?.items as StructuralSchema) },
      ...others,
    },
  };
}

interface DefinitionRequest {
  /** Left out: Tidemark's own. */
  group?: string;
  names: {
    plural: string;
    singular: string;
    kind: string;
    shortNames?: readonly string[];
    listKind?: string;
  };
  description: string;
  columns: readonly object[];
  spec: StructuralSchema;
  status: StructuralSchema;
  /** What no resource goes without. Left out: its spec. */
  required?: readonly string[];
}

export function makeDefinition(request: DefinitionRequest): object {
  const { group = GROUP, names, description, columns, spec, status, required = ['spec'] } = request;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names,
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description,
              ...(required.length > 0 && { required }),
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec,
                status,
              },
            },
          },
        },
      ],
    },
  };
}

/** To be applied by whoever installs Tidemark in a cluster: `deploy/kubernetes/crds`. */
export const makeRelationshipDefinition = (): object =>
  makeDefinition({
    names: { plural: 'relationships', singular: 'relationship', kind: 'Relationship', shortNames: ['rel'] },
    description: 'One source, and copies of it that are kept fresh.',
    columns: [
      column('Health', '.status.health'),
      column('Phase', '.status.phase'),
      // As an age.
      column('Lag', '.status.capturedAt', { type: 'date' }),
      column('Last', '.status.lastSyncTime', { type: 'date' }),
      column('Result', '.status.lastSyncResult'),
      column('Next', '.status.nextSyncTime'),
      column('Message', '.status.conditions[?(@.type=="Ready")].message', { priority: 1 }),
    ],
    spec: specSchema(),
    status: STATUS,
  });
