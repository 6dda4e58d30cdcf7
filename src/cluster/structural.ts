/** From JSON Schema to the structural schema that a CustomResourceDefinition takes. Pure. */
import type { JsonSchema } from '../model/json-schema';

/** As `openAPIV3Schema` has it. */
export interface StructuralSchema {
  [key: string]: unknown;
  type?: string;
  properties?: Record<string, StructuralSchema>;
  'x-kubernetes-validations'?: readonly { rule: string; message: string }[];
}

/** What both have, and mean alike. */
const KEPT = [
  'type',
  'description',
  'required',
  'enum',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
] as const;

/** The API server's patterns are Go's, which have no look-around. What is lost by that, the controller says. */
function toGoPattern(pattern: string): string | undefined {
  if (/\(\?[=!<]/.test(pattern)) return undefined;
  return pattern
    .replaceAll('\\0', '\\x00')
    .replaceAll(/\\u([0-9a-f]{4})/gi, '\\x{$1}')
    .replaceAll('\\/', '/');
}

/** Lists and texts without a limit would make rules about them too dear for the API server to take. */
const LONGEST_LIST = 100;

function patternsOf({ pattern, allOf = [] }: JsonSchema): string[] {
  const all = [pattern, ...allOf.map((each) => (typeof each === 'object' ? each.pattern : undefined))];
  return all.flatMap((each) => (each === undefined ? [] : (toGoPattern(each) ?? [])));
}

/**
 * Defaults are left out, so that a resource stays as its owner wrote it: the controller fills them in. Unknown keys the API
 * server refuses or drops by itself.
 */
export function toStructural(schema: JsonSchema): StructuralSchema {
  const { properties, items, additionalProperties, const: only } = schema;
  const patterns = patternsOf(schema);
  const [first, ...others] = patterns;
  const asSchema = (value: unknown) => toStructural(value as JsonSchema);
  return {
    ...Object.fromEntries(KEPT.flatMap((key) => (schema[key] === undefined ? [] : [[key, schema[key]]]))),
    ...(only !== undefined && { enum: [only] }),
    ...(first !== undefined && { pattern: first }),
    ...(others.length > 0 && { allOf: others.map((pattern) => ({ pattern })) }),
    ...(schema.type === 'array' && { maxItems: schema.maxItems ?? LONGEST_LIST }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, value]) => [key, asSchema(value)]),
      ),
    }),
    ...(items !== undefined && { items: asSchema(items) }),
    ...(typeof additionalProperties === 'object' && {
      additionalProperties: asSchema(additionalProperties),
    }),
  };
}
