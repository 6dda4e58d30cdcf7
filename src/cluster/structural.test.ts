import { makeJsonSchema } from '../model/json-schema';
import { makeRelationshipDefinition } from './definition';
import { makeOperationDefinition } from './operation-definition';
import { toStructural } from './structural';

test('defaults and refusals of unknown keys are left to the controller and the API server', () => {
  expect(
    toStructural({
      type: 'object',
      properties: { mode: { type: 'string', default: 'a', enum: ['a', 'b'] } },
      required: ['mode'],
      additionalProperties: false,
    }),
  ).toEqual({
    type: 'object',
    properties: { mode: { type: 'string', enum: ['a', 'b'] } },
    required: ['mode'],
  });
});

test('a constant becomes the only one of an enumeration, and a list gets a limit', () => {
  expect(toStructural({ type: 'string', const: 'x' })).toEqual({ type: 'string', enum: ['x'] });
  expect(toStructural({ type: 'array', items: { type: 'string' } })).toEqual({
    ...{ type: 'array', maxItems: 100, items: { type: 'string' } },
  });
});

test.each([
  ['^[^\\0]+$', '^[^\\x00]+$'],
  ['^[\\u0000-\\u001f]$', '^[\\x{0000}-\\x{001f}]$'],
  ['^\\/a', '^/a'],
  ['^(?!-)x', undefined],
])('the pattern %s is written as Go has it, or left out', (pattern, expected) => {
  expect(toStructural({ type: 'string', pattern }).pattern).toBe(expected);
});

test('several patterns all hold', () => {
  const schema = { type: 'string', allOf: [{ pattern: '^a' }, { pattern: 'z$' }] } as const;
  expect(toStructural(schema as never)).toEqual({
    type: 'string',
    pattern: '^a',
    allOf: [{ pattern: 'z$' }],
  });
});

/** Every schema in a definition. */
function* schemasIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const each of Object.values(value)) yield* schemasIn(each);
}

test('nothing in the definitions is what a structural schema may not have', () => {
  expect(JSON.stringify(makeJsonSchema())).toContain('additionalProperties');
  for (const definition of [makeRelationshipDefinition(), makeOperationDefinition()])
    for (const schema of schemasIn(definition)) {
      expect(schema).not.toHaveProperty('additionalProperties', false);
      expect(schema).not.toHaveProperty('const');
      expect(schema).not.toHaveProperty('default');
      expect(schema).not.toHaveProperty('propertyNames');
    }
});
