import fc from 'fast-check';
import { stringify } from 'yaml';
import { arbitraryRelationship } from '../../test/support/model/arbitrary-relationship';
import type { SpecPath } from './issues';
import { knownKeys } from './json-schema';
import { parseSpecs } from './parse-spec';
import { FULL_EXAMPLE } from './spec-example';

test('any relationship, written as YAML or as JSON, is read as it was', () => {
  fc.assert(
    fc.property(arbitraryRelationship, (relationship) => {
      for (const text of [
        stringify(relationship),
        JSON.stringify(relationship),
        JSON.stringify(relationship, undefined, '\t'),
      ]) {
        expect(parseSpecs(text, 'x')).toMatchObject({ relationships: [relationship], problems: [] });
      }
    }),
  );
});

/** Every mapping of a document with fixed keys, by its path. */
function mappings(value: unknown, path: SpecPath = []): SpecPath[] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.entries(value).flatMap(([key, entry]) =>
    mappings(entry, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return knownKeys(path).length > 0 ? [path, ...below] : below;
}

/** The document with one more key in the mapping at a path, as its first or its last. */
function insert(value: unknown, [part, ...rest]: SpecPath, entry: [string, string], first: boolean): unknown {
  if (Array.isArray(value))
    return value.map((item, index) =>
      index === part ? insert(item, rest, entry, first) : (item as unknown),
    );
  const entries = Object.entries(value as object);
  if (part === undefined) return Object.fromEntries(first ? [entry, ...entries] : [...entries, entry]);
  return Object.fromEntries(
    entries.map(([key, item]) => [key, key === part ? insert(item, rest, entry, first) : (item as unknown)]),
  );
}

const MARK = 'the-only-value-like-this';
const oneUnknownKey = fc
  .tuple(arbitraryRelationship, fc.string({ minLength: 1, maxLength: 15 }), fc.boolean())
  .chain(([document, key, first]) =>
    fc.tuple(fc.constant({ document, key, first }), fc.constantFrom(...mappings(document))),
  )
  .filter(([{ key }, path]) => !knownKeys(path).includes(key))
  // Keys that are whole numbers come first in any object: where they are written is not ours to say.
  .filter(([{ key }]) => !/^\d+$/.test(key));

test('one unknown key, wherever it is, is the one mistake, in the line of that key', () => {
  fc.assert(
    fc.property(oneUnknownKey, ([{ document, key, first }, path]) => {
      const text = stringify(insert(document, path, [key, MARK], first), { lineWidth: 0 });
      const line = text.split('\n').findIndex((written) => written.includes(MARK)) + 1;
      expect(parseSpecs(text, 'x').problems).toMatchObject([
        { line, message: expect.stringMatching(/^unknown /) as string },
      ]);
    }),
  );
});

test('any text is either refused with lines, or gives relationships', () => {
  const lines = FULL_EXAMPLE.split('\n');
  const damaged = fc
    .tuple(fc.nat({ max: lines.length - 1 }), fc.string({ maxLength: 8 }), fc.nat({ max: 30 }))
    .map(([at, noise, column]) =>
      lines
        .map((line, index) => (index === at ? line.slice(0, column) + noise + line.slice(column) : line))
        .join('\n'),
    );
  fc.assert(
    fc.property(fc.oneof(damaged, fc.string({ maxLength: 60 })), (text) => {
      const { relationships, problems } = parseSpecs(text, 'x');
      if (problems.length === 0) expect(relationships.length).toBeGreaterThan(0);
      const count = text.split(/\r\n|\n|\r/).length;
      for (const { line, column } of problems) {
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(count);
        expect(column).toBeGreaterThanOrEqual(1);
      }
    }),
  );
});
