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

/** What a schema says of keys and values, by their paths. */
export interface Keys {
  /** The part of the schema that describes the value at `path`; undefined where there is none. */
  schemaAt: (path: SpecPath) => JsonSchema | undefined;
  /** The keys that may stand at `path`; empty where anything may, or none. */
  knownKeys: (path: SpecPath) => string[];
  /** Every place with a given key, lists left out: `spec.trigger.schedule` for `schedule`. */
  findKey: (key: string) => string[];
}

/** @param make makes the schema; called once, when it is first needed */
export function makeKeys(make: () => JsonSchema): Keys {
  let cached: JsonSchema | undefined;
  const schemaAt: Keys['schemaAt'] = (path) => {
    let schema: JsonSchema | undefined = (cached ??= make());
    for (const part of path) {
      const next: unknown =
        typeof part === 'number'
          ? schema?.items
          : (schema?.properties?.[part] ?? schema?.additionalProperties);
      schema = typeof next === 'object' && next !== null ? (next as JsonSchema) : undefined;
    }
    return schema;
  };
  const knownKeys: Keys['knownKeys'] = (path) => Object.keys(schemaAt(path)?.properties ?? {});
  const findKey = (key: string, at: readonly string[] = []): string[] =>
    knownKeys(at).flatMap((name) => {
      const path = [...at, name];
      return [...(name === key ? [path.join('.')] : []), ...findKey(key, path)];
    });
  return { schemaAt, knownKeys, findKey: (key) => findKey(key) };
}

/** Of relationships. */
export const SPEC_KEYS = makeKeys(makeJsonSchema);
export const { schemaAt, knownKeys, findKey } = SPEC_KEYS;
