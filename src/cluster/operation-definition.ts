/** The CustomResourceDefinition of `RelationshipOperation`. Pure. */
import { column, CONDITION, instant, makeDefinition, text } from './definition';
import { OPERATIONS } from './operation';
import type { StructuralSchema } from './structural';

const object = (
  description: string,
  properties: Record<string, StructuralSchema> = {},
  required: readonly string[] = [],
): StructuralSchema => ({
  type: 'object',
  description,
  properties,
  ...(required.length > 0 && { required }),
});
const flag = (description: string): StructuralSchema => ({ type: 'boolean', description });

const TARGET = text('The name of a target.');
const POINT = text('A recovery point, by its id.');

const SPEC: StructuralSchema = {
  ...object(
    'Exactly one operation on one relationship. It is carried out once: make another resource for another one.',
    {
      relationship: text('The name of the resource, in this namespace.'),
      sync: object('Brings targets up to date now.', {
        targets: { type: 'array', maxItems: 100, items: TARGET, description: 'Left out: all.' },
      }),
      verify: object('Compares a recovery point with its source, to the last byte.', {
        target: TARGET,
        point: POINT,
      }),
      restore: object(
        'Brings a recovery point to another place.',
        {
          point: text('A recovery point, by its id, or latest.'),
          target: TARGET,
          path: text('One file or folder of it.'),
          overwrite: flag('What is there and not in the point is deleted.'),
          to: object(
            'Where to.',
            {
              host: text('A host.'),
              path: text('A folder of it; of a cluster, NAMESPACE/NAME of a claim.'),
            },
            ['host', 'path'],
          ),
        },
        ['point', 'to'],
      ),
      failover: object('A target takes over. Left out: the one with the newest recovery point.', {
        target: TARGET,
        point: POINT,
        acceptIncomplete: flag('Goes on with what lies there, whole or not.'),
      }),
      relocate: object('Moves the primary, and loses nothing.', { target: TARGET }),
      reverse: object('Makes the old primary a copy again.', {
        acceptDiverged: flag('What it alone has is kept as a recovery point, and that is accepted.'),
      }),
      drill: object('Rehearses a failover on a clone.', { target: TARGET, point: POINT }),
      approve: object('Lets through what a guard has stopped.', { by: text('Who approves.') }),
      pause: object('Stops syncs.'),
      resume: object('Goes on after a pause, or where an operation is parked.'),
    },
    ['relationship'],
  ),
  'x-kubernetes-validations': [
    {
      rule: `[${OPERATIONS.map((each) => `has(self.${each})`).join(', ')}].filter(x, x).size() == 1`,
      message: `must name one operation: ${OPERATIONS.join(', ')}`,
    },
    { rule: 'self == oldSelf', message: 'is carried out once: make another resource' },
  ],
};

/** To be applied by whoever installs Tidemark in a cluster: `deploy/kubernetes/crds`. */
export const makeOperationDefinition = (): object =>
  makeDefinition({
    names: {
      plural: 'relationshipoperations',
      singular: 'relationshipoperation',
      kind: 'RelationshipOperation',
      shortNames: ['relop'],
    },
    description: 'One operation on a relationship. Deleted while it runs, it is cancelled.',
    columns: [
      column('Relationship', '.spec.relationship'),
      column('Phase', '.status.phase'),
      column('Started', '.status.startedAt', { type: 'date' }),
      column('Message', '.status.message'),
    ],
    spec: SPEC,
    status: object('How it stands.', {
      phase: text('Running, Waiting, Succeeded, Failed or Cancelled.'),
      message: text('What it waits for, or what came of it.'),
      workflow: text('Its workflow in Temporal.'),
      startedAt: instant('When it was begun.'),
      endedAt: instant('When it was over.'),
      conditions: {
        type: 'array',
        items: CONDITION,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
      },
    }),
  });
