/** The JSON Schema of a document, for editors and for everything that asks which keys there are. */
import { z } from 'zod';
import type { SpecPath } from './issues';
import { RelationshipSchema } from './spec';

export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** JSON Schema (draft 2020-12) of what users write: a key with a default may be left out. */
export function makeJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(RelationshipSchema, { io: 'input', target: 'draft-2020-12' });
  return { title: 'A relationship of Tidemark', ...schema };
}

let cached: JsonSchema | undefined;

/** The part of the schema that describes the value at `path`; undefined where there is none. */
export function schemaAt(path: SpecPath): JsonSchema | undefined {
  let schema: JsonSchema | undefined = (cached ??= makeJsonSchema());
  for (const part of path) {
    const next: unknown =
      typeof part === 'number' ? schema?.items : (schema?.properties?.[part] ?? schema?.additionalProperties);
    schema = typeof next === 'object' && next !== null ? (next as JsonSchema) : undefined;
  }
  return schema;
}

/** The keys that may stand at `path`; empty where anything may, or none. */
export function knownKeys(path: SpecPath): string[] {
  return Object.keys(schemaAt(path)?.properties ?? {});
}

/** Every place with a given key, lists left out: `spec.trigger.schedule` for `schedule`. */
export function findKey(key: string, at: readonly string[] = []): string[] {
  return knownKeys(at).flatMap((name) => {
    const path = [...at, name];
    return [...(name === key ? [path.join('.')] : []), ...findKey(key, path)];
  });
}
